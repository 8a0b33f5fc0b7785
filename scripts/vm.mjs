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

const QUICK = ["limits.test", "devices", "apparmor", "cgroup-mount", "delegation"].map((name) => `test/vm/${name}`);
const WHOLE = [
  "test/vm/",
  ...["lifecycle", "conformance-cgroup", "conformance-namespaces", "conformance-process", "conformance-state"].map(
    (name) => `test/live/${name}`,
  ),
];
/** Seconds. */
const LIMIT = { quick: 900, whole: 5400, shell: 86_400 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean" },
    shell: { type: "boolean" },
    image: { type: "boolean" },
    cache: { type: "string" },
  },
});

/** The machine is slow, and its serial port no terminal. */
function tests(files) {
  const words = ["run", "--config", "test/vitest.config.ts", "--project", "vm", "--project", "live"];
  const slow = ["--testTimeout=180000", "--hookTimeout=300000", "--no-isolate"];
  return `stty -F /dev/ttyS1 raw
{ NO_COLOR=1 node node_modules/vitest/vitest.mjs ${[...words, ...slow, ...files].join(" ")} 2>&1; echo $? > /run/status; } |
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
  const mode = values.shell ? "shell" : values.quick ? "quick" : "whole";
  const files = positionals.length > 0 ? positionals : values.quick ? QUICK : WHOLE;
  const dir = mkdtempSync(join(tmpdir(), "tsrun-vm-"));
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
  const checkout = checkoutDisk(dir, values.shell ? shell() : tests(files));
  return await runMachine({ image, checkout, dir, limit: LIMIT[mode], terminal: mode === "shell" });
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`vm: ${error.message}`);
  process.exit(1);
}
