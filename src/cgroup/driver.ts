// SPDX-License-Identifier: Apache-2.0
/** What differs between the versions of cgroups. One driver a version; a host's hierarchies may need both. */
import type { Path } from "./files.ts";
import type { CgroupDir } from "./place.ts";

export interface Driver {
  /** Readies a new or an empty cgroup for its first process; throws when the kernel would let none in. */
  prepare(dir: CgroupDir): void;
  /** Whether the hierarchy has the freezer. */
  freezes(dir: CgroupDir): boolean;
  /** Whether the cgroup is frozen, or about to be, by itself or by one above it. */
  frozen(path: Path): boolean;
  /** Whether everything in it has come to a stop. */
  stopped(path: Path): boolean;
  /** Asks for a stop, or lets go on; answers whether there is a freezer. */
  setFrozen(path: Path, frozen: boolean): boolean;
  /** Kills all in the cgroup and below at once, and answers whether the kernel can. */
  kill(path: Path): boolean;
}
