// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { EHDR_SIZE, PF, PHDR_SIZE, PT, readPhdr } from "../../src/emit/elf.ts";
import { ANCHOR_SIZE, BASE, CODE, emitImage, listingOf } from "../../src/emit/image.ts";
import { decodeRecord, RECORD_SIZE, type StepRecord } from "../../src/emit/record.ts";
import { CALLS } from "../../src/kernel/calls.ts";
import { O } from "../../src/kernel/open.ts";
import { address, buffer, bytes, flags, int, out, ref, string, strings, struct } from "../../src/plan/operands.ts";
import { NEXT, type Plan, type Step } from "../../src/plan/step.ts";
import { act, call, exit, plan, print } from "./images.ts";

const ARCHES = ["x64", "arm64"] as const;

/** The records of a plan's image, read back from its bytes. */
function recordsOf(value: Plan): readonly StepRecord[] {
  const { bytes, steps } = emitImage(value);
  const first = CODE + listingOf(value.arch).code.length + ANCHOR_SIZE;
  return steps.map((_, n) => decodeRecord(new DataView(bytes.buffer), first + n * RECORD_SIZE, BASE + first));
}

describe.each(ARCHES)("an image for %s", (arch) => {
  const segmentsOf = (steps: readonly Step[]) => {
    const { bytes } = emitImage(plan(steps, { arch }));
    const view = new DataView(bytes.buffer);
    return { bytes, segments: [0, 1, 2].map((n) => readPhdr(view, EHDR_SIZE + n * PHDR_SIZE)) };
  };

  test("no memory is both writable and executable", () => {
    const { segments } = segmentsOf([exit(0)]);
    expect(segments.map(({ type, flags }) => [type, flags])).toEqual([
      [PT.PT_LOAD, PF.PF_R | PF.PF_X],
      [PT.PT_LOAD, PF.PF_R | PF.PF_W],
      [PT.PT_GNU_STACK, PF.PF_R | PF.PF_W],
    ]);
  });

  test.each([0, 1, 100, 4000, 4096, 70_000])("segments fit the pages, with %i bytes of constants", (size) => {
    const { bytes: file, segments } = segmentsOf([
      call("write", [int(1), bytes("x".repeat(size)), int(size)]),
      exit(0),
    ]);
    const [text, data] = segments;
    if (text === undefined || data === undefined) throw new Error("no segments");
    const page = arch === "arm64" ? 0x1_0000 : 0x1000;
    for (const { offset, address, align } of [text, data]) {
      expect(align).toBe(page);
      expect(address % page).toBe(offset % page);
    }
    expect(text.fileSize + data.fileSize).toBe(file.length);
    const lastPage = Math.floor((text.address + text.memorySize - 1) / page);
    expect(Math.floor(data.address / page)).toBeGreaterThan(lastPage);
  });

  test("memory that is only filled takes no room in the file", () => {
    const steps = (size: number) => [call("read", [int(0), buffer(size), int(size)]), exit(0)];
    expect(segmentsOf(steps(100_000)).bytes.length).toBe(segmentsOf(steps(1)).bytes.length);
  });

  test("calls have the numbers of the architecture", () => {
    const records = recordsOf(plan([call("mkdirat", [int(-100), string("x"), int(0)]), exit(0)], { arch }));
    expect(records.map(({ number }) => number)).toEqual([CALLS.mkdirat[arch], CALLS.exit_group[arch]]);
  });

  test("flags have the values of the architecture", () => {
    const open = call("openat", [int(-100), string("/"), flags(O, O.O_DIRECTORY)]);
    const [record] = recordsOf(plan([open, exit(0)], { arch }));
    expect(record?.operands[2]?.value).toBe(arch === "arm64" ? 0o40000n : 0o200000n);
  });

  test("sixty steps take less than 16 KiB", () => {
    const mounts = Array.from({ length: 59 }, (_, n) =>
      call("mount", [string(`source-${n}`), string(`/some/where/${n}`), string("tmpfs"), int(14), string("mode=755")]),
    );
    expect(emitImage(plan([...mounts, exit(0)], { arch })).bytes.length).toBeLessThan(16 * 1024);
  });
});

test("the same constant is there once", () => {
  const size = (...texts: string[]) => {
    const opens = texts.map((text) => call("chdir", [string(text)]));
    return emitImage(plan([...opens, call("execve", [string("a"), strings(texts), strings(texts)])])).bytes.length;
  };
  const text = "x".repeat(800);
  expect(size(text, text) - size("a", "a")).toBe(800);
});

test("operands fill a record as the table of record.ts says", () => {
  const [first, second] = recordsOf(
    plan([
      call("close", [ref("start")], { result: "n", expect: -0, tolerate: { EBADF: NEXT, EIO: "end" } }),
      call("dup3", [ref("n"), int(-1), int(0xffff_ffff)]),
      exit(0, { label: "end" }),
    ]),
  );
  expect(first).toMatchObject({ equal: 1, other: -1, errno: 22, compare: 0n });
  expect(first?.tolerate).toEqual([
    { errno: 9, target: 1 },
    { errno: 5, target: 2 },
  ]);
  expect(first?.operands[0]?.at).toBe(true);
  expect(second?.operands.map(({ value }) => value)).toEqual([
    BigInt(first?.store ?? 0),
    (1n << 64n) - 1n,
    0xffff_ffffn,
    0n,
    0n,
    0n,
  ]);
});

