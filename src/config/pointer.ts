// SPDX-License-Identifier: Apache-2.0
/** JSON pointers, RFC 6901. */

/** `pointer("linux", "devices", 0)` -> `/linux/devices/0` */
export function pointer(...keys: readonly (string | number)[]): string {
  return keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The value that a pointer leads to; undefined when there is none. */
export function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const key of path.split("/").slice(1)) {
    if (typeof value !== "object" || value === null) return undefined;
    const name = key.replaceAll("~1", "/").replaceAll("~0", "~");
    value = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  }
  return value;
}

/** Whether one of two places lies in the other. */
export function overlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}
