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

/** What is there besides the container's own directories; `limitFacts` reads it. */
export interface LimitFacts {
  /** The controllers of all hierarchies that are mounted, those included that the runtime may not use. */
  readonly mounted: readonly string[];
  /** v2: cgroup above the container's -> the controllers that it hands down already. */
  readonly enabled: Readonly<Record<string, readonly string[]>>;
  /** v2: bytes that a cgroup which is there already uses. v1 refuses a lower limit by itself. */
  readonly used?: bigint | undefined;
  /** File of a cgroup that is there already -> what it says. It decides about the order of what is written. */
  readonly present?: Readonly<Record<string, string>>;
  /** The sizes of huge pages that the host has, in the words of its files: "2MB". */
  readonly pageSizes?: readonly string[];
  /** Whether the I/O scheduler BFQ is loaded: cgroups have files for its weights then. */
  readonly bfq?: boolean;
  /** v2: whether cgroups have `io.weight`, for blk-iocost. */
  readonly ioWeight?: boolean;
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

const ONLY_V1 = ["net_cls", "net_prio"];

export class LimitDesk {
  readonly writes: LimitWrite[] = [];
  readonly findings: Finding[] = [];
  readonly warnings: string[] = [];
  readonly #dirs: readonly CgroupDir[];
  readonly facts: LimitFacts;

  constructor(dirs: readonly CgroupDir[], facts: LimitFacts) {
    this.#dirs = dirs;
    this.facts = facts;
  }

  /** Writes the limit where its controller is, or says why that cannot be. */
  put(controller: string, from: string, versions: Versions): void {
    const dir = this.dirOf(controller);
    const entry = dir?.version === 1 ? versions.v1 : versions.v2;
    if (dir === undefined) this.refuse(from, this.absence(controller));
    else if (entry === undefined) this.refuse(from, `cgroup v${dir.version} has no such limit: leave it out`);
    else this.writes.push({ path: `${dir.path}/${entry.file}`, data: entry.data, from });
  }

  dirOf(controller: string): CgroupDir | undefined {
    return this.#dirs.find(({ controllers }) => controllers.includes(controller));
  }

  /** The cgroup of v2, if there is one. */
  unified(): CgroupDir | undefined {
    return this.#dirs.find(({ version }) => version === 2);
  }

  /** Whether the container has a cgroup already with one of these files. */
  has(controller: string, ...files: readonly string[]): boolean {
    return files.some((file) => this.facts.present?.[`${this.dirOf(controller)?.path}/${file}`] !== undefined);
  }

  /** The number that the file of a cgroup says which is there already; undefined for a new one, and for "max". */
  present(controller: string, file: string): bigint | undefined {
    const dir = this.dirOf(controller);
    const [word = ""] = (this.facts.present?.[`${dir?.path}/${file}`] ?? "").split(" ");
    return /^-?\d+$/.test(word) ? BigInt(word) : undefined;
  }

  /** Which of the two names the host has a controller by, the one of v1 or of v2. */
  named(v1: string, v2: string): string {
    if (this.dirOf(v1) !== undefined) return v1;
    return this.dirOf(v2) === undefined && this.facts.mounted.includes(v1) ? v1 : v2;
  }

  refuse(from: string, message: string): void {
    this.findings.push({ pointer: from, message, spec: sectionOf(from) });
  }

  /** Why there is no file of a controller. */
  absence(controller: string): string {
    if (!this.facts.mounted.includes(controller)) {
      const why = ONLY_V1.includes(controller) ? ": cgroup v2 has no such controller, leave the property out" : "";
      return `needs the cgroup controller "${controller}", which no mounted hierarchy of this host has${why}`;
    }
    return `needs the cgroup controller "${controller}", in which the container gets no cgroup: run as root or in a delegated cgroup (systemd: Delegate=yes), and without --cgroup-manager disabled`;
  }
}

/** The same file and data in both versions. */
export function inBoth(file: string, data: string): Versions {
  return { v1: { file, data }, v2: { file, data } };
}
