// SPDX-License-Identifier: Apache-2.0
/**
 * The rules against hostile root filesystems, for printed plans: a path in the container is resolved once, to a
 * descriptor, without leaving the root; what is made or written is named by a descriptor and one component.
 */

export interface Line {
  readonly number: number;
  readonly stage: string;
  readonly call: string;
  /** "$name" of what the call returns, or nothing. */
  readonly result: string;
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

/** The steps of a printed plan that trust a path of the container. */
export function offences(text: string): readonly string[] {
  const lines = linesOf(text);
  // From its first setns(2) on, what joins a container has that one's files in sight.
  const joins = lines.findIndex(({ stage, call }) => stage === "join" && call === "setns");
  const unseen = new Set<string>();
  return lines
    .filter((line, index) => {
      const { call, result, args } = line;
      const breaks = breaksRule(joins >= 0 && index > joins ? { ...line, stage: "init" } : line, unseen);
      if (result !== "") unseen[call === "fsmount" ? "add" : "delete"](result);
      if (call === "move_mount") unseen.delete(args[0] ?? "");
      return breaks;
    })
    .map(({ number, call, args }) => `${number} ${call}(${args.join(", ")})`);
}

/**
 * The runtime and the bootstrap work on the host, before anything of the container is in sight. `unseen`: filesystems
 * that are mounted nowhere yet; any path in them is what the start made of it.
 */
export function breaksRule({ stage, call, args }: Line, unseen: ReadonlySet<string>): boolean {
  if (stage !== "init" && stage !== "process") return false;
  const directory = args[call === "symlinkat" ? 1 : 0] ?? "";
  if (MAKES.includes(call) && unseen.has(directory)) return false;
  return RULES[call]?.(args) ?? false;
}

const MAKES: readonly string[] = ["mkdirat", "mknodat", "symlinkat", "fchownat", "unlinkat"];

function writes(flags: string): boolean {
  return /O_(?:WRONLY|RDWR|CREAT|TRUNC|TMPFILE)/.test(flags);
}

function isOneName(fd = "", name = ""): boolean {
  if (fd === "AT_FDCWD") return false;
  if (name === '""') return true;
  return name !== '".."' && !name.includes("/");
}

/** The steps of a printed plan that are calls or acts. */
export function linesOf(text: string): readonly Line[] {
  const step = /^\s*(\d+)\s+(\w+)\s+(?:(\$\w+) = )?(\w+)\((.*)$/gm;
  return Array.from(text.matchAll(step), ([, number, stage = "", result = "", call = "", rest = ""]) => {
    return { number: Number(number), stage, result, call, args: argumentsOf(rest) };
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
