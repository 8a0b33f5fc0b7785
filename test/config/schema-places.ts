// SPDX-License-Identifier: Apache-2.0
/** Every place that schema/config.json speaks of, with what may stand there. */
import { readFileSync } from "node:fs";
import { pointer, valueAt } from "../../src/config/pointer.ts";

/** What a schema says of one value. */
export interface Node {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node;
  readonly $ref?: string;
}

export interface Place {
  /** Where in a document that has everything: the first entry of an array or of a map stands for all. */
  readonly path: string;
  readonly node: Node;
}

/** The places of all properties and entries. Where `document` has no value, there is none below either. */
export function placesOf(document: unknown): readonly Place[] {
  return below(resolve({ $ref: "config.json" }, ""), "", document);
}

function below({ node, file }: Found, path: string, document: unknown): readonly Place[] {
  const inside = (child: Node, key: string | number): readonly Place[] => {
    const found = resolve(child, file);
    const place = path + pointer(key);
    return [{ path: place, node: found.node }, ...below(found, place, document)];
  };
  const properties = Object.entries(node.properties ?? {}).flatMap(([key, child]) => inside(child, key));
  const [first] = Object.keys((valueAt(document, path) as object | undefined) ?? {});
  const entry = node.additionalProperties ?? node.items;
  if (typeof entry !== "object") return properties;
  return [...properties, ...inside(entry, node.items === undefined ? (first ?? "") : 0)];
}

interface Found {
  readonly node: Node;
  readonly file: string;
}

/** `$ref` beside other words: those are told of the place, and add nothing to what may stand there. */
function resolve(node: Node, file: string): Found {
  if (node.$ref === undefined) return { node, file };
  const [name = "", path = ""] = node.$ref.split("#");
  const target = name === "" ? file : name;
  return resolve(valueAt(schemaOf(target), path) as Node, target);
}

const schemas = new Map<string, unknown>();

function schemaOf(name: string): unknown {
  const schema =
    schemas.get(name) ?? JSON.parse(readFileSync(new URL(`../../schema/${name}`, import.meta.url), "utf8"));
  schemas.set(name, schema);
  return schema;
}
