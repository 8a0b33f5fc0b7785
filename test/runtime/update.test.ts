// SPDX-License-Identifier: Apache-2.0
/** What an update asks for, what is kept of it, and how it is taken back. */
import { expect, test } from "vitest";
import type { Resources } from "../../src/config/config.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { type Change, dataBefore, makeAll } from "../../src/runtime/update-changes.ts";
import { checkResources } from "../../src/runtime/update-check.ts";
import { askedFor, completed, mergeResources } from "../../src/runtime/update-merge.ts";

test("0 sets nothing, but for those limits that can be 0", () => {
  const zeroes = {
    memory: { limit: 0, reservation: 0, swap: 0, swappiness: 0 },
    cpu: { shares: 0, quota: 0, period: 0, burst: 0, idle: 0, cpus: "" },
    blockIO: { weight: 0 },
    pids: { limit: 0 },
  };
  const left = { memory: { swappiness: 0 }, cpu: { burst: 0, idle: 0 }, pids: { limit: 0 } };
  expect(askedFor(zeroes)).toEqual(left);
});

type Row = readonly [name: string, kept: Resources, asked: Resources, merged: Resources];

const DISK = { major: 8, minor: 0 };
const FLOPPY = { major: 2, minor: 0 };

const MERGES: readonly Row[] = [
  [
    "what is not given stays",
    { memory: { limit: 5, swap: 9 }, pids: { limit: 3 } },
    { memory: { limit: 7 }, cpu: { shares: 4 } },
    { memory: { limit: 7, swap: 9 }, pids: { limit: 3 }, cpu: { shares: 4 } },
  ],
  [
    "without a limit of memory there is none of swap",
    { memory: { limit: 5, swap: 9 } },
    { memory: { limit: -1 } },
    { memory: { limit: -1, swap: -1 } },
  ],
  [
    "devices have one limit each",
    {
      blockIO: {
        throttleReadBpsDevice: [
          { ...DISK, rate: 1 },
          { ...FLOPPY, rate: 2 },
        ],
      },
    },
    { blockIO: { throttleReadBpsDevice: [{ ...DISK, rate: 3 }] } },
    {
      blockIO: {
        throttleReadBpsDevice: [
          { ...FLOPPY, rate: 2 },
          { ...DISK, rate: 3 },
        ],
      },
    },
  ],
  [
    "sizes of huge pages have one limit each",
    { hugepageLimits: [{ pageSize: "2MB", limit: 1 }] },
    {
      hugepageLimits: [
        { pageSize: "1GB", limit: 2 },
        { pageSize: "2MB", limit: 3 },
      ],
    },
    {
      hugepageLimits: [
        { pageSize: "1GB", limit: 2 },
        { pageSize: "2MB", limit: 3 },
      ],
    },
  ],
  [
    "files of cgroup v2 are named one by one",
    { unified: { "memory.high": "1", "memory.low": "2" } },
    { unified: { "memory.high": "3" } },
    { unified: { "memory.high": "3", "memory.low": "2" } },
  ],
  [
    "rules for devices are one list",
    { devices: [{ allow: false }, { allow: true, type: "c", ...DISK }] },
    { devices: [{ allow: true }] },
    { devices: [{ allow: true }] },
  ],
];

test.for(MERGES)("kept: %s", ([, kept, asked, merged]) => {
  expect(mergeResources(kept, asked)).toEqual(merged);
});

