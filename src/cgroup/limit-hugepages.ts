// SPDX-License-Identifier: Apache-2.0
/** linux.resources.hugepageLimits as files of a cgroup. config-linux.md#huge-page-limits; the kernel's hugetlb. */
import type { Resources } from "../config/config.ts";
import { quote } from "../kernel/quote.ts";
import type { LimitDesk } from "./limit-desk.ts";

const PLACE = "/linux/resources/hugepageLimits";

/**
 * Reservations and page faults are both limited, as runc does: who shares pages that others reserved is held to the
 * same number, and both files are read by those who check. Reservations are counted since Linux 5.7.
 * A page size becomes part of a path: only one that the host itself names is taken (GHSA-5g49 of runc).
 */
export function hugepageWrites(limits: NonNullable<Resources["hugepageLimits"]>, desk: LimitDesk): void {
  const { pageSizes = [] } = desk.facts;
  for (const [index, { pageSize, limit }] of limits.entries()) {
    const from = `${PLACE}/${index}`;
    if (!pageSizes.includes(pageSize)) {
      const there = pageSizes.length === 0 ? "this host has none" : `this host has ${pageSizes.join(", ")}`;
      desk.refuse(`${from}/pageSize`, `expected a size of huge pages, and ${there}; found ${quote(pageSize)}`);
      continue;
    }
    for (const kind of ["", ".rsvd"]) {
      const file = `hugetlb.${pageSize}${kind}`;
      desk.put("hugetlb", from, {
        v1: { file: `${file}.limit_in_bytes`, data: String(limit) },
        v2: { file: `${file}.max`, data: String(limit) },
      });
    }
  }
}
