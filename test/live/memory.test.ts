// SPDX-License-Identifier: Apache-2.0
/** What a created container costs: the init waits in little memory of its own. proc(5): smaps_rollup, status. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { container } from "./support/container.ts";
import type { Spec } from "./support/spec.ts";

const LIMIT_KIB = 256;

const BUNDLES: Readonly<Record<string, (spec: Spec) => void>> = {
  "what engines write": () => {},
  "a long argument list": (spec) => {
    spec.process.args = ["/bin/true", ...Array.from({ length: 500 }, (_, index) => `argument ${index}`)];
  },
  "a user namespace": (spec) => {
    spec.linux.namespaces.push({ type: "user" });
    spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    spec.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  },
};

for (const [name, edit] of Object.entries(BUNDLES)) {
  test(`the init of a created container has at most ${LIMIT_KIB} KiB of its own: ${name}`, async (t) => {
    requires(t, "root", "userns");
    const c = container(t, edit);
    await c.ok("create");
    const { pid } = await c.state();
    const own = kib(`/proc/${pid}/smaps_rollup`, /^Private_\w+:/) + kib(`/proc/${pid}/status`, /^VmPTE:/);
    expect(own).toBeGreaterThan(0);
    expect(own, `${own} KiB`).toBeLessThanOrEqual(LIMIT_KIB);
    await c.ok("delete", ["--force"]);
  });
}

/** The sum of the lines of a file of /proc whose name fits, in KiB. */
function kib(file: string, name: RegExp): number {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines
    .filter((line) => name.test(line))
    .reduce((sum, line) => sum + Number(/(\d+) kB/.exec(line)?.[1] ?? 0), 0);
}
