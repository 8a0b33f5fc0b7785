// SPDX-License-Identifier: Apache-2.0
/**
 * `npm run tables`: compares src/kernel/ with the C headers of this machine.
 *
 * For each file the C compiler compares what the headers say of every name that our tables have, and of every layout its
 * size, offsets and sizes of fields. Prints each difference; exits 1 if there is one, 77 when there is no C compiler.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { build } from "esbuild";

const KERNEL = new URL("../src/kernel/", import.meta.url).pathname;

/** File -> the headers that define its names. A table of its own headers has `file TABLE`. */
const HEADERS = {
  access: ["unistd.h"],
  bpf: ["linux/bpf.h"],
  capability: ["linux/capability.h"],
  "classic-bpf": ["linux/filter.h"],
  clone: ["linux/sched.h"],
  "close-range": ["linux/close_range.h"],
  errno: ["errno.h"],
  fcntl: ["linux/fcntl.h", "linux/fs.h"],
  futex: ["linux/futex.h"],
  ioctl: ["sys/ioctl.h", "asm/ioctls.h", "linux/nsfs.h"],
  ioprio: ["linux/ioprio.h"],
  keyctl: ["linux/keyctl.h"],
  magic: ["linux/magic.h"],
  memfd: ["linux/memfd.h", "linux/fcntl.h"],
  mempolicy: ["linux/mempolicy.h"],
  mount: ["linux/fcntl.h", "linux/mount.h"],
  "mount MNT": ["sys/mount.h"],
  netlink: ["linux/netlink.h", "linux/rtnetlink.h"],
  open: ["linux/fcntl.h", "linux/openat2.h", "sys/stat.h"],
  personality: ["linux/personality.h"],
  poll: ["poll.h"],
  prctl: ["linux/prctl.h", "linux/securebits.h"],
  rlimit: ["sys/resource.h"],
  sched: ["sched.h", "linux/sched.h"],
  seccomp: ["sys/ioctl.h", "linux/seccomp.h", "linux/audit.h"],
  "seccomp-profile": ["stdint.h", "seccomp.h"],
  signal: ["signal.h"],
  socket: ["sys/socket.h", "sys/un.h", "linux/if.h", "linux/sockios.h", "linux/netlink.h"],
  statfs: ["sys/statvfs.h"],
  statx: ["linux/stat.h"],
  wait: ["sys/wait.h"],
};

/** What the headers of Debian 12 (Linux 6.1, glibc 2.36) do not tell, and why it is true. */
const UNTOLD = {
  MOVE_MOUNT_BENEATH: "since Linux 6.5",
  FSCONFIG_CMD_CREATE_EXCL: "since Linux 6.6",
  MFD_NOEXEC_SEAL: "since Linux 6.3",
  MFD_EXEC: "since Linux 6.3",
  F_SEAL_EXEC: "since Linux 6.3",
  STATX_MNT_ID_UNIQUE: "since Linux 6.8",
  MPOL_WEIGHTED_INTERLEAVE: "since Linux 6.9",
  PID_FS_MAGIC: "since Linux 6.9",
  XFS_SUPER_MAGIC: "in linux/magic.h since Linux 5.19, under this name",
  FUSE_SUPER_MAGIC: "in linux/magic.h since Linux 5.17, under this name",
  MQUEUE_MAGIC: "ipc/mqueue.c of the kernel",
  ST_VALID: "include/linux/statfs.h of the kernel",
  ST_NOSYMFOLLOW: "include/linux/statfs.h of the kernel, since Linux 5.10",
  SCMP_ARCH_LOONGARCH64: "since libseccomp 2.6",
  SCMP_ARCH_M68K: "since libseccomp 2.6",
  SCMP_ARCH_SH: "since libseccomp 2.6",
  SCMP_ARCH_SHEB: "since libseccomp 2.6",
  SIGRTMIN: "32 for the kernel; libc keeps the first two for itself",
};

for (const who of ["POS", "USR", "GRP", "OTH"]) {
  for (const what of ["VIEW", "READ", "WRITE", "SEARCH", "LINK", "SETATTR"]) {
    UNTOLD[`KEY_${who}_${what}`] = "include/linux/key.h of the kernel";
  }
}

