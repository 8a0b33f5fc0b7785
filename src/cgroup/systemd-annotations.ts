// SPDX-License-Identifier: Apache-2.0
/** Annotations `org.systemd.property.NAME`: properties of the container's unit. systemd.directives(7). Pure. */
import { pointer } from "../config/pointer.ts";
import { ConfigError, type Finding } from "../errors/errors.ts";
import { quote } from "../kernel/quote.ts";
import type { Variant } from "../native/dbus-types.ts";
import type { UnitProperty } from "./systemd-unit.ts";
import { parseVariant } from "./systemd-variant.ts";

/** How the keys begin. */
export const PROPERTY_ANNOTATIONS = "org.systemd.property.";

/** ConfigError for names and values that are none; every finding at once. */
export function annotatedProperties(
  annotations: Readonly<Record<string, string>> = {},
  file: string,
): readonly UnitProperty[] {
  const findings: Finding[] = [];
  const properties: UnitProperty[] = [];
  for (const [key, text] of Object.entries(annotations)) {
    if (!key.startsWith(PROPERTY_ANNOTATIONS)) continue;
    try {
      properties.push(propertyOf(key.slice(PROPERTY_ANNOTATIONS.length), text));
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      findings.push({ pointer: pointer("annotations", key), message: error.message, spec: "config.md#annotations" });
    }
  }
  if (findings.length > 0) throw new ConfigError(file, findings);
  return properties;
}

/** `TimeoutStopSec` is how unit files name it; over the bus it is `TimeoutStopUSec`, in microseconds. */
function propertyOf(name: string, text: string): UnitProperty {
  if (!/^[a-zA-Z]{3,}$/.test(name)) throw new SyntaxError(`${quote(name)} is no name of a property of systemd`);
  const variant = parseVariant(text);
  if (!/[a-z]Sec$/.test(name)) return { name, ...variant };
  return { name: name.replace(/Sec$/, "USec"), type: "t", value: microseconds(variant) };
}

function microseconds({ type, value }: Variant): bigint {
  if (!/^[ynqiuxtd]$/.test(type)) throw new SyntaxError("expected a number of seconds");
  const time = type === "d" ? BigInt(Math.trunc(Number(value) * 1e6)) : BigInt(value as number) * 1_000_000n;
  if (time < 0n || time >= 2n ** 64n) throw new RangeError("a number of seconds cannot be so small or so large");
  return time;
}
