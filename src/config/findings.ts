// SPDX-License-Identifier: Apache-2.0
/** Turns what a validator of schema/ reports into sentences. */
import type { Finding } from "../errors/errors.ts";
import { quote } from "../kernel/quote.ts";
import { pointer, valueAt } from "./pointer.ts";
import type { SchemaError, Validator } from "./validators.generated.js";
import { someValue } from "./walk.ts";

export interface SchemaFinding extends Finding {
  /** The place that is not as the schema wants it; for a missing property, where it should be. */
  readonly place: string;
}

/** Everything that a schema has to say about a value, in document order of the schema. */
export function schemaFindings(
  validator: Validator,
  value: unknown,
  specOf: (path: string) => string,
): SchemaFinding[] {
  if (validator(floored(value))) return [];
  // if/then reports the failed branch, and then once more that there was one.
  const errors = (validator.errors ?? []).filter((error) => error.keyword !== "if");
  return errors.map((error) => {
    const { instancePath } = error;
    const missing = error.params.missingProperty;
    const place = typeof missing === "string" ? instancePath + pointer(missing) : instancePath;
    const message = sentence(error, valueAt(value, instancePath));
    return { pointer: instancePath, message, spec: specOf(place), place };
  });
}

/**
 * The value with each bigint replaced by the largest double that is not above it.
 *
 * Validators know numbers only. All bounds in schema/ are doubles, lower ones inclusive and, beyond 2^53, upper ones
 * exclusive; such a bound holds for an integer exactly when it holds for the double below it. Rounding to nearest
 * would turn 2^64 - 1 into 2^64.
 */
function floored(value: unknown): unknown {
  if (typeof value === "bigint") return floorOf(value);
  if (!someValue(value, (one) => typeof one === "bigint")) return value;
  const root = { value };
  const todo: object[] = [root];
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    const container = node as Record<string, unknown>;
    for (const key of Object.keys(container)) {
      const child = container[key];
      if (typeof child === "bigint") container[key] = floorOf(child);
      if (typeof child !== "object" || child === null) continue;
      const copy: object = Array.isArray(child) ? [...child] : { ...child };
      container[key] = copy;
      todo.push(copy);
    }
  }
  return root.value;
}

function floorOf(big: bigint): number {
  const nearest = Number(big);
  if (!Number.isFinite(nearest) || BigInt(nearest) <= big) return nearest;
  // The next double below: bits of doubles of one sign are ordered like the doubles.
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, nearest);
  view.setBigInt64(0, view.getBigInt64(0) + (nearest > 0 ? -1n : 1n));
  return view.getFloat64(0);
}

function sentence({ keyword, params }: SchemaError, value: unknown): string {
  const found = `found ${show(value)}`;
  switch (keyword) {
    case "required":
      return `${quote(String(params.missingProperty))} is missing`;
    case "type":
      return `expected ${typeWords(params.type)}, ${found}`;
    case "enum":
      return `expected one of ${list(params.allowedValues)}, ${found}`;
    case "pattern":
      return `expected text that matches ${params.pattern}, ${found}`;
    case "minimum":
      return `expected at least ${exact(params.limit)}, ${found}`;
    case "maximum":
      return `expected at most ${exact(params.limit)}, ${found}`;
    case "exclusiveMaximum":
      return `expected at most ${exact(params.limit, -1n)}, ${found}`;
    case "minItems":
      return `expected at least ${params.limit} ${params.limit === 1 ? "entry" : "entries"}, ${found}`;
    default:
      throw new Error(`no sentence for the keyword ${keyword}`);
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: "an object",
  array: "an array",
  string: "a string",
  boolean: "true or false",
  integer: "an integer",
  number: "a number",
  null: "null",
};

function typeWords(type: unknown): string {
  const types = Array.isArray(type) ? type : [type];
  return types.map((one) => TYPES[String(one)] ?? String(one)).join(" or ");
}

function list(values: unknown): string {
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(", ") : String(values);
}

/** An integer with all its digits, not rounded as String does. */
function exact(limit: unknown, more = 0n): string {
  return Number.isInteger(limit) ? String(BigInt(Number(limit)) + more) : String(limit);
}

/** A value as a message shows it: short, and on one line. */
function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "string") return quote(short(value));
  return short(typeof value === "number" ? exact(value) : String(value));
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
