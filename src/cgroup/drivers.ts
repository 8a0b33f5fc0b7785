// SPDX-License-Identifier: Apache-2.0
/** Picks the driver of a hierarchy. */
import type { Driver } from "./driver.ts";
import type { CgroupDir } from "./place.ts";
import { v1 } from "./v1.ts";
import { v2 } from "./v2.ts";

export function driverOf(dir: CgroupDir): Driver {
  return dir.version === 1 ? v1 : v2;
}