/** Tables that hold no names of C for this machine, or such that are made of others. */
const OTHER = new Set(["O_ARM64", "SCMP_ACT", "WITH_ERRNO", "MACHINE_ARCHES", "PROFILE_FLAGS"]);

/** Layout -> its C type and headers; a field of another name in C stands after it. */
const STRUCTS = {
  open_how: ["struct open_how", ["linux/openat2.h"]],
  mount_attr: ["struct mount_attr", ["linux/mount.h"]],
  rlimit: ["struct rlimit64", ["linux/resource.h"]],
  ifreq_flags: ["struct ifreq", ["sys/socket.h", "linux/if.h"]],
  user_cap_header: ["struct __user_cap_header_struct", ["linux/capability.h"]],
  user_cap_data: [
    "cap_data",
    ["linux/capability.h"],
    Object.fromEntries(
      ["effective", "permitted", "inheritable"].flatMap((set) =>
        [0, 1].map((n) => [`${set}${n}`, `half[${n}].${set}`]),
      ),
    ),
    "typedef struct { struct __user_cap_data_struct half[2]; } cap_data;",
  ],
  statx: ["struct statx", ["linux/stat.h"]],
  statfs: ["struct statfs", ["asm/statfs.h"]],
  winsize: ["struct winsize", ["asm/termios.h"]],
  iovec: ["struct iovec", ["linux/uio.h"]],
  iovec3: [
    "pieces",
    ["linux/uio.h"],
    Object.fromEntries(
      [0, 1, 2].flatMap((n) => [
        [`iov_base${n}`, `one[${n}].iov_base`],
        [`iov_len${n}`, `one[${n}].iov_len`],
      ]),
    ),
    "typedef struct { struct iovec one[3]; } pieces;",
  ],
  nlmsgerr: [
    "answer",
    ["linux/netlink.h"],
    Object.fromEntries(["len", "type", "flags", "seq", "pid"].map((name) => [`nlmsg_${name}`, `head.nlmsg_${name}`])),
    "typedef struct { struct nlmsghdr head; int error; } answer;",
  ],
  msghdr: ["struct msghdr", ["sys/socket.h"]],
  cmsg_fd: [
    "message",
    ["sys/socket.h"],
    { cmsg_len: "head.cmsg_len", cmsg_level: "head.cmsg_level", cmsg_type: "head.cmsg_type", cmsg_data: "fd" },
    "typedef struct { struct cmsghdr head; int fd; } message;",
  ],
  int: ["number", [], {}, "typedef struct { int value; } number;"],
  path: ["path", [], {}, "typedef union { char first; char all[4096]; } path;"],
  char8: ["char8", [], {}, "typedef struct { char value[8]; } char8;"],
  timespec: ["struct timespec", ["linux/time.h"]],
  clone_args: ["struct clone_args", ["linux/sched.h"]],
  sched_attr: ["struct sched_attr", ["linux/types.h", "linux/sched/types.h"]],
  pollfd: ["struct pollfd", ["poll.h"]],
  sock_fprog: ["struct sock_fprog", ["linux/filter.h"]],
};

const work = mkdtempSync(join(tmpdir(), "tsrun-tables-"));
const PROGRAM = join(work, "program");
try {
  process.exitCode = await main();
} finally {
  rmSync(work, { recursive: true });
}

async function main() {
  if (!hasCompiler()) {
    console.log("no C compiler (cc): nothing compared");
    return 77;
  }
  const tables = await load();
  const wrong = [
    ...compareConstants(tables),
    ...compareCalls(tables.calls.CALLS),
    ...compareLayouts(tables.layouts.LAYOUTS),
  ];
  for (const line of wrong) console.log(line);
  console.log(
    wrong.length === 0 ? "src/kernel/ agrees with the headers of this machine" : `${wrong.length} differences`,
  );
  return wrong.length === 0 ? 0 : 1;
}

function hasCompiler() {
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Every file of src/kernel/ as a module, by its name without .ts. */
async function load() {
  const names = readdirSync(KERNEL)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => basename(file, ".ts"));
  const contents = names.map(
    (name) => `export * as ${JSON.stringify(name)} from ${JSON.stringify(`${KERNEL}${name}.ts`)};`,
  );
  const { outputFiles } = await build({
    stdin: { contents: contents.join("\n"), resolveDir: KERNEL },
    ...{ bundle: true, write: false, format: "esm", platform: "neutral", target: "es2022" },
  });
  const file = join(work, "kernel.mjs");
  writeFileSync(file, outputFiles[0].contents);
  return await import(file);
}