test("steps tells which step a record belongs to: acts have none, copies and checks belong to their call", () => {
  const { steps } = emitImage(
    plan([
      act("created"),
      call("fstatfs", [ref("start"), out("statfs")], { checks: [{ field: "f_type", value: 1n, errno: "EINVAL" }] }),
      act("created"),
      call("write", [int(1), struct("int", { value: ref("start") }), int(4)]),
      exit(0),
    ]),
  );
  expect(steps).toEqual([1, 1, 3, 3, 4]);
});

test("numbers above 2^53 survive", () => {
  const { bytes } = emitImage(
    plan([
      call("prlimit64", [int(0), int(7), struct("rlimit", { rlim_cur: int(2n ** 64n - 1n) }), int(2n ** 63n + 1n)]),
      exit(0),
    ]),
  );
  const hex = Buffer.from(bytes).toString("hex");
  expect(hex).toContain(`${"ff".repeat(8)}${"00".repeat(8)}`);
  expect(hex).toContain("0100000000000080");
});

describe("a malformed plan throws", () => {
  const fstatfs = (check: object) =>
    call("fstatfs", [int(0), out("statfs")], { checks: [{ field: "f_type", value: 1n, errno: "EINVAL", ...check }] });

  test.each<[string, readonly Step[], string]>([
    ["no call", [act("created")], "last call"],
    ["an end that goes on", [print("x")], "last call"],
    ["a NUL in a string", [call("chdir", [string("a\0b")])], "NUL"],
    ["a NUL in an argument", [call("execve", [string("x"), strings(["a\0b"]), strings([])])], "NUL"],
    ["a NUL in a name", [call("ioctl", [int(0), int(0), struct("ifreq_flags", { ifr_name: string("a\0") })])], "NUL"],
    [
      "a name that is too long",
      [call("ioctl", [int(0), int(0), struct("ifreq_flags", { ifr_name: string("x".repeat(16)) })])],
      "16 bytes",
    ],
    ["too few operands", [call("mount", [int(0)])], "5 operands"],
    ["too many operands", [call("chdir", [int(0), int(0)])], "1 operands"],
    ["an unknown result", [call("close", [ref("nothing")])], "$nothing"],
    ["the address of an unknown result", [call("close", [address("nothing")])], "$nothing"],
    ["a result that comes later", [call("close", [ref("later")]), call("getpid", [], { result: "later" })], "$later"],
    ["a step that uses its own result", [call("close", [ref("own")], { result: "own" })], "$own"],
    ["an unknown context", [call("close", [int(3)], { context: "fs" })], "$fs"],
    ["an unknown label", [print("x", { tolerate: { EIO: "nowhere" } })], "nowhere"],
    ["a label that stands twice", [print("x", { label: "a" }), print("x", { label: "a" })], "twice"],
    ["a jump backwards", [print("x", { label: "a" }), print("x", { tolerate: { EIO: "a" } })], "behind"],
    ["a jump to itself", [print("x", { label: "a", branch: { value: 1, equal: "a", other: NEXT } })], "behind"],
    ["a tolerated EINTR", [print("x", { tolerate: { EINTR: NEXT } })], "EINTR"],
    [
      "five tolerated errnos",
      [print("x", { tolerate: { EIO: NEXT, EPERM: NEXT, ENOENT: NEXT, EBADF: NEXT, EACCES: NEXT } })],
      "tolerates 4",
    ],
    ["a branch and checks", [{ ...fstatfs({}), branch: { value: 0, equal: NEXT, other: NEXT } }], "branch"],
    [
      "a check without memory",
      [print("x", { checks: [{ field: "f_type", value: 1n, errno: "EIO" }] })],
      "`out` operand",
    ],
    ["a check of an unknown field", [fstatfs({ field: "f_what" })], "f_what"],
    ["a check that cannot hold", [fstatfs({ mask: 1n, value: 2n })], "never"],
    [
      "a check of a byte that is not there",
      [call("getcwd", [buffer(4), int(4)], { checks: [{ field: "4", value: 1n, errno: "EIO" }] })],
      "no byte 4",
    ],
    ["an unknown field", [call("close", [struct("int", { what: int(1) })])], "what"],
    ["a field that is too small", [call("close", [struct("winsize", { ws_row: int(0x1_0000) })])], "2 bytes"],
    ["a pointer in a number", [call("close", [struct("int", { value: string("x") })])], "value"],
    ["a number in a pointer", [call("close", [struct("iovec", { iov_base: int(1) })])], "pointer"],
    ["a result in a pointer", [call("close", [struct("iovec", { iov_base: ref("start") })])], "cannot hold"],
    ["memory without a size", [call("close", [{ kind: "out" }])], "size"],
    ["a number that is not exact", [call("close", [int(2 ** 60)])], "exact"],
    ["a number of 65 bits", [call("close", [int(1n << 64n)])], "64 bits"],
  ])("%s", (name, steps, message) => {
    const ends = name === "an end that goes on" || name === "no call" ? [] : [exit(0)];
    expect(() => emitImage(plan([...steps, ...ends]))).toThrow(message);
  });

  test("no report socket", () => {
    expect(() => emitImage(plan([exit(0)], { inputs: { start: 4 } }))).toThrow("report");
  });

  test("more records than a report can name", () => {
    const steps = Array.from({ length: 0x1_0001 }, () => call("getpid", []));
    expect(() => emitImage(plan([...steps, exit(0)]))).toThrow("not in 0..65535");
  });
});
