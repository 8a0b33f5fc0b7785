// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { listTable } from "../../src/cli/commands/list.ts";
import { verdict } from "../../src/cli/commands/validate.ts";
import { featuresDocument } from "../../src/cli/features-document.ts";
import { stateDocument } from "../../src/cli/state-document.ts";
import { versionText } from "../../src/cli/version.ts";
import { checkFeatures, checkState } from "../../src/config/check.ts";

const STATE = {
  owner: "root",
  ociVersion: "1.3.0",
  id: "c1",
  status: "running",
  pid: 7648,
  bundle: "/tmp/bundle",
  rootfs: "/tmp/bundle/rootfs",
  created: "2026-11-21T23:28:40.218177594Z",
} as const;

test("a state has runc's keys in runc's order, and annotations only if there are some", () => {
  expect(Object.keys(stateDocument(STATE))).toEqual("ociVersion id pid status bundle rootfs created owner".split(" "));
  expect(stateDocument({ ...STATE, annotations: {} })).not.toHaveProperty("annotations");
  expect(stateDocument({ ...STATE, annotations: { a: "b" } })).toMatchObject({ annotations: { a: "b" } });
  expect(checkState(stateDocument(STATE))).toEqual([]);
});

test("the table of containers has runc's columns", () => {
  expect(listTable([])).toBe("ID          PID         STATUS      BUNDLE      CREATED     OWNER\n");
  expect(listTable([STATE, { ...STATE, id: "a-longer-name", pid: 0, status: "stopped" }])).toBe(
    [
      "ID              PID         STATUS      BUNDLE        CREATED                          OWNER",
      "c1              7648        running     /tmp/bundle   2026-11-21T23:28:40.218177594Z   root",
      "a-longer-name   0           stopped     /tmp/bundle   2026-11-21T23:28:40.218177594Z   root",
      "",
    ].join("\n"),
  );
});

test("the features document is valid, and promises what the tables do", () => {
  const features = featuresDocument();
  expect(checkFeatures(features)).toEqual([]);
  expect(features).toMatchObject({
    ociVersionMin: "1.0.0",
    mountOptions: expect.arrayContaining(["rbind", "rro", "tmpcopyup", "nosymfollow", "rprivate"]),
    linux: {
      namespaces: ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
      capabilities: expect.arrayContaining(["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"]),
      seccomp: {
        enabled: true,
        actions: expect.arrayContaining(["SCMP_ACT_KILL_PROCESS"]),
        operators: expect.arrayContaining(["SCMP_CMP_MASKED_EQ"]),
        archs: expect.arrayContaining(["SCMP_ARCH_LOONGARCH64"]),
        knownFlags: expect.arrayContaining(["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]),
        supportedFlags: expect.arrayContaining(["SECCOMP_FILTER_FLAG_LOG"]),
      },
    },
  });
});

test("the version is told on lines of their own", () => {
  expect(versionText()).toMatch(/^tsrun version \S+\n(commit: \S+\n)?spec: 1\.3\.\d+\n(node|bun): [\d.]+\n$/);
});

test("a verdict has findings and warnings apart, and says so when there is neither", () => {
  const finding = { pointer: "/root", message: "is missing", spec: "config.md#root" };
  expect(verdict("b/config.json", [], [])).toBe("b/config.json: nothing to complain about\n");
  expect(verdict("b/config.json", [finding], [finding, finding])).toBe(
    `b/config.json: 1 finding
  /root   is missing   config.md#root
b/config.json: 2 warnings
  /root   is missing   config.md#root
  /root   is missing   config.md#root
`,
  );
});
