// SPDX-License-Identifier: Apache-2.0
/** Calls to systemd as they are printed: the method, and the properties as systemctl(1) shows them. */
import { quote } from "../kernel/quote.ts";
import type { UnitProperty, UnitValue } from "./step.ts";

const INFINITY = 2n ** 64n - 1n;

export function printStartUnit(unit: string, properties: readonly UnitProperty[]): string {
  return `StartTransientUnit(${quote(unit)}, "replace", {${["PIDs=[$bootstrap]", ...properties.map(printed)].join(", ")}})`;
}

export function printSetUnit(unit: string, properties: readonly UnitProperty[]): string {
  return `SetUnitProperties(${quote(unit)}, true, {${properties.map(printed).join(", ")}})`;
}

function printed({ name, value }: UnitProperty): string {
  return `${name}=${printedValue(value)}`;
}

function printedValue(value: UnitValue): string {
  if (typeof value === "string") return quote(value);
  if (typeof value !== "object") return value === INFINITY ? "infinity" : String(value);
  return "value" in value ? `<${printedValue(value.value)}>` : `[${value.map(printedValue).join(", ")}]`;
}
