// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../src/cli/parse.ts";
import { UsageError } from "../../src/errors/errors.ts";

const READ: readonly (readonly [line: string, expected: object])[] = [
  ["", { command: undefined }],
  ["--version", { command: undefined, global: { version: true } }],
  ["-v", { global: { version: true } }],
  ["list", { command: "list", args: [], options: { format: "table", quiet: false } }],
  ["list -q -f json", { options: { format: "json", quiet: true } }],
  ["--root /r list", { command: "list", global: { root: "/r" } }],
  ["-root /r list", { command: "list", global: { root: "/r" } }],
  ["--root=/r list", { global: { root: "/r" } }],
  ["--root= list", { global: { root: "" } }],
  ["list --root /r", { global: { root: "/r" } }],
  ["--root /a list --root /b", { global: { root: "/b" } }],
  ["--debug list", { global: { debug: true } }],
  ["--debug=false list", { global: { debug: false } }],
  ["--systemd-cgroup=0 list", { global: { "systemd-cgroup": false } }],
  ["--log l --log-format json state c", { command: "state", args: ["c"], global: { log: "l", "log-format": "json" } }],
  [
    "create c",
    { command: "create", args: ["c"], options: { bundle: undefined, "preserve-fds": 0, "no-pivot": false } },
  ],
  ["create --bundle /b c", { options: { bundle: "/b" }, args: ["c"] }],
  ["create -b /b c", { options: { bundle: "/b" } }],
  ["create -bundle=/b c", { options: { bundle: "/b" } }],
  ["create c --bundle /b --no-pivot", { options: { bundle: "/b", "no-pivot": true }, args: ["c"] }],
  ["create --pid-file --x c", { options: { "pid-file": "--x" }, args: ["c"] }],
  ["create --preserve-fds 3 c", { options: { "preserve-fds": 3 } }],
  ["run -d true", { options: { detach: true }, args: ["true"] }],
  ["run -d=false c", { options: { detach: false } }],
  ["run -- -c", { args: ["-c"] }],
  ["run 007", { args: ["007"] }],
  ["kill c 9", { args: ["c", "9"], options: { all: false } }],
  ["kill c -a KILL", { args: ["c", "KILL"], options: { all: true } }],
  ["delete -f c", { options: { force: true } }],
  ["delete c -force", { options: { force: true } }],
  ["create -h", { command: "create", options: { help: true } }],
  ["-h create", { command: "create", options: { help: true } }],
  ["help create", { command: "create", options: { help: true } }],
  ["help", { command: undefined, global: { help: true } }],
  ["plan bundles/hello --format json", { command: "plan", args: ["bundles/hello"], options: { format: "json" } }],
  ["validate -b b", { command: "validate", args: [], options: { bundle: "b" } }],
];

test.each(READ)("'%s' is read", (line, expected) => {
  expect(parseCommandLine(words(line))).toMatchObject(expected);
});

const REFUSED: readonly (readonly [line: string, option: string, message: RegExp])[] = [
  ["frob", "frob", /no such command: "frob"/],
  ["constructor", "constructor", /no such command/],
  ["--nope list", "--nope", /no such flag: --nope/],
  ["list --nope", "--nope", /no such flag: --nope/],
  ["list -x", "-x", /no such flag: -x/],
  ["list --no-quiet", "--no-quiet", /no such flag/],
  ["list --__proto__=1", "--__proto__", /no such flag/],
  ["run -dk c", "--dk", /no such flag/],
  ["list ---quiet", "---quiet", /no such flag/],
  ["list extra", "extra", /list has no use for the argument "extra"/],
  ["create", "container-id", /create needs <container-id>/],
  ["create a b", "b", /no use for the argument "b"/],
  ["kill a TERM b", "b", /no use for/],
  ["create --bundle", "--bundle", /--bundle needs a value/],
  ["--root", "--root", /--root needs a value/],
  ["create --preserve-fds x c", "--preserve-fds", /whole number, got "x"/],
  ["create --preserve-fds -1 c", "--preserve-fds", /whole number/],
  ["create --preserve-fds= c", "--preserve-fds", /whole number/],
  ["create --no-pivot=maybe c", "--no-pivot", /true or false, not "maybe"/],
  ["list --format yaml", "--format", /one of table, json, not "yaml"/],
  ["--log-format xml list", "--log-format", /one of text, json/],
  ["--cgroup-manager magic list", "--cgroup-manager", /one of cgroupfs, disabled, systemd/],
];

test.each(REFUSED)("'%s' is refused, naming %s", (line, option, message) => {
  const error = thrown(() => parseCommandLine(words(line)));
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ code: "ETSRUN_USAGE", option });
  expect((error as UsageError).message).toMatch(message);
});

describe("the container's id", () => {
  test("may be anything that is no flag: the runtime judges it", () => {
    for (const id of ["true", "false", "1.0", "a=b", "-", ""]) {
      expect(parseCommandLine(["state", id]).args).toEqual([id]);
    }
  });
});

function words(line: string): string[] {
  return line === "" ? [] : line.split(" ");
}

function thrown(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
