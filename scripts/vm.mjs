// SPDX-License-Identifier: Apache-2.0
/**
 * Runs tests in a small virtual machine: Debian, pure cgroup v2, all capabilities, systemd as init, AppArmor.
 *
 *   npm run test:vm                  test/vm, and of the live lane what another host may change
 *   npm run test:vm -- --quick       a selection, for the pipeline
 *   npm run test:vm -- FILE...       those
 *   npm run test:vm -- --shell       a shell in the machine; it ends with the shell, or with Ctrl-A x
 *   node scripts/vm.mjs --image      only makes the machine's disk
 *   ... --cache DIR                  where that is kept: else $XDG_CACHE_HOME/tsrun-vm
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkoutDisk } from "./vm-checkout.mjs";
import { machineImage } from "./vm-image.mjs";
import { runMachine } from "./vm-machine.mjs";

const QUICK = ["limits", "devices", "apparmor", "cgroup-mount", "delegation", "operations"].map(
  (name) => `test/vm/${name}.test`,
);
const WHOLE = [
  "test/vm/",
  ...["cgroup", "namespaces", "process", "state", "killed", "many"].map((name) => `test/live/conformance-${name}`),
  ...["lifecycle", "exec", "pause", "update", "hooks", "idmap", "seccomp", "net-devices"].map(
    (name) => `test/live/${name}.test`,
  ),
  "test/live/differential.test",
];
/** Seconds. */
const LIMIT = { quick: 1800, whole: 7200, files: 7200, shell: 86_400 };
/** Tests with many cases run one of so many; all of them when the file is asked for. See patience.ts. */
const SAMPLE = { quick: 6, whole: 6, files: 1 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean" },
    shell: { type: "boolean" },
    image: { type: "boolean" },
    cache: { type: "string" },
  },
});

/** The machine is slow: each test is told when it ends. Its serial port is no terminal. */
function tests(files, sample) {
  const words = ["run", "--config", "test/vitest.config.ts", "--project", "vm", "--project", "live"];
  const slow = ["--testTimeout=180000", "--hookTimeout=300000", "--no-isolate"];
  const told = ["--reporter=verbose", "--reporter=./test/reporter.ts"];
  return `stty -F /dev/ttyS1 raw
export NO_COLOR=1 TSRUN_PATIENCE=6 TSRUN_SAMPLE=${sample}
{ node node_modules/vitest/vitest.mjs ${[...words, ...slow, ...told, ...files].join(" ")} 2>&1; echo $? > /run/status; } |
  cat > /dev/ttyS1
(exit "$(cat /run/status)")`;
}

function shell() {
  const { columns = 80, rows = 24 } = process.stdout;
  return `stty -F /dev/ttyS1 sane cols ${columns} rows ${rows}
TERM=${process.env.TERM ?? "linux"} setsid --ctty --wait bash < /dev/ttyS1 > /dev/ttyS1 2>&1`;
}

async function main() {
  const image = machineImage(values.cache);
  if (values.image) return 0;
  const mode = values.shell ? "shell" : positionals.length > 0 ? "files" : values.quick ? "quick" : "whole";
  const files = { quick: QUICK, whole: WHOLE, files: positionals }[mode];
  const dir = mkdtempSync(join(tmpdir(), "tsrun-vm-"));
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
  const checkout = checkoutDisk(dir, values.shell ? shell() : tests(files, SAMPLE[mode]));
  return await runMachine({ image, checkout, dir, limit: LIMIT[mode], terminal: mode === "shell" });
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`vm: ${error.message}`);
  process.exit(1);
}
