// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { explain } from "../../src/cli/commands/explain.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";
import { UsageError } from "../../src/errors/errors.ts";

const PAGE = readFileSync(new URL("../../docs/seccomp.md", import.meta.url), "utf8");
const [, PROFILE = ""] = /^```json\n([\s\S]*?)^```$/m.exec(PAGE) ?? [];
const BUNDLE = mkdtempSync(join(tmpdir(), "tsrun-explain-"));

writeFileSync(
  join(BUNDLE, "config.json"),
  JSON.stringify({
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["true"], user: { uid: 0, gid: 0 }, noNewPrivileges: true },
    linux: { namespaces: [{ type: "mount" }], seccomp: JSON.parse(PROFILE) },
  }),
);
afterAll(() => rmSync(BUNDLE, { recursive: true }));

function explained(line: string, format: "text" | "json" = "text"): string {
  const { args } = parseCommandLine(line.replace(/^tsrun /, "").split(" "));
  return explain(args, { bundle: BUNDLE, format, warn: () => {} });
}

const SHOWN = Array.from(PAGE.matchAll(/^\$ (tsrun explain .*)\n([\s\S]*?)^```$/gm), ([, line = "", text = ""]) => [
  line,
  text,
]) as readonly (readonly [string, string])[];

// What the page shows is of x86-64.
test.runIf(process.arch === "x64").each(SHOWN)("docs/seccomp.md has what `%s` prints", (line, text) => {
  const printed = explained(line);
  let from = 0;
  for (const piece of text.split(/^\.\.\.\n/m)) {
    const at = printed.indexOf(piece, from);
    expect(at, `${piece} is not in ${printed}`).toBeGreaterThanOrEqual(0);
    from = at + piece.length;
  }
  expect(from).toBe(printed.length);
});

test("the page shows the table and single calls", () => {
  expect(SHOWN.length).toBeGreaterThanOrEqual(4);
});

test.each([
  ["personality 4294967295", "personality(0xffffffff)"],
  ["personality 0xFFFFFFFF", "personality(0xffffffff)"],
  ["personality 037777777777", "personality(0xffffffff)"],
  ["personality -1", "personality(0xffffffffffffffff)"],
  ["135 0 -9223372036854775808", "personality(0, 0x8000000000000000)"],
])("explain seccomp %s is about %s", (words, call) => {
  expect(explained(`tsrun explain seccomp ${words}`)).toContain(`${call}, call `);
});

test.each([
  ["seccomp mkdri", /did you mean mkdir\?/],
  ["seccomp no_such_call_at_all", /no system call "no_such_call_at_all"$/],
  ["seccomp 4294967296", /32 bits/],
  ["seccomp read 1x", /"1x"/],
  ["seccomp read 09", /"09"/],
  ["seccomp read 18446744073709551616", /64 bits/],
  ["seccomp read -9223372036854775809", /64 bits/],
  ["seccomp read 1 2 3 4 5 6 7", /6 arguments/],
  ["secomp", /seccomp/],
])("explain %s is a wrong command line", (words, message) => {
  const wrong = () => explained(`tsrun explain ${words}`);
  expect(wrong).toThrow(UsageError);
  expect(wrong).toThrow(message);
});

test("numbers below 0 are arguments here, and flags elsewhere", () => {
  expect(parseCommandLine(["explain", "seccomp", "kill", "-1", "-9"]).args).toEqual(["seccomp", "kill", "-1", "-9"]);
  expect(() => parseCommandLine(["kill", "c", "-9"])).toThrow(UsageError);
});

test("JSON is one object, for the table and for a call", () => {
  expect(JSON.parse(explained("tsrun explain seccomp read 1", "json"))).toEqual({
    name: "read",
    number: process.arch === "arm64" ? 63 : 0,
    args: ["0x1"],
    action: "SECCOMP_RET_ALLOW",
    data: 0,
    pointer: "/linux/seccomp/syscalls/0",
    reason: "names read",
  });
  const table = JSON.parse(explained("tsrun explain seccomp", "json"));
  expect(table.syscalls.find(({ name }: { name: string }) => name === "personality")).toMatchObject({
    conditions: [{ if: "args[0] == 0xffffffff", pointer: "/linux/seccomp/syscalls/1" }],
  });
});
