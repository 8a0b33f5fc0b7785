// SPDX-License-Identifier: Apache-2.0
/** Shares of caches for a container that is there, and what is told of them: a directory stands for resctrl. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import type { Config, IntelRdt } from "../../src/config/config.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import type { ContainerRecord } from "../../src/runtime/record.ts";
import { groupStats } from "../../src/runtime/stats-rdt.ts";
import { type RdtLines, rdtUpdate } from "../../src/runtime/update-rdt.ts";
import type { Held } from "../../src/state/hold.ts";

const LINES = { l3CacheSchema: "L3:0=f", memBwSchema: "MB:0=50" };

test("the group's schemata are written, and kept; taken back, they are as before", async (t) => {
  const root = resctrl(t, { "own/schemata": "    L3:0=ff\n    MB:0=100\n" });
  const { changes, intelRdt } = update(root, { closID: "own", memBwSchema: "MB:0=100" }, LINES);
  expect(intelRdt).toEqual({ closID: "own", ...LINES });
  for (const change of changes) await change.make();
  // A file of resctrl would be truncated.
  expect(readFileSync(`${root}/own/schemata`, "utf8")).toMatch(/^L3:0=f\nMB:0=50\n/);
  for (const change of changes) await change.takeBack();
  expect(readFileSync(`${root}/own/schemata`, "utf8")).toBe("    L3:0=ff\n    MB:0=100\n");
});

test("without resctrl, without the CPU's part of it, and in the host's own group: findings", (t) => {
  const root = resctrl(t, {});
  const unmounted = expect.stringMatching(/^\/intelRdt\/\w+: needs the resctrl filesystem/);
  expect(refused(() => update(null, {}, LINES))).toEqual([unmounted, unmounted]);
  rmSync(`${root}/info/MB`, { recursive: true });
  expect(refused(() => update(root, {}, LINES))).toEqual([
    expect.stringMatching(/memBwSchema: .*no allocation of memory bandwidth/),
  ]);
  const host = () => update(root, { closID: "/" }, { l3CacheSchema: "L3:0=f" });
  expect(refused(host)).toEqual([expect.stringMatching(/l3CacheSchema: .*host's own group/)]);
  expect(update(null, {}, {}).changes).toEqual([]);
});

test("a container's group is told as runc tells it", (t) => {
  const root = resctrl(t, {
    schemata: "    MB:0=100\n    L3:0=fff\n",
    "info/L3/cbm_mask": "fff\n",
    "info/L3/min_cbm_bits": "2\n",
    "info/L3/num_closids": "16\n",
    "info/MB/bandwidth_gran": "10\n",
    "info/MB/delay_linear": "1\n",
    "c1/schemata": "    MB:0=50\n    L3:0=f\n",
    "c1/mon_data/mon_L3_00/mbm_total_bytes": "5\n",
    "c1/mon_data/mon_L3_00/mbm_local_bytes": "Unavailable\n",
    "c1/mon_data/mon_L3_00/llc_occupancy": "7\n",
  });
  expect(groupStats({}, root, "c1")).toEqual({
    l3_cache_info: { cbm_mask: "fff", min_cbm_bits: 2, num_closids: 16 },
    l3_cache_schema_root: "L3:0=fff",
    l3_cache_schema: "L3:0=f",
    mem_bw_info: { bandwidth_gran: 10, delay_linear: 1 },
    mem_bw_schema_root: "MB:0=100",
    mem_bw_schema: "MB:0=50",
    mbm_stats: [{ mbm_total_bytes: 5, mbm_local_bytes: 0 }],
    cmt_stats: [{ llc_occupancy: 7 }],
  });
});

function update(mountpoint: string | null, intelRdt: IntelRdt, lines: RdtLines) {
  const config: Config = { ociVersion: "1.3.0", linux: { intelRdt } };
  const record = { id: "c1", pid: process.pid } as ContainerRecord;
  return rdtUpdate({ held: {} as Held, record, config, lines, source: { file: "options" }, mountpoint });
}

function refused(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.findings.map(({ pointer, message }) => `${pointer}: ${message}`);
  }
  return [];
}

/** What resctrl has in its root, and further files. */
function resctrl(t: TestContext, files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "tsrun-test-"));
  t.onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const name of ["L3", "MB"]) mkdirSync(join(root, "info", name), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}
