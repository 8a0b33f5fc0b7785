// SPDX-License-Identifier: Apache-2.0
/** Where a limit is written down: in the file of its controller, in whichever version of cgroups has it. Pure. */
import { sectionOf } from "../config/sections.ts";
import type { Finding } from "../errors/errors.ts";
import type { CgroupDir } from "./place.ts";

export interface LimitWrite {
  readonly path: string;
  readonly data: string;
  /** JSON pointer of the property. */
  readonly from: string;
}

/** What is there besides the container's own directories. */
export interface LimitFacts {
  /** The controllers of all hierarchies that are mounted, those included that the runtime may not use. */
  readonly mounted: readonly string[];
  /** v2: cgroup above the container's -> the controllers that it hands down already. */
  readonly enabled: Readonly<Record<string, readonly string[]>>;
  /** v2: bytes that a cgroup which is there already uses. v1 refuses a lower limit by itself. */
  readonly used?: bigint | undefined;
}

/** The file of a limit and what is written to it. */
export interface Entry {
  readonly file: string;
  readonly data: string;
}

/** A limit as the versions take it; a version that is absent has no such limit. */
export interface Versions {
  readonly v1?: Entry | undefined;
  readonly v2?: Entry | undefined;
}

export class LimitDesk {
  readonly writes: LimitWrite[] = [];
  readonly findings: Finding[] = [];
  readonly warnings: string[] = [];
  readonly #dirs: readonly CgroupDir[];
  readonly #mounted: readonly string[];

  constructor(dirs: readonly CgroupDir[], facts: LimitFacts) {
    this.#dirs = dirs;
    this.#mounted = facts.mounted;
  }

  /** Writes the limit where its controller is, or says why that cannot be. */
  put(controller: string, from: string, versions: Versions): void {
    const dir = this.dirOf(controller);
    const entry = dir?.version === 1 ? versions.v1 : versions.v2;
    if (dir === undefined) this.refuse(from, this.#absence(controller));
    else if (entry === undefined) this.refuse(from, `cgroup v${dir.version} has no such limit`);
    else this.writes.push({ path: `${dir.path}/${entry.file}`, data: entry.data, from });
  }

  dirOf(controller: string): CgroupDir | undefined {
    return this.#dirs.find(({ controllers }) => controllers.includes(controller));
  }

  refuse(from: string, message: string): void {
    this.findings.push({ pointer: from, message, spec: sectionOf(from) });
  }

  #absence(controller: string): string {
    if (!this.#mounted.includes(controller)) {
      return `needs the cgroup controller "${controller}", which no mounted hierarchy of this host has`;
    }
    return `needs the cgroup controller "${controller}", in which the container gets no cgroup: run as root or in a delegated cgroup (systemd: Delegate=yes), and without --cgroup-manager disabled`;
  }
}

/** The same file and data in both versions. */
export function inBoth(file: string, data: string): Versions {
  return { v1: { file, data }, v2: { file, data } };
}