function compareConstants(tables) {
  const wrong = [];
  for (const [file, exports] of Object.entries(tables)) {
    if (["calls", "layouts", "flags", "quote"].includes(file)) continue;
    for (const [table, values] of Object.entries(exports)) {
      if (typeof values !== "object" || OTHER.has(table)) continue;
      const headers = HEADERS[`${file} ${table}`] ?? HEADERS[file];
      if (headers === undefined) wrong.push(`${file}.ts: scripts/tables.mjs does not know its headers`);
      else wrong.push(...compare(`${file}.ts ${table}`, headers, "", values, UNTOLD));
    }
  }
  return wrong;
}

function compareCalls(calls) {
  const numbers = (arch) =>
    Object.fromEntries(Object.entries(calls).map(([name, call]) => [`__NR_${name}`, call[arch]]));
  const arm64 = ["__ARCH_WANT_SET_GET_RLIMIT", "__ARCH_WANT_NEW_STAT", "__ARCH_WANT_SYS_CLONE3"].map(
    (name) => `#define ${name}\n`,
  );
  return [
    ...compare("calls.ts x64", ["asm/unistd_64.h"], "", numbers("x64"), {}),
    ...compare(
      "calls.ts arm64",
      ["asm-generic/unistd.h"],
      `${arm64.join("")}#define __BITS_PER_LONG 64\n`,
      numbers("arm64"),
      {},
    ),
  ];
}

function compareLayouts(layouts) {
  return Object.entries(layouts).flatMap(([name, { size, fields }]) => {
    if (STRUCTS[name] === undefined) return [`layouts.ts ${name}: scripts/tables.mjs does not know its struct`];
    const [type, headers, names = {}, define = ""] = STRUCTS[name];
    const values = { [`sizeof(${type})`]: size };
    for (const field of fields) {
      const member = names[field.name] ?? field.name;
      values[`__builtin_offsetof(${type}, ${member})`] = field.offset;
      values[`sizeof(((${type} *)0)->${member})`] = field.size;
    }
    return compare(`layouts.ts ${name}`, headers, "", values, {}, define);
  });
}

/**
 * What differs between the headers and `values`. The compiler alone decides whether anything does, for linking and
 * running take most of the time; only then a program prints what the headers say.
 */
function compare(what, headers, before, values, untold, define = "") {
  const names = Object.keys(values).filter((name) => !(name in untold));
  const includes = ["stdio.h", ...headers].map((header) => `#include <${header}>\n`).join("");
  const head = `#define _GNU_SOURCE\n${before}${includes}${define}\n`;
  const asserts = names.map((name) => `_Static_assert(${sameInC(name, values[name])}, "");\n`);
  if (compile(head + asserts.join(""), "-fsyntax-only") === "") return [];
  const lines = names.map((name) => `  printf("%lld\\n", (long long)(${name}));\n`);
  const errors = compile(`${head}int main(void) {\n${lines.join("")}}\n`);
  if (errors !== "") {
    const told = errors.split("\n").filter((line) => line.includes("error:"));
    return told.map((line) => `${what}: ${line}`);
  }
  const told = execFileSync(PROGRAM, { encoding: "utf8" }).trimEnd().split("\n");
  return names.flatMap((name, index) => {
    const [ours, theirs] = [BigInt(values[name]), BigInt(told[index])];
    const same = ours === theirs || (theirs < 0n && BigInt.asUintN(32, theirs) === ours);
    return same ? [] : [`${what}: ${name} is ${theirs} in the headers, ${ours} in our table`];
  });
}

/** A C int with its highest bit set is a negative number: only 32 bits count then. */
function sameInC(name, value) {
  return `(long long)(${name}) == ${value}LL || ((long long)(${name}) < 0 && (unsigned)(${name}) == ${value}LL)`;
}

/** What the compiler complains of; "" when it does not. */
function compile(source, ...options) {
  writeFileSync(`${PROGRAM}.c`, source);
  try {
    execFileSync("cc", ["-w", ...options, "-o", PROGRAM, `${PROGRAM}.c`], { stdio: ["ignore", "ignore", "pipe"] });
    return "";
  } catch (error) {
    return String(error.stderr);
  }
}
