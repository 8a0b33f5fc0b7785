// SPDX-License-Identifier: Apache-2.0
/** Numbers in files of a cgroup. cgroups(7). */
import type { U64 } from "../config/config.ts";
import { read } from "./files.ts";
import type { Pressure, PressureLine } from "./stats-shape.ts";

/** What v2 calls "max" is the largest number of 64 bits to those who know v1. */
export const NO_LIMIT = 2n ** 64n - 1n;

/** The number of a file; undefined where there is none. */
export function numberIn(path: string): U64 | undefined {
  const text = read(path)?.trim();
  return text === undefined ? undefined : numberOf(text);
}

/** Undefined for what is no number of the kernel's. */
export function numberOf(text: string): U64 | undefined {
  if (text === "max") return NO_LIMIT;
  if (!/^-?\d+$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

export function times(value: U64, factor: number): U64 {
  return plain(BigInt(value) * BigInt(factor));
}

export function sum(one: U64, other: U64): U64 {
  return plain(BigInt(one) + BigInt(other));
}

function plain(value: bigint): U64 {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** `key number` lines, in the order of their keys, as Go prints a map. */
export function pairsIn(path: string): Readonly<Record<string, U64>> {
  const pairs = linesIn(path).map((line) => line.split(" "));
  const known = pairs.flatMap(([key = "", text = ""]) => {
    const value = numberOf(text);
    return value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(known.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** None where there is no file. */
export function linesIn(path: string): readonly string[] {
  return (read(path) ?? "").split("\n").filter((line) => line !== "");
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=0`; undefined: the kernel does not measure it. accounting/psi.rst. */
export function pressureIn(path: string): Pressure | undefined {
  const lines = new Map(linesIn(path).map((line) => [line.split(" ", 1)[0], line]));
  if (lines.size === 0) return undefined;
  return { some: pressureLine(lines.get("some")), full: pressureLine(lines.get("full")) };
}

function pressureLine(line = ""): PressureLine {
  const field = (name: string) => new RegExp(` ${name}=([\\d.]+)`).exec(line)?.[1] ?? "0";
  const [avg10 = 0, avg60 = 0, avg300 = 0] = ["avg10", "avg60", "avg300"].map(field).map(Number);
  return { avg10, avg60, avg300, total: numberOf(field("total")) ?? 0 };
}

/** The object without those of its fields that are 0, empty or absent: Go's `omitempty`. */
export function sparse<T extends object>(fields: T): Sparse<T> {
  const entries = Object.entries(fields).filter(([, value]) => {
    if (Array.isArray(value)) return value.length > 0;
    return value !== undefined && value !== 0 && value !== "";
  });
  return Object.fromEntries(entries) as Sparse<T>;
}

type Sparse<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> };
