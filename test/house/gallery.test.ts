// SPDX-License-Identifier: Apache-2.0
/** The plans of the gallery keep the rules against hostile root filesystems; those of the cases are held to them, too. */
import { describe, expect, test } from "vitest";
import { breaksRule, linesOf, offences } from "./plan-rules.ts";
import { filesIn, read } from "./tree.ts";

const PLANS = filesIn("bundles", /^plan\.txt$/);

describe("in the plans of the gallery", () => {
  test("there are at least ten", () => {
    expect(PLANS.length).toBeGreaterThanOrEqual(10);
  });

  test("no step trusts a path of the container", () => {
    expect(PLANS.flatMap((plan) => offences(read(`bundles/${plan}`)).map((each) => `${plan}: ${each}`))).toEqual([]);
  });

  test("the steps are read as they are printed", () => {
    for (const plan of PLANS) {
      const text = read(`bundles/${plan}`);
      expect(
        linesOf(text).map(({ number }) => number),
        plan,
      ).toEqual(linesOf(text).map((_line, index) => index + 1));
      expect(linesOf(text).length, plan).toBeGreaterThan(20);
    }
  });
});

test.each([
  ['openat($dev, "null", O_WRONLY|O_CLOEXEC)', true],
  ['openat($dev, "null", O_WRONLY|O_NOFOLLOW|O_CLOEXEC)', false],
  ['$a = openat(AT_FDCWD, "/dev/null", O_RDONLY|O_PATH)', false],
  ['openat($mount, "a", O_RDONLY|O_CREAT|O_EXCL, 0644)', true],
  ['openat2($root, "etc/a", {flags=O_RDWR|O_CLOEXEC, resolve=0}, 24)', true],
  ['openat2($root, "etc/a", {flags=O_RDWR|O_CLOEXEC, resolve=RESOLVE_NO_MAGICLINKS|RESOLVE_IN_ROOT}, 24)', false],
  ['mkdirat($root, "a/b", 0755)', true],
  ['mkdirat(AT_FDCWD, "a", 0755)', true],
  ['mkdirat($root, "..", 0755)', true],
  ['mkdirat($root, "a, b", 0755)', false],
  ['mkdirat($mount, "a/b", 0755)', false],
  ['symlinkat("/proc/self/fd", $dev, "fd") or EEXIST → 9', false],
  ['symlinkat("/proc/self/fd", AT_FDCWD, "/dev/fd")', true],
  ['move_mount($proc, "", $target, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)', false],
  ['move_mount($proc, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH)', true],
  ['mount("proc", "/proc", "proc", 0, NULL)', true],
  ['mount(NULL, "/", NULL, MS_REC|MS_SLAVE, NULL)', false],
])("the rules know of %s: %s", (call, offends) => {
  const [line] = linesOf(`  7  init       ${call}   # /mounts/0\n`);
  expect(line).toBeDefined();
  expect(line !== undefined && breaksRule(line, new Set(["$mount"]))).toBe(offends);
});

test("a filesystem is made by paths until it is mounted", () => {
  const make = (number: number) => `  ${number}  init       mkdirat($fs, "a/b", 0755)\n`;
  const text = `  1  init       $fs = fsmount($context, FSMOUNT_CLOEXEC, 0)\n${make(2)}  3  init       move_mount($fs, "", $target, "", 0)\n${make(4)}`;
  expect(offences(text)).toEqual(['4 mkdirat($fs, "a/b", 0755)']);
});

test("what joins a container is under the rules as soon as it has", () => {
  const opens = '  1  join       $a = openat(AT_FDCWD, "/x", O_WRONLY|O_CLOEXEC)\n';
  expect(offences(opens)).toEqual([]);
  expect(offences(`  1  join       setns($container, CLONE_NEWNS)\n${opens}`)).toHaveLength(1);
});
