// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { dump, printDump } from "../../src/emit/dump.ts";
import { describeImage } from "../../src/emit/image.ts";
import { int, NULL, out, ref, string, strings, struct } from "../../src/plan/operands.ts";
import { NEXT, type Plan } from "../../src/plan/step.ts";
import { call, exit, plan, print } from "./images.ts";

const STEPS = [
  print("hello\n", { expect: 6 }),
  call("openat", [int(-100), string("/proc"), int(0)], { result: "proc", tolerate: { ENOENT: NEXT, EACCES: "end" } }),
  call("fstatfs", [ref("proc"), out("statfs")], { checks: [{ field: "f_type", value: 0x9fa0n, errno: "EINVAL" }] }),
  call("sendmsg", [
    ref("report"),
    struct("msghdr", { msg_control: struct("cmsg_fd", { cmsg_data: ref("proc") }) }),
    int(0),
  ]),
  call("execve", [string("/bin/true"), strings(["true"]), NULL]),
  exit(1, { label: "end" }),
];

test.each(["x64", "arm64"] as const)("a dump of an image for %s has every byte once", (arch) => {
  const image = describeImage(plan(STEPS, { arch }));
  let end = 0;
  for (const { offset, bytes, meaning } of dump(image)) {
    expect(offset, meaning).toBe(end);
    expect(bytes).toEqual(image.bytes.subarray(offset, offset + bytes.length));
    end += bytes.length;
  }
  expect(end).toBe(image.bytes.length);
});

test("a dump tells what the bytes mean", () => {
  const text = dumpOf({ arch: "x64" });
  expect(text).toContain("e_machine: EM_X86_64");
  expect(text).toContain("syscall  ; rcx and r11 do not survive: syscall(2)");
  expect(text).toMatch(/record 1, step 1: openat$/m);
  expect(text).toMatch(/operand 1: 0x[0-9a-f]+ "\/proc"$/m);
  expect(text).toMatch(/tolerates: ENOENT to record 2, EACCES to record 7$/m);
  expect(text).toMatch(/another to failure with EINVAL$/m);
  expect(text).toMatch(/operand 0: at 0x[0-9a-f]+ slot report$/m);
  expect(text).toMatch(/out statfs: 128 zeros, not in the file$/m);
  expect(dumpOf({ arch: "arm64" })).toContain("svc #0x0  ; only x0 changes");
});

test("rows of zeros are folded", () => {
  expect(printDump([{ offset: 0, bytes: new Uint8Array(64), meaning: "zeros" }]).split("\n")).toEqual([
    `000000  ${"00 ".repeat(16)} zeros`,
    "*",
    `000030  ${"00 ".repeat(16)}`.trimEnd(),
    "",
  ]);
});

test("other bytes are no image", () => {
  expect(() => dump({ bytes: new Uint8Array(10), steps: [], names: [], parts: [] })).toThrow("not an image");
  expect(() => dump({ bytes: new Uint8Array(1000), steps: [], names: [], parts: [] })).toThrow("not an image");
});

function dumpOf(rest: Partial<Plan>): string {
  return printDump(dump(describeImage(plan(STEPS, rest))));
}
