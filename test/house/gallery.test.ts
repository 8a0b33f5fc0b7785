// SPDX-License-Identifier: Apache-2.0
/**
 * The plans of the gallery keep the rules against hostile root filesystems: a path in the container is resolved once,
 * to a descriptor, without leaving the root; what is made or written is named by a descriptor and one component.
 */
import { describe, expect, test } from "vitest";
import { filesIn, read } from "./tree.ts";

const PLANS = filesIn("bundles", /^plan\.txt$/);

interface Line {
  readonly number: number;
  readonly stage: string;
  readonly call: string;
  /** What stands between the brackets of the call. */
  readonly args: readonly string[];
}

/** Each rule: what a call must not look like once hostile files are in sight. */
const RULES: Readonly<Record<string, (args: readonly string[]) => boolean>> = {
  openat: ([, , flags = ""]) => writes(flags) && !flags.includes("O_NOFOLLOW"),
  openat2: ([, , how = ""]) => writes(how) && !/RESOLVE_(?:IN_ROOT|BENEATH)/.test(how),
  mkdirat: ([fd, name]) => !isOneName(fd, name),
  mknodat: ([fd, name]) => !isOneName(fd, name),
  unlinkat: ([fd, name]) => !isOneName(fd, name),
  symlinkat: ([, fd, name]) => !isOneName(fd, name),
  fchownat: ([fd, name, , , flags = ""]) => !isOneName(fd, name) || !/AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH/.test(flags),
  // "/" is the container's own root, and the rootfs's own place is the host's; the rest is mounted by descriptor.
  move_mount: ([, , , to = ""]) => !/^"(?:\/|\/bundles\/[\w-]+\/rootfs)?"$/.test(to),
  mount: ([, to = ""]) => !/^"\/"$|^"\/proc\/self\/fd\/\d+"$/.test(to),
  umount2: ([to]) => to !== '"."',
};

describe("in the plans of the gallery", () => {
  test("there are at least ten", () => {
    expect(PLANS.length).toBeGreaterThanOrEqual(10);
  });

  test("no step trusts a path of the container", () => {
    const offending = PLANS.flatMap((plan) =>
      linesOf(read(`bundles/${plan}`))
        .filter(breaksRule)
        .map(({ number, call, args }) => `${plan}: ${number} ${call}(${args.join(", ")})`),
    );
    expect(offending).toEqual([]);
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
  expect(line !== undefined && breaksRule(line)).toBe(offends);
});

/** The runtime and the bootstrap work on the host, before anything of the container is in sight. */
function breaksRule({ stage, call, args }: Line): boolean {
  return (stage === "init" || stage === "process") && (RULES[call]?.(args) ?? false);
}

function writes(flags: string): boolean {
  return /O_(?:WRONLY|RDWR|CREAT|TRUNC|TMPFILE)/.test(flags);
}

/** `$mount` is a tmpfs that nobody else has seen: what is copied into it may have paths. */
function isOneName(fd = "", name = ""): boolean {
  if (fd === "AT_FDCWD") return false;
  if (name === '""') return true;
  return name !== '".."' && (fd === "$mount" || !name.includes("/"));
}

function linesOf(text: string): readonly Line[] {
  const step = /^\s*(\d+)\s+(\w+)\s+(?:\$\w+ = )?(\w+)\((.*)$/gm;
  return Array.from(text.matchAll(step), ([, number, stage = "", call = "", rest = ""]) => {
    return { number: Number(number), stage, call, args: argumentsOf(rest) };
  });
}

/** Splits at the commas that are in no string and no bracket, up to the bracket that ends the call. */
function argumentsOf(rest: string): readonly string[] {
  const args = [""];
  let depth = 0;
  for (const [token] of rest.matchAll(/"(?:[^"\\]|\\.)*"|, |./g)) {
    if (token === ")" && depth === 0) break;
    if ("([{".includes(token)) depth++;
    if (")]}".includes(token)) depth--;
    if (token === ", " && depth === 0) args.push("");
    else args[args.length - 1] += token;
  }
  return args;
}