const COMPLETED: readonly Row[] = [
  ["a quota comes with the period", {}, { cpu: { quota: 5 } }, { cpu: { quota: 5, period: 100 } }],
  ["a period comes with the quota", {}, { cpu: { period: 5 } }, { cpu: { quota: 50, period: 5 } }],
  ["a weight comes alone", {}, { cpu: { shares: 5 } }, { cpu: { shares: 5 } }],
  [
    "memory comes with swap, which v2 counts apart",
    { memory: { limit: 5, swap: 9, reservation: 1 } },
    { memory: { limit: 7 } },
    { memory: { limit: 7, swap: 9 } },
  ],
  [
    "swap comes with memory",
    { memory: { limit: 5, checkBeforeUpdate: true } },
    { memory: { swap: 7 } },
    { memory: { limit: 5, swap: 7, checkBeforeUpdate: true } },
  ],
  [
    "no limit of memory comes without swap",
    { memory: { swap: 9 } },
    { memory: { limit: -1 } },
    { memory: { limit: -1 } },
  ],
];

test.for(COMPLETED)("written: %s", ([, kept, asked, wanted]) => {
  expect(completed(asked, kept, { quota: 50, period: 100 })).toEqual(wanted);
});

/** File, what is written, what the file says, what is written to take it back. */
const BEFORE: readonly (readonly [file: string, data: string, text: string | undefined, back: string | undefined])[] = [
  ["pids.max", "10", "20\n", "20"],
  ["cpu.max", "5 100", "max 100000\n", "max 100000"],
  ["cpuset.cpus", "1", "\n", "\n"],
  ["memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "0"],
  ["cgroup.subtree_control", "+memory", "pids\n", "-memory"],
  [
    "io.max",
    "8:0 rbps=5",
    "2:0 rbps=1 wbps=max\n8:0 rbps=2 wbps=3 riops=max wiops=max\n",
    "8:0 rbps=2 wbps=3 riops=max wiops=max",
  ],
  ["io.max", "8:0 rbps=5", "", "8:0 rbps=max wbps=max riops=max wiops=max"],
  ["blkio.throttle.read_bps_device", "8:0 5", "8:16 7\n", "8:0 0"],
  ["io.bfq.weight", "8:0 5", "default 100\n", "8:0 default"],
  ["io.bfq.weight", "5", "default 100\n8:0 7\n", "default 100"],
  ["net_prio.ifpriomap", "eth0 5", "lo 0\neth0 2\n", "eth0 2"],
  ["rdma.max", "mlx hca_handle=2", "", "mlx hca_handle=max hca_object=max"],
  ["memory.reclaim", "5", undefined, undefined],
];

test.for(BEFORE)("%s: %j is taken back", ([file, data, text, back]) => {
  expect(dataBefore({ path: `/sys/fs/cgroup/x/${file}`, data, from: "" }, text)).toBe(back);
});

test("changes are taken back in the reverse order, and who cannot is told of", async () => {
  const log: string[] = [];
  const change = (name: string, broken = ""): Change => ({
    make: () => {
      if (broken === "make") throw new Error(`${name} is refused`);
      log.push(`+${name}`);
    },
    takeBack: () => {
      log.push(`-${name}`);
      if (broken === "back") throw new Error(`${name} stays`);
    },
  });
  const list = [change("one"), change("two", "back"), change("three"), change("four", "make"), change("five")];
  const made = makeAll(list, (warning) => log.push(warning));
  await expect(made).rejects.toThrow("four is refused");
  expect(log).toEqual(["+one", "+two", "+three", "-three", "-two", "not taken back: two stays", "-one"]);
});

test("findings are those of linux.resources, at places in the file or at the caller's own words", () => {
  const wrong = { memory: { limit: "much" }, pids: { limit: 2.5 }, cpu: { cpus: "x" } };
  const names = { "/memory/limit": "--memory" };
  expect(places(() => checkResources(wrong, { file: "f.json", names }))).toEqual([
    "--memory",
    "/pids/limit",
    "/cpu/cpus",
  ]);
  expect(places(() => checkResources([], { file: "f.json" }))).toEqual([""]);
  expect(checkResources({ memory: { limit: 1 }, x: 1 }, { file: "f.json" })).toEqual([]);
});

function places(judge: () => unknown): readonly string[] {
  try {
    judge();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.file).toBe("f.json");
    return error.findings.map(({ pointer }) => pointer);
  }
  return [];
}
