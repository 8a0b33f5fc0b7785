// SPDX-License-Identifier: Apache-2.0
/** What a rule is: a check of a Config that a schema cannot make. */
import type { Config, Linux, Namespace, NamespaceKind, Process } from "./config.ts";

export interface Fault {
  /** Pointer to what is wrong. */
  readonly pointer: string;
  readonly message: string;
}

export interface Rule {
  /** What holds when the rule is kept, in words. */
  readonly name: string;
  /** Section that the rule comes from. */
  readonly spec: string;
  /** What the check looks at. It is left out when the schema finds fault there. */
  readonly reads: readonly string[];
  /** A warning does not keep a container from starting. */
  readonly level: "error" | "warning";
  readonly check: (config: Config) => Iterable<Fault>;
}

/** The process, or one without properties: a rule about a part has nothing to say when the whole is absent. */
export function processOf(config: Config): Partial<Process> {
  return config.process ?? {};
}

export function linuxOf(config: Config): Linux {
  return config.linux ?? {};
}

/** The entry for a type of namespace. An empty path is as good as none. */
export function namespaceOf(config: Config, type: NamespaceKind): Namespace | undefined {
  return linuxOf(config).namespaces?.find((namespace) => namespace.type === type);
}

/** Whether the container gets a namespace of its own, not one of somebody else's. */
export function isNew(namespace: Namespace | undefined): boolean {
  return namespace !== undefined && !namespace.path;
}

/** Positions of entries that say what an earlier one has said. */
export function* repeated(keys: readonly string[]): Iterable<readonly [index: number, first: number]> {
  const seen = new Map<string, number>();
  for (const [index, key] of keys.entries()) {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, index);
    else yield [index, first];
  }
}
