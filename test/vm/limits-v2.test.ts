// SPDX-License-Identifier: Apache-2.0
/** Every limit that cgroup v2 has, in its file, and whom the cgroup is given to. config-linux.md#control-groups. */
import { readFileSync, statSync } from "node:fs";
import { expect, type TestContext, test } from "vitest";
import { container, freshId } from "../live/support/container.ts";
import type { Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

/** Name, resources, and what the files say then. */
const LIMITS: readonly (readonly [string, object, Readonly<Record<string, string>>])[] = [
  [
    "memory",
    { memory: { limit: 2 ** 26, swap: 2 ** 27, reservation: 2 ** 25 } },
    { "memory.max": "67108864", "memory.swap.max": "67108864", "memory.low": "33554432" },
  ],
  [
    "cpu",
    { cpu: { shares: 512, quota: 20_000, period: 50_000, burst: 10_000 } },
    { "cpu.weight": "59", "cpu.max": "20000 50000", "cpu.max.burst": "10000" },
  ],
  ["an idle cgroup", { cpu: { idle: 1 } }, { "cpu.idle": "1" }],
  ["cpuset", { cpu: { cpus: "0", mems: "0" } }, { "cpuset.cpus": "0", "cpuset.mems": "0" }],
  ["pids", { pids: { limit: 7 } }, { "pids.max": "7" }],
  [
    "block devices",
    {
      blockIO: {
        throttleReadBpsDevice: [{ major: 7, minor: 0, rate: 1024 }],
        throttleWriteIOPSDevice: [{ major: 7, minor: 0, rate: 9 }],
      },
    },
    { "io.max": "7:0 rbps=1024 wbps=max riops=max wiops=9" },
  ],
  [
    "huge pages",
    { hugepageLimits: [{ pageSize: "2MB", limit: 2 ** 22 }] },
    { "hugetlb.2MB.max": "4194304", "hugetlb.2MB.rsvd.max": "4194304" },
  ],
  [
    "unified",
    {
      unified: {
        "memory.high": "1048576",
        "io.max": "7:0 rbps=5\n7:1 wbps=6",
        "pids.max": "9",
        "cgroup.max.depth": "2",
      },
    },
    {
      "memory.high": "1048576",
      "io.max": "7:1 rbps=max wbps=6 riops=max wiops=max\n7:0 rbps=5 wbps=max riops=max wiops=max",
      "pids.max": "9",
      "cgroup.max.depth": "2",
    },
  ],
];

test.for(LIMITS)("%s", async ([, resources, expected], t) => {
  const { path } = await made(t, (spec) => {
    spec.linux.resources = resources;
  });
  const read = (file: string) => readFileSync(`${path}/${file}`, "utf8").trim().split("\n").sort().join("\n");
  const sorted = (text: string) => text.split("\n").sort().join("\n");
  for (const [file, text] of Object.entries(expected)) expect(`${file} ${read(file)}`).toBe(`${file} ${sorted(text)}`);
});

test("the cgroup is given away with the files that the kernel lists, those of its controllers included", async (t) => {
  const { path } = await made(t, (spec) => {
    spec.process.user = { uid: 5, gid: 0 };
    spec.linux.namespaces.push({ type: "cgroup" }, { type: "user" });
    spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    spec.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    spec.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid"] });
    spec.linux.resources = { memory: { limit: 2 ** 26 } };
  });
  const owner = (file: string) => statSync(`${path}/${file}`).uid;
  const files = ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads", "memory.oom.group"];
  expect(files.map(owner)).toEqual(files.map(() => 100_005));
  expect(["memory.max", "cgroup.freeze"].map(owner)).toEqual([0, 0]);
});

async function made(t: TestContext, edit: (spec: Spec) => void) {
  requires(t, "root", "busybox", "cgroup-v2");
  const cgroupsPath = `/limits-${freshId()}`;
  const c = container(t, (spec) => {
    spec.linux.cgroupsPath = cgroupsPath;
    edit(spec);
  });
  await c.ok("create");
  return { path: `/sys/fs/cgroup${cgroupsPath}` };
}
