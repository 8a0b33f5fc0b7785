// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { presentError, presentFindings } from "../../src/cli/present.ts";
import { ConfigError, HostError, StateError, SyscallError, UsageError } from "../../src/errors/errors.ts";

const PROC = new SyscallError('mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)', "EPERM", {
  text: "Operation not permitted",
  step: { number: 9, of: 31, stage: "init", from: "/mounts/0" },
});

const FINDINGS = [
  { pointer: "/process/cwd", message: 'must be an absolute path, got "work"', spec: "config.md#process" },
  { pointer: "/hostname", message: "needs a uts namespace", spec: "config.md#hostname" },
];

describe("a failed step", () => {
  test("is told with its call, its number, its origin and a hint", () => {
    expect(presentError(PROC, { command: "run", bundle: "bundles/hello/" }).text).toBe(
      `tsrun: mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL) = -1 EPERM (Operation not permitted)
  step 9 of 31, in init · from bundles/hello/config.json /mounts/0
  hint: a new proc needs a pid namespace of its own: add {"type": "pid"} to /linux/namespaces; in a container, the outer /proc must not be masked
`,
    );
  });

  test("is one line in a log", () => {
    const { line } = presentError(PROC);
    expect(line).not.toContain("\n");
    expect(line).toMatch(
      /^mount\(.*\) = -1 EPERM \(operation not permitted\); step 9 of 31, in init · from config\.json \/mounts\/0; hint: a new proc/,
    );
  });

  test("carries the kernel's own line, and a hint of its maker goes before the table's", () => {
    const error = new SyscallError("fsconfig($fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)", "EINVAL", {
      text: "Invalid argument",
      kernelLog: "e overlay: missing lowerdir\n",
      hint: "give lowerdir",
    });
    expect(presentError(error).text).toBe(
      `tsrun: fsconfig($fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) = -1 EINVAL (Invalid argument)
  kernel: overlay: missing lowerdir
  hint: give lowerdir
`,
    );
  });

  test("without an origin in config.json says so by saying nothing", () => {
    const error = new SyscallError("setsid()", "EPERM", { step: { number: 2, of: 9, stage: "process", from: "" } });
    expect(presentError(error).text).toContain("\n  step 2 of 9, in process\n");
  });
});

test("findings come all at once, in columns", () => {
  expect(presentError(new ConfigError("b/config.json", FINDINGS)).text).toBe(
    `tsrun: b/config.json: 2 findings
  /process/cwd   must be an absolute path, got "work"   config.md#process
  /hostname      needs a uts namespace                  config.md#hostname
`,
  );
  expect(presentError(new ConfigError("b/config.json", FINDINGS)).line).toBe(
    'b/config.json: 2 findings; /process/cwd must be an absolute path, got "work" config.md#process; /hostname needs a uts namespace config.md#hostname',
  );
});

test("a finding about everything names the document, and a long one does not push its neighbours away", () => {
  const long = { pointer: "", message: "x".repeat(100), spec: "config.md#configuration" };
  expect(presentFindings([long, { pointer: "/a", message: "short", spec: "s" }])).toEqual([
    `(document)   ${"x".repeat(100)}   config.md#configuration`,
    "/a           short   s",
  ]);
});

test("a wrong command line names the help to read", () => {
  const error = new UsageError("--nope", "no such flag: --nope");
  expect(presentError(error, { command: "create" }).text).toBe(
    "tsrun: no such flag: --nope\n  see: tsrun create --help\n",
  );
  expect(presentError(error).text).toBe("tsrun: no such flag: --nope\n  see: tsrun --help\n");
});

test("causes are told, each on a line of its own", () => {
  const inner = new SyscallError('openat(AT_FDCWD, "/x", O_RDONLY)', "ENOENT", { text: "No such file or directory" });
  expect(presentError(new HostError("no cgroup can be made", { cause: inner })).text).toBe(
    `tsrun: no cgroup can be made
  because: openat(AT_FDCWD, "/x", O_RDONLY) = -1 ENOENT (No such file or directory)
`,
  );
  const two = new AggregateError([new HostError("one"), new HostError("two")]);
  expect(presentError(new HostError("none works", { cause: two })).text).toBe(
    "tsrun: none works\n  because: one\n  because: two\n",
  );
});

test("an operation on a container in the wrong state is its message", () => {
  const error = new StateError("ETSRUN_NOT_FOUND", "c", "container does not exist");
  expect(presentError(error)).toEqual({ line: "container does not exist", text: "tsrun: container does not exist\n" });
});

test("an error of Node's calls is no bug", () => {
  const error = Object.assign(new Error("ENOENT: no such file or directory, open 'x'"), {
    code: "ENOENT",
    syscall: "open",
  });
  expect(presentError(error).text).toBe("tsrun: ENOENT: no such file or directory, open 'x'\n");
});

test("anything else is a bug, and shows its stack", () => {
  const { text } = presentError(new TypeError("x is undefined"));
  expect(text).toMatch(/^tsrun: this is a bug of tsrun, please report it\n {2}TypeError: x is undefined\n {6}at /);
  expect(presentError("just text").text).toContain("just text");
});
