// SPDX-License-Identifier: Apache-2.0
/** Options of checkpoint and restore as the runtime takes them. */
import { expect, test } from "vitest";
import { checkpointOptions, restoreOptions } from "../../src/cli/checkpoint-options.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import type { CommandValues } from "../../src/cli/table.ts";
import { UsageError } from "../../src/errors/errors.ts";

const checkpoint = (line: string) =>
  checkpointOptions(parseCommandLine(["checkpoint", ...line.split(" "), "c"]).options as CommandValues<"checkpoint">);
const restore = (line: string) =>
  restoreOptions(parseCommandLine(["restore", ...line.split(" "), "c"]).options as CommandValues<"restore">);

test.each([
  ["--image-path i --work-path w --parent-path p", { imagePath: "i", workPath: "w", parentPath: "p" }],
  ["--pre-dump --leave-running", { preDump: true, leaveRunning: true }],
  ["--tcp-established --tcp-skip-in-flight", { tcpEstablished: true, tcpSkipInFlight: true }],
  ["--ext-unix-sk --shell-job --file-locks", { extUnixSk: true, shellJob: true, fileLocks: true }],
  ["--lazy-pages --status-fd 9", { lazyPages: true, statusFd: 9 }],
  ["--page-server 10.0.0.1:27", { pageServer: { address: "10.0.0.1", port: 27 } }],
  ["--page-server [::1]:27", { pageServer: { address: "::1", port: 27 } }],
  ["--manage-cgroups-mode strict", { manageCgroupsMode: "strict" }],
  ["--empty-ns network --auto-dedup --link-remap", { emptyNetwork: true, autoDedup: true, linkRemap: true }],
  ["--network-lock nftables", { networkLock: "nftables" }],
])("checkpoint %s", (line, expected) => {
  expect(checkpoint(line)).toMatchObject(expected);
});

test.each([
  ["--bundle b --pid-file p --console-socket s", { bundle: "b", pidFile: "p", consoleSocket: "s" }],
  ["--tcp-close --lazy-pages", { tcpClose: true, lazyPages: true }],
  [
    "--tcp-established --ext-unix-sk --shell-job --auto-dedup --network-lock iptables",
    { tcpEstablished: true, extUnixSk: true, shellJob: true, autoDedup: true, networkLock: "iptables" },
  ],
  ["--lsm-profile apparmor:x --lsm-mount-context y", { lsmProfile: "apparmor:x", lsmMountContext: "y" }],
  ["--manage-cgroups-mode ignore --empty-ns network", { manageCgroupsMode: "ignore", emptyNetwork: true }],
])("restore %s", (line, expected) => {
  expect(restore(line)).toMatchObject(expected);
});

test.each([
  () => checkpoint("--page-server 10.0.0.1"),
  () => checkpoint("--page-server 10.0.0.1:0"),
  () => checkpoint("--page-server 10.0.0.1:65536"),
  () => checkpoint("--manage-cgroups-mode none"),
  () => checkpoint("--empty-ns ipc"),
  () => restore("--no-pivot"),
  () => restore("--lsm-profile smack:x"),
])("what CRIU does not know is refused (%#)", (ask) => {
  expect(ask).toThrow(UsageError);
});
