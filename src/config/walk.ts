// SPDX-License-Identifier: Apache-2.0
/** Walks through any JSON value without recursion: how deep it nests is up to whoever wrote it. */
import { pointer } from "./pointer.ts";

/** Whether a test holds for some value in a document, names of properties included. */
export function someValue(document: unknown, test: (value: unknown) => boolean): boolean {
  if (test(document)) return true;
  const todo: unknown[] = [document];
  while (todo.length > 0) {
    const node = todo.pop();
    if (typeof node !== "object" || node === null) continue;
    const isArray = Array.isArray(node);
    for (const [key, child] of Object.entries(node)) {
      if (test(child) || (!isArray && test(key))) return true;
      if (typeof child === "object") todo.push(child);
    }
  }
  return false;
}

/** Pointers to the strings with a NUL, to which no C string can be equal; for a property name, to the property. */
export function stringsWithNul(document: unknown): string[] {
  const hasNul = (value: unknown) => typeof value === "string" && value.includes("\0");
  if (!someValue(document, hasNul)) return [];
  const found: string[] = hasNul(document) ? [""] : [];
  const todo: [string, unknown][] = [["", document]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [path, node] = next;
    if (typeof node !== "object" || node === null) continue;
    for (const [key, child] of Object.entries(node)) {
      const place = path + pointer(key);
      if (hasNul(child) || hasNul(key)) found.push(place);
      todo.push([place, child]);
    }
  }
  return found.sort();
}
