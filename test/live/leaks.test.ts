// SPDX-License-Identifier: Apache-2.0
/** A program that starts containers all day: each life, however it ends, gives back what it took of the process. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { shell } from "./support/container.ts";
import { much } from "./support/much.ts";
import { runtimeRoot, TSRUN } from "./support/run.ts";
import { images, nothingLeft } from "./support/traces.ts";

const LIBRARY = join(TSRUN, "../index.cjs");
const LIVES = 200;
/** Of 100 lives, what the allocator does not give back included; a life that kept its image alone would take 400 KiB each. */
const GROWTH_KIB = 12 * 1024;

/** Every tenth start fails, every tenth is deleted as it runs, and every life has a process that joins it. */
const PROGRAM = `
const { Runtime } = require(process.argv[1]);
const { readdirSync, readFileSync } = require("node:fs");
const [root, good, bad, lives] = process.argv.slice(2);
const runtime = new Runtime({ root, onWarning() {} });
const kib = () => (gc(), Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]));
const fds = () => readdirSync("/proc/self/fd").length;
async function live(n) {
  const id = "leak-" + process.pid + "-" + n;
  if (n % 10 === 3) return runtime.run(id, { bundle: bad }).then(() => { throw new Error("ran"); }, () => {});
  await runtime.create(id, { bundle: good });
  await runtime.start(id);
  const joined = await runtime.exec(id, { args: ["/bin/true"] });
  await joined.wait();
  if (n % 10 !== 4) { await runtime.kill(id, 9); await runtime.wait(id); }
  await runtime.delete(id, { force: true });
}
(async () => {
  const seen = [];
  for (let n = 0; n < Number(lives); n++) {
    if (n === 50 || n === lives / 2 || n === lives - 1) seen.push({ n, fds: fds(), kib: kib() });
    await live(n);
  }
  console.log(JSON.stringify(seen));
})();`;

test(`${LIVES} lives in one process leave no descriptor and no memory in it`, { timeout: 300_000 }, (t) => {
  requires(t, "root", "userns");
  const before = images();
  const root = runtimeRoot(t);
  const [good, bad] = ["exec sleep 1000", ""].map((script) =>
    bundle(t, (spec, dir) => {
      much(spec, dir);
      shell(spec, script);
      if (script === "") spec.process.args = ["/no/such/program"];
    }),
  );
  const words = ["--expose-gc", "-e", PROGRAM, LIBRARY, root, good?.dir ?? "", bad?.dir ?? "", String(LIVES)];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const [, middle, end] = JSON.parse(stdout) as { fds: number; kib: number }[];
  expect(end?.fds).toBe(middle?.fds);
  expect((end?.kib ?? 0) - (middle?.kib ?? 0), stdout).toBeLessThan(GROWTH_KIB);
  return nothingLeft("leak-", before, good?.dir ?? "");
});
