// SPDX-License-Identifier: Apache-2.0
/** What rules for devices mean, in the plainest words: the last rule that matches counts, for each bit of access. */
import { ACCESS, ANY, type DeviceRule } from "../../src/bpf/device-rules.ts";
import { BPF_DEVCG_ACC, BPF_DEVCG_DEV } from "../../src/kernel/bpf.ts";
import type { Request } from "../cgroup/device-controller.ts";

export function decides(rules: readonly DeviceRule[], { type, major, minor, access }: Request): boolean {
  return Object.values(BPF_DEVCG_ACC)
    .filter((bit) => (access & bit) !== 0)
    .every((bit) => {
      const last = rules.findLast(
        (rule) =>
          (rule.type === "a" || rule.type === type) &&
          (rule.major === ANY || rule.major === major) &&
          (rule.minor === ANY || rule.minor === minor) &&
          (rule.access & bit) !== 0,
      );
      return last?.allow ?? false;
    });
}

const NUMBERS = [0, 1, 2, 3];

/** Every access to a few devices that the kernel may ask about: making a node is asked for alone. */
export const REQUESTS: readonly Request[] = (["b", "c"] as const).flatMap((type) =>
  NUMBERS.flatMap((major) =>
    NUMBERS.flatMap((minor) => [1, 2, 4, 6].map((access) => ({ type, major, minor, access }))),
  ),
);

/** Lists of rules about those devices, the same at each run. */
export function* someLists(count: number): Iterable<readonly DeviceRule[]> {
  let seed = 1;
  const below = (end: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 16) % end;
  };
  const number = () => (below(2) === 0 ? ANY : below(3));
  for (let n = 0; n < count; n++) {
    yield Array.from({ length: below(7) }, () => ({
      allow: below(2) === 0,
      type: (["a", "b", "c"] as const)[below(3)] ?? "a",
      major: number(),
      minor: number(),
      access: below(3) === 0 ? ACCESS : 1 + below(ACCESS),
    }));
  }
}

/** struct bpf_cgroup_dev_ctx */
export function contextOf({ type, major, minor, access }: Request): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(
    0,
    (access << 16) | (type === "b" ? BPF_DEVCG_DEV.BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV.BPF_DEVCG_DEV_CHAR),
    true,
  );
  view.setUint32(4, major, true);
  view.setUint32(8, minor, true);
  return bytes;
}
