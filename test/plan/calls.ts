// SPDX-License-Identifier: Apache-2.0
/**
 * Calls and their lines. Each may be made by root in namespaces of its own (mount, uts, net) without effect on others,
 * so that print.test.ts compares the lines with what is written here, and strace.test.ts with what strace writes.
 */
import { ACCESS } from "../../src/kernel/access.ts";
import type { CallName } from "../../src/kernel/calls.ts";
import { CAP, LINUX_CAPABILITY } from "../../src/kernel/capability.ts";
import { CLONE } from "../../src/kernel/clone.ts";
import { CLOSE_RANGE } from "../../src/kernel/close-range.ts";
import type { ErrnoName } from "../../src/kernel/errno.ts";
import { F, FD, LOCK, SEEK } from "../../src/kernel/fcntl.ts";
import { NS, TIOC } from "../../src/kernel/ioctl.ts";
import { IOPRIO_WHO } from "../../src/kernel/ioprio.ts";
import { KEY, KEY_SPEC, KEYCTL } from "../../src/kernel/keyctl.ts";
import { F_SEAL, MFD } from "../../src/kernel/memfd.ts";
import { MPOL, MPOL_F } from "../../src/kernel/mempolicy.ts";
import {
  FSCONFIG,
  FSMOUNT,
  FSOPEN,
  FSPICK,
  MNT,
  MOUNT_ATTR,
  MOVE_MOUNT,
  MS,
  OPEN_TREE,
} from "../../src/kernel/mount.ts";
import { AT, O, RESOLVE, S } from "../../src/kernel/open.ts";
import { PER, PERSONALITY_QUERY } from "../../src/kernel/personality.ts";
import { PR, PR_CAP_AMBIENT, SECBIT } from "../../src/kernel/prctl.ts";
import { RLIM64_INFINITY, RLIMIT } from "../../src/kernel/rlimit.ts";
import { SCHED, SCHED_FLAG } from "../../src/kernel/sched.ts";
import { SIG } from "../../src/kernel/signal.ts";
import { AF, IFF, MSG, SCM, SHUT, SIOC, SOCK, SOL } from "../../src/kernel/socket.ts";
import { STATX } from "../../src/kernel/statx.ts";
import { W } from "../../src/kernel/wait.ts";
import { bytes, flags, int, mode, NULL, string, strings, struct } from "../../src/plan/operands.ts";
import type { Operand } from "../../src/plan/step.ts";

interface Turn {
  readonly policy: keyof typeof SCHED;
  readonly nice?: number;
  readonly priority?: number;
  readonly runtime?: number;
  readonly deadline?: number;
  readonly period?: number;
}

/** A file descriptor that no process has. */
const NONE = int(99);
const OTHER = int(98);
const CWD = flags(AT, AT.AT_FDCWD);
const GONE = string("/gone/away");
const attr = (fields: Readonly<Record<string, Operand>>) => struct("mount_attr", fields);
const how = (fields: Readonly<Record<string, Operand>>) => struct("open_how", fields);

/** The line, the call, its operands, the errno with which it fails; none if it succeeds. */
export type Case = readonly [line: string, call: CallName, args: readonly Operand[], errno?: ErrnoName];

const FILES: readonly Case[] = [
  ['openat(AT_FDCWD, "/gone/away", O_RDONLY|O_CLOEXEC)', "openat", [CWD, GONE, flags(O, O.O_CLOEXEC)], "ENOENT"],
  [
    'openat(AT_FDCWD, "/gone/away", O_WRONLY|O_CREAT|O_EXCL|O_TRUNC|O_NOFOLLOW, 0600)',
    "openat",
    [int(AT.AT_FDCWD), GONE, flags(O, O.O_WRONLY | O.O_CREAT | O.O_EXCL | O.O_TRUNC | O.O_NOFOLLOW), mode(0o600)],
    "ENOENT",
  ],
  [
    'openat(99, "x", O_RDWR|O_SYNC|O_TMPFILE, 000)',
    "openat",
    [NONE, string("x"), flags(O, O.O_RDWR | O.O_TMPFILE | O.O_SYNC), int(0)],
    "EBADF",
  ],
  [
    'openat2(99, "x", {flags=O_RDONLY|O_NOFOLLOW|O_CLOEXEC|O_PATH|O_DIRECTORY, resolve=RESOLVE_NO_XDEV|RESOLVE_IN_ROOT}, 24)',
    "openat2",
    [
      NONE,
      string("x"),
      how({
        flags: flags(O, O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC | O.O_NOFOLLOW),
        resolve: flags(RESOLVE, RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_XDEV),
      }),
      int(24),
    ],
    "EBADF",
  ],
  [
    'openat2(99, "x", {flags=O_RDWR|O_CREAT, mode=0644, resolve=0}, 24)',
    "openat2",
    [NONE, string("x"), how({ flags: flags(O, O.O_RDWR | O.O_CREAT), mode: mode(0o644) }), int(24)],
    "EBADF",
  ],
  ['mkdirat(99, "dev", 0755)', "mkdirat", [NONE, string("dev"), mode(0o755)], "EBADF"],
  ['mkdirat(99, "tmp", 01777)', "mkdirat", [NONE, string("tmp"), int(0o1777)], "EBADF"],
  [
    'mknodat(99, "null", S_IFCHR|0666, makedev(0x1, 0x3))',
    "mknodat",
    [NONE, string("null"), flags(S, S.S_IFCHR | 0o666), int(0x103)],
    "EBADF",
  ],
  [
    'mknodat(99, "sd", S_IFBLK|S_ISUID|0600, makedev(0x456, 0x12378))',
    "mknodat",
    [NONE, string("sd"), mode(S.S_IFBLK | S.S_ISUID | 0o600), int(0x12345678)],
    "EBADF",
  ],
  ['mknodat(99, "file", S_IFREG|000)', "mknodat", [NONE, string("file"), flags(S, S.S_IFREG), int(0)], "EBADF"],
  ['symlinkat("h\\303\\251\\1\\t\\"", 99, "fd")', "symlinkat", [string('hé\u0001\t"'), NONE, string("fd")], "EBADF"],
  [
    'linkat(99, "a", 98, "b", AT_SYMLINK_FOLLOW|AT_EMPTY_PATH)',
    "linkat",
    [NONE, string("a"), OTHER, string("b"), flags(AT, AT.AT_SYMLINK_FOLLOW | AT.AT_EMPTY_PATH)],
    "EBADF",
  ],
  ['unlinkat(99, "a", AT_REMOVEDIR)', "unlinkat", [NONE, string("a"), flags(AT, AT.AT_REMOVEDIR)], "EBADF"],
  ['unlinkat(99, "a", 0)', "unlinkat", [NONE, string("a"), int(0)], "EBADF"],
  [
    'fchownat(99, "", 1000, -1, AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH)',
    "fchownat",
    [NONE, string(""), int(1000), int(0xffff_ffff), flags(AT, AT.AT_EMPTY_PATH | AT.AT_SYMLINK_NOFOLLOW)],
    "EBADF",
  ],
  ["fchown(99, 0, 5)", "fchown", [NONE, int(0), int(5)], "EBADF"],
  ["fchmod(99, 0755)", "fchmod", [NONE, int(0o755)], "EBADF"],
  ['fchmodat(99, "a", 04755)', "fchmodat", [NONE, string("a"), mode(0o4755)], "EBADF"],
  ["umask(022)", "umask", [mode(0o22)]],
  ["umask(000)", "umask", [int(0)]],
  ["dup3(99, 7, O_CLOEXEC)", "dup3", [NONE, int(7), flags(O, O.O_CLOEXEC)], "EBADF"],
  ["dup3(99, 7, 0)", "dup3", [NONE, int(7), flags(O, 0)], "EBADF"],
  ["fcntl(99, F_SETFD, FD_CLOEXEC)", "fcntl", [NONE, flags(F, F.F_SETFD), flags(FD, FD.FD_CLOEXEC)], "EBADF"],
  ["fcntl(99, F_SETFD, 0)", "fcntl", [NONE, int(F.F_SETFD), int(0)], "EBADF"],
  ["fcntl(99, F_GETFD)", "fcntl", [NONE, int(F.F_GETFD)], "EBADF"],
  ["fcntl(99, F_DUPFD_CLOEXEC, 10)", "fcntl", [NONE, int(F.F_DUPFD_CLOEXEC), int(10)], "EBADF"],
  ["fcntl(99, F_SETFL, O_RDONLY|O_NONBLOCK)", "fcntl", [NONE, int(F.F_SETFL), flags(O, O.O_NONBLOCK)], "EBADF"],
  [
    "fcntl(99, F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_WRITE)",
    "fcntl",
    [NONE, int(F.F_ADD_SEALS), int(F_SEAL.F_SEAL_WRITE | F_SEAL.F_SEAL_SEAL)],
    "EBADF",
  ],
  ["lseek(99, 0, SEEK_SET)", "lseek", [NONE, int(0), flags(SEEK, SEEK.SEEK_SET)], "EBADF"],
  ["sendfile(99, 98, NULL, 4096)", "sendfile", [NONE, OTHER, NULL, int(4096)], "EBADF"],
  [
    "copy_file_range(99, NULL, 98, NULL, 4096, 0)",
    "copy_file_range",
    [NONE, NULL, OTHER, NULL, int(4096), int(0)],
    "EBADF",
  ],
  ['write(99, "0 1000 1\\n", 9)', "write", [NONE, bytes("0 1000 1\n"), int(9)], "EBADF"],
  [
    'write(99, "\\0\\0011\\33[\\377\\09", 8)',
    "write",
    [NONE, bytes(Uint8Array.of(0, 1, 0x31, 27, 0x5b, 255, 0, 0x39)), int(8)],
    "EBADF",
  ],
  ['faccessat(99, "a", F_OK)', "faccessat", [NONE, string("a"), flags(ACCESS, 0)], "EBADF"],
  [
    'faccessat2(99, "a", R_OK|W_OK|X_OK, AT_SYMLINK_NOFOLLOW|AT_EACCESS|AT_EMPTY_PATH)',
    "faccessat2",
    [
      NONE,
      string("a"),
      flags(ACCESS, ACCESS.R_OK | ACCESS.W_OK | ACCESS.X_OK),
      flags(AT, AT.AT_EACCESS | AT.AT_EMPTY_PATH | AT.AT_SYMLINK_NOFOLLOW),
    ],
    "EBADF",
  ],
  ["flock(99, LOCK_EX|LOCK_NB)", "flock", [NONE, flags(LOCK, LOCK.LOCK_EX | LOCK.LOCK_NB)], "EBADF"],
  ["ftruncate(99, 10)", "ftruncate", [NONE, int(10)], "EBADF"],
  ["close_range(200, 4294967295, CLOSE_RANGE_CLOEXEC)", "close_range", [int(200), int(-1), flags(CLOSE_RANGE, 4)]],
  ["close_range(200, 4294967295, 0)", "close_range", [int(200), int(0xffff_ffff), int(0)]],
  ['memfd_create("x", MFD_CLOEXEC|MFD_ALLOW_SEALING)', "memfd_create", [string("x"), flags(MFD, 3)]],
];

const MOUNTS: readonly Case[] = [
  [
    'mount("proc", "/gone/away", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)',
    "mount",
    [string("proc"), GONE, string("proc"), flags(MS, MS.MS_NOSUID | MS.MS_NODEV | MS.MS_NOEXEC), NULL],
    "ENOENT",
  ],
  [
    'mount(NULL, "/gone/away", NULL, MS_REC|MS_SLAVE, NULL)',
    "mount",
    [NULL, GONE, NULL, flags(MS, MS.MS_SLAVE | MS.MS_REC), NULL],
    "ENOENT",
  ],
  [
    'mount("tmpfs", "/gone/away", "tmpfs", 0, "mode=755,size=64k")',
    "mount",
    [string("tmpfs"), GONE, string("tmpfs"), flags(MS, 0), string("mode=755,size=64k")],
    "ENOENT",
  ],
  ['umount2("/gone/away", MNT_DETACH|UMOUNT_NOFOLLOW)', "umount2", [GONE, flags(MNT, 10)], "ENOENT"],
  ['pivot_root("/gone/away", ".")', "pivot_root", [GONE, string(".")], "ENOENT"],
  ['chroot("/gone/away")', "chroot", [GONE], "ENOENT"],
  ['chdir("/gone/away")', "chdir", [GONE], "ENOENT"],
  ["fchdir(99)", "fchdir", [NONE], "EBADF"],
  [
    'open_tree(99, "", OPEN_TREE_CLONE|OPEN_TREE_CLOEXEC|AT_EMPTY_PATH|AT_RECURSIVE)',
    "open_tree",
    [
      NONE,
      string(""),
      flags(OPEN_TREE, OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | AT.AT_EMPTY_PATH | AT.AT_RECURSIVE),
    ],
    "EBADF",
  ],
  [
    'move_mount(99, "", 98, "", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH)',
    "move_mount",
    [NONE, string(""), OTHER, string(""), flags(MOVE_MOUNT, 0x44)],
    "EBADF",
  ],
  [
    'move_mount(99, "", AT_FDCWD, "/gone/away", MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_BENEATH)',
    "move_mount",
    [NONE, string(""), CWD, GONE, flags(MOVE_MOUNT, 0x204)],
    "ENOENT",
  ],
  ['fsopen("gone", FSOPEN_CLOEXEC)', "fsopen", [string("gone"), flags(FSOPEN, 1)], "ENODEV"],
  [
    'fsconfig(99, FSCONFIG_SET_FLAG, "ro", NULL, 0)',
    "fsconfig",
    [NONE, flags(FSCONFIG, FSCONFIG.FSCONFIG_SET_FLAG), string("ro"), NULL, int(0)],
    "EBADF",
  ],
  [
    'fsconfig(99, FSCONFIG_SET_STRING, "mode", "0x8|0x4", 0)',
    "fsconfig",
    [NONE, flags(FSCONFIG, FSCONFIG.FSCONFIG_SET_STRING), string("mode"), string("0x8|0x4"), int(0)],
    "EBADF",
  ],
  [
    'fsconfig(99, FSCONFIG_SET_BINARY, "key", "\\x61\\x00", 2)',
    "fsconfig",
    [NONE, flags(FSCONFIG, FSCONFIG.FSCONFIG_SET_BINARY), string("key"), bytes("a\0"), int(2)],
    "EBADF",
  ],
  [
    'fsconfig(99, FSCONFIG_SET_PATH, "lowerdir", "/gone/away", AT_FDCWD)',
    "fsconfig",
    [NONE, flags(FSCONFIG, FSCONFIG.FSCONFIG_SET_PATH), string("lowerdir"), GONE, CWD],
    "EBADF",
  ],
  [
    'fsconfig(99, FSCONFIG_SET_FD, "fd", NULL, 98)',
    "fsconfig",
    [NONE, flags(FSCONFIG, FSCONFIG.FSCONFIG_SET_FD), string("fd"), NULL, OTHER],
    "EBADF",
  ],
  [
    "fsconfig(99, FSCONFIG_CMD_CREATE, NULL, NULL, 0)",
    "fsconfig",
    [NONE, flags(FSCONFIG, FSCONFIG.FSCONFIG_CMD_CREATE), NULL, NULL, int(0)],
    "EBADF",
  ],
  [
    "fsmount(99, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID|MOUNT_ATTR_NOEXEC)",
    "fsmount",
    [NONE, flags(FSMOUNT, 1), flags(MOUNT_ATTR, 10)],
    "EBADF",
  ],
  ["fsmount(99, FSMOUNT_CLOEXEC, 0)", "fsmount", [NONE, flags(FSMOUNT, 1), flags(MOUNT_ATTR, 0)], "EBADF"],
  [
    "fsmount(99, 0, MOUNT_ATTR_NOATIME|MOUNT_ATTR_NOSYMFOLLOW)",
    "fsmount",
    [NONE, int(0), flags(MOUNT_ATTR, MOUNT_ATTR.MOUNT_ATTR_NOATIME | MOUNT_ATTR.MOUNT_ATTR_NOSYMFOLLOW)],
    "EBADF",
  ],
  [
    'fspick(99, "", FSPICK_CLOEXEC|FSPICK_EMPTY_PATH)',
    "fspick",
    [NONE, string(""), flags(FSPICK, FSPICK.FSPICK_CLOEXEC | FSPICK.FSPICK_EMPTY_PATH)],
    "EBADF",
  ],
  [
    'mount_setattr(99, "", AT_EMPTY_PATH|AT_RECURSIVE, {attr_set=MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID, attr_clr=0, propagation=0, userns_fd=0}, 32)',
    "mount_setattr",
    [
      NONE,
      string(""),
      flags(AT, AT.AT_EMPTY_PATH | AT.AT_RECURSIVE),
      attr({ attr_set: flags(MOUNT_ATTR, 3) }),
      int(32),
    ],
    "EBADF",
  ],
  [
    'mount_setattr(99, "", AT_EMPTY_PATH, {attr_set=MOUNT_ATTR_STRICTATIME|MOUNT_ATTR_IDMAP, attr_clr=MOUNT_ATTR__ATIME|MOUNT_ATTR_NODIRATIME, propagation=MS_PRIVATE, userns_fd=97}, 32)',
    "mount_setattr",
    [
      NONE,
      string(""),
      flags(AT, AT.AT_EMPTY_PATH),
      attr({
        attr_set: flags(MOUNT_ATTR, MOUNT_ATTR.MOUNT_ATTR_IDMAP | MOUNT_ATTR.MOUNT_ATTR_STRICTATIME),
        attr_clr: flags(MOUNT_ATTR, MOUNT_ATTR.MOUNT_ATTR__ATIME | MOUNT_ATTR.MOUNT_ATTR_NODIRATIME),
        propagation: flags(MS, MS.MS_PRIVATE),
        userns_fd: int(97),
      }),
      int(32),
    ],
    "EBADF",
  ],
  [
    'statx(99, "x", AT_STATX_SYNC_AS_STAT|AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS|STATX_MNT_ID, {...})',
    "statx",
    [
      NONE,
      string("x"),
      flags(AT, AT.AT_SYMLINK_NOFOLLOW),
      flags(STATX, STATX.STATX_BASIC_STATS | STATX.STATX_MNT_ID),
      { kind: "out", layout: "statx" },
    ],
    "EBADF",
  ],
  [
    'statx(AT_FDCWD, "/", AT_STATX_FORCE_SYNC, STATX_TYPE|STATX_MODE, {...})',
    "statx",
    [CWD, string("/"), int(AT.AT_STATX_FORCE_SYNC), int(3), { kind: "out", layout: "statx" }],
  ],
  ["fstatfs(99, {...})", "fstatfs", [NONE, { kind: "out", layout: "statfs" }], "EBADF"],
  ['statfs("/proc", {...})', "statfs", [string("/proc"), { kind: "out", layout: "statfs" }]],
  ["getcwd({...}, 4096)", "getcwd", [{ kind: "out", layout: "path" }, int(4096)]],
  ['getcwd("...", 4096)', "getcwd", [{ kind: "out", size: 4096 }, int(4096)]],
];

const PROCESS: readonly Case[] = [
  [
    "setns(99, CLONE_NEWNS|CLONE_NEWUSER)",
    "setns",
    [NONE, flags(CLONE, CLONE.CLONE_NEWUSER | CLONE.CLONE_NEWNS)],
    "EBADF",
  ],
  ["unshare(CLONE_NEWTIME|CLONE_NEWIPC)", "unshare", [flags(CLONE, CLONE.CLONE_NEWIPC | CLONE.CLONE_NEWTIME)]],
  ["unshare(0)", "unshare", [int(0)]],
  ["getpid()", "getpid", []],
  [
    "prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)",
    "prctl",
    [flags(PR, PR.PR_SET_DUMPABLE), int(0), int(0), int(0), int(0)],
  ],
  ['prctl(PR_SET_NAME, "tsrun")', "prctl", [flags(PR, PR.PR_SET_NAME), string("tsrun")]],
  ["prctl(PR_SET_KEEPCAPS, 1)", "prctl", [flags(PR, PR.PR_SET_KEEPCAPS), int(1), int(0), int(0), int(0)]],
  ["prctl(PR_CAPBSET_DROP, CAP_AUDIT_READ)", "prctl", [flags(PR, PR.PR_CAPBSET_DROP), flags(CAP, CAP.CAP_AUDIT_READ)]],
  ["prctl(PR_CAPBSET_READ, CAP_CHOWN)", "prctl", [int(PR.PR_CAPBSET_READ), int(0)]],
  [
    "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)",
    "prctl",
    [flags(PR, PR.PR_CAP_AMBIENT), flags(PR_CAP_AMBIENT, PR_CAP_AMBIENT.PR_CAP_AMBIENT_CLEAR_ALL)],
  ],
  [
    "prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_RAW, 0, 0)",
    "prctl",
    [flags(PR, PR.PR_CAP_AMBIENT), int(1), flags(CAP, CAP.CAP_NET_RAW), int(0), int(0)],
  ],
  ["prctl(PR_SET_PDEATHSIG, SIGKILL)", "prctl", [flags(PR, PR.PR_SET_PDEATHSIG), flags(SIG, SIG.SIGKILL)]],
  ["prctl(PR_SET_PDEATHSIG, 0)", "prctl", [flags(PR, PR.PR_SET_PDEATHSIG), int(0)]],
  [
    "prctl(PR_SET_SECUREBITS, SECBIT_KEEP_CAPS|SECBIT_NO_CAP_AMBIENT_RAISE)",
    "prctl",
    [flags(PR, PR.PR_SET_SECUREBITS), flags(SECBIT, SECBIT.SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT.SECBIT_KEEP_CAPS)],
  ],
  ["prctl(PR_GET_SECUREBITS)", "prctl", [flags(PR, PR.PR_GET_SECUREBITS), int(0), int(0), int(0), int(0)]],
  ["prctl(PR_SET_CHILD_SUBREAPER, 1)", "prctl", [flags(PR, PR.PR_SET_CHILD_SUBREAPER), int(1)]],
  ["prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)", "prctl", [flags(PR, PR.PR_SET_NO_NEW_PRIVS), int(1)]],
  [
    "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=99}, {effective=0, permitted=1<<CAP_CHOWN|1<<CAP_CHECKPOINT_RESTORE, inheritable=0})",
    "capset",
    [
      struct("user_cap_header", {
        version: flags(LINUX_CAPABILITY, LINUX_CAPABILITY._LINUX_CAPABILITY_VERSION_3),
        pid: int(99),
      }),
      struct("user_cap_data", { permitted0: int(1), permitted1: int(0x100) }),
    ],
    "EPERM",
  ],
  ["setgroups(0, NULL)", "setgroups", [int(0), NULL]],
  ["setgroups(3, [1, 2, 1000])", "setgroups", [int(3), bytes(Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 0xe8, 3, 0, 0))]],
  ["setresgid(0, 0, -1)", "setresgid", [int(0), int(0), int(-1)]],
  ["setresuid(-1, 0, 0)", "setresuid", [int(0xffff_ffff), int(0), int(0)]],
  ["setgid(0)", "setgid", [int(0)]],
  ["setuid(0)", "setuid", [int(0)]],
  [
    "prlimit64(0, RLIMIT_NOFILE, {rlim_cur=1024, rlim_max=4*1024}, NULL)",
    "prlimit64",
    [int(0), flags(RLIMIT, RLIMIT.RLIMIT_NOFILE), struct("rlimit", { rlim_cur: int(1024), rlim_max: int(4096) }), NULL],
  ],
  [
    "prlimit64(0, RLIMIT_CORE, {rlim_cur=0, rlim_max=RLIM64_INFINITY}, NULL)",
    "prlimit64",
    [int(0), flags(RLIMIT, RLIMIT.RLIMIT_CORE), struct("rlimit", { rlim_max: int(RLIM64_INFINITY) }), NULL],
  ],
  ['sethostname("ada", 3)', "sethostname", [bytes("ada"), int(3)]],
  ['setdomainname("lovelace", 8)', "setdomainname", [bytes("lovelace"), int(8)]],
  ["personality(0xffffffff)", "personality", [int(PERSONALITY_QUERY)]],
  ["personality(PER_LINUX32|ADDR_NO_RANDOMIZE)", "personality", [flags(PER, PER.PER_LINUX32 | PER.ADDR_NO_RANDOMIZE)]],
  ["personality(PER_LINUX)", "personality", [flags(PER, 0)]],
  ["kill(0, 0)", "kill", [int(0), int(0)]],
  ["kill(-99999999, SIGTERM)", "kill", [int(-99999999), flags(SIG, SIG.SIGTERM)], "ESRCH"],
  ["pidfd_open(4194305, 0)", "pidfd_open", [int(4194305), int(0)], "ESRCH"],
  ["wait4(-1, NULL, WNOHANG|__WALL, NULL)", "wait4", [int(-1), NULL, int(W.WNOHANG | W.__WALL), NULL], "ECHILD"],
  [
    'keyctl(KEYCTL_JOIN_SESSION_KEYRING, "_ses")',
    "keyctl",
    [flags(KEYCTL, KEYCTL.KEYCTL_JOIN_SESSION_KEYRING), string("_ses")],
  ],
  [
    "keyctl(KEYCTL_SETPERM, KEY_SPEC_SESSION_KEYRING, KEY_POS_VIEW|KEY_POS_SEARCH|KEY_POS_SETATTR|KEY_USR_READ|KEY_GRP_SEARCH|KEY_OTH_LINK)",
    "keyctl",
    [
      flags(KEYCTL, KEYCTL.KEYCTL_SETPERM),
      flags(KEY_SPEC, KEY_SPEC.KEY_SPEC_SESSION_KEYRING),
      flags(
        KEY,
        KEY.KEY_POS_VIEW |
          KEY.KEY_POS_SEARCH |
          KEY.KEY_POS_SETATTR |
          KEY.KEY_USR_READ |
          KEY.KEY_GRP_SEARCH |
          KEY.KEY_OTH_LINK,
      ),
    ],
  ],
  [
    "keyctl(KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0)",
    "keyctl",
    [flags(KEYCTL, KEYCTL.KEYCTL_GET_KEYRING_ID), int(KEY_SPEC.KEY_SPEC_SESSION_KEYRING), int(0)],
  ],
  ...(
    [
      { policy: "SCHED_BATCH", nice: 3 },
      { policy: "SCHED_OTHER", nice: -5 },
      { policy: "SCHED_RR", priority: 2 },
      { policy: "SCHED_DEADLINE", runtime: 10_000_000, deadline: 20_000_000, period: 30_000_000 },
    ] satisfies readonly Turn[]
  ).map(
    ({ policy, nice = 0, priority = 0, runtime = 0, deadline = 0, period = 0 }: Turn): Case => [
      `sched_setattr(0, {size=56, sched_policy=${policy}, sched_flags=SCHED_FLAG_RESET_ON_FORK, sched_nice=${nice}, sched_priority=${priority}, sched_runtime=${runtime}, sched_deadline=${deadline}, sched_period=${period}, sched_util_min=0, sched_util_max=0}, 1)`,
      "sched_setattr",
      [
        int(0),
        struct("sched_attr", {
          size: int(56),
          sched_policy: flags(SCHED, SCHED[policy]),
          sched_flags: flags(SCHED_FLAG, SCHED_FLAG.SCHED_FLAG_RESET_ON_FORK),
          sched_nice: int(nice),
          sched_priority: int(priority),
          sched_runtime: int(runtime),
          sched_deadline: int(deadline),
          sched_period: int(period),
        }),
        int(1),
      ],
      "EINVAL",
    ],
  ),
  [
    "sched_setattr(0, {size=56, sched_flags=SCHED_FLAG_KEEP_PARAMS, sched_util_min=0, sched_util_max=0}, 0)",
    "sched_setattr",
    [
      int(0),
      struct("sched_attr", { size: int(56), sched_flags: flags(SCHED_FLAG, SCHED_FLAG.SCHED_FLAG_KEEP_PARAMS) }),
      int(0),
    ],
  ],
  [
    "sched_setattr(0, {size=56, sched_flags=SCHED_FLAG_KEEP_POLICY, sched_nice=2, sched_priority=0, sched_runtime=0, sched_deadline=0, sched_period=0, sched_util_min=0, sched_util_max=0}, 0)",
    "sched_setattr",
    [
      int(0),
      struct("sched_attr", {
        size: int(56),
        sched_flags: flags(SCHED_FLAG, SCHED_FLAG.SCHED_FLAG_KEEP_POLICY),
        sched_nice: int(2),
      }),
      int(0),
    ],
  ],
  [
    "ioprio_set(IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 7))",
    "ioprio_set",
    [flags(IOPRIO_WHO, IOPRIO_WHO.IOPRIO_WHO_PROCESS), int(0), int((3 << 13) | 7)],
  ],
  [
    "ioprio_set(IOPRIO_WHO_PGRP, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 0))",
    "ioprio_set",
    [int(IOPRIO_WHO.IOPRIO_WHO_PGRP), int(0), int(2 << 13)],
  ],
  [
    "set_mempolicy(MPOL_BIND|MPOL_F_STATIC_NODES, [0x00000000000001, 0000000000000000, 0x8000000000000000], 193)",
    "set_mempolicy",
    [
      flags({ ...MPOL, ...MPOL_F }, MPOL.MPOL_BIND | MPOL_F.MPOL_F_STATIC_NODES),
      bytes(Uint8Array.from({ length: 24 }, (_, index) => (index === 0 ? 1 : index === 23 ? 0x80 : 0))),
      int(193),
    ],
    "EINVAL",
  ],
  [
    "set_mempolicy(MPOL_DEFAULT, NULL, 0)",
    "set_mempolicy",
    [flags({ ...MPOL, ...MPOL_F }, MPOL.MPOL_DEFAULT), NULL, int(0)],
  ],
  [
    'execve("/gone/away", ["a", "b\\n", ""], ["A=1"])',
    "execve",
    [GONE, strings(["a", "b\n", ""]), strings(["A=1"])],
    "ENOENT",
  ],
  [
    'execveat(99, "", ["a"], [], AT_EMPTY_PATH)',
    "execveat",
    [NONE, string(""), strings(["a"]), strings([]), flags(AT, AT.AT_EMPTY_PATH)],
    "EBADF",
  ],
];

const DEVICES: readonly Case[] = [
  ["ioctl(99, TIOCSPTLCK, [0])", "ioctl", [NONE, flags(TIOC, TIOC.TIOCSPTLCK), struct("int", {})], "EBADF"],
  ["ioctl(99, TIOCSCTTY, 0)", "ioctl", [NONE, flags(TIOC, TIOC.TIOCSCTTY), int(0)], "EBADF"],
  [
    "ioctl(99, TIOCGPTPEER, 0x80102)",
    "ioctl",
    [NONE, flags(TIOC, TIOC.TIOCGPTPEER), flags(O, O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC)],
    "EBADF",
  ],
  [
    "ioctl(99, TIOCSWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0})",
    "ioctl",
    [NONE, flags(TIOC, TIOC.TIOCSWINSZ), struct("winsize", { ws_row: int(24), ws_col: int(80) })],
    "EBADF",
  ],
  ["ioctl(99, NS_GET_NSTYPE)", "ioctl", [NONE, flags(NS, NS.NS_GET_NSTYPE)], "EBADF"],
  [
    'ioctl(99, SIOCSIFFLAGS, {ifr_name="lo", ifr_flags=IFF_UP|IFF_RUNNING})',
    "ioctl",
    [
      NONE,
      flags(SIOC, SIOC.SIOCSIFFLAGS),
      struct("ifreq_flags", { ifr_name: string("lo"), ifr_flags: flags(IFF, IFF.IFF_UP | IFF.IFF_RUNNING) }),
    ],
    "EBADF",
  ],
  [
    "socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP)",
    "socket",
    [flags(AF, AF.AF_INET), flags(SOCK, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC), int(0)],
  ],
  ["socket(AF_UNIX, SOCK_SEQPACKET, 0)", "socket", [flags(AF, AF.AF_UNIX), flags(SOCK, SOCK.SOCK_SEQPACKET), int(0)]],
  ["accept4(99, NULL, NULL, SOCK_CLOEXEC)", "accept4", [NONE, NULL, NULL, flags(SOCK, SOCK.SOCK_CLOEXEC)], "EBADF"],
  ["listen(99, 1)", "listen", [NONE, int(1)], "EBADF"],
  ["shutdown(99, SHUT_RDWR)", "shutdown", [NONE, flags(SHUT, SHUT.SHUT_RDWR)], "EBADF"],
  [
    'sendto(99, "map", 3, MSG_NOSIGNAL, NULL, 0)',
    "sendto",
    [NONE, bytes("map"), int(3), flags(MSG, MSG.MSG_NOSIGNAL), NULL, int(0)],
    "EBADF",
  ],
  [
    "recvfrom(99, {...}, 8, 0, NULL, NULL)",
    "recvfrom",
    [NONE, { kind: "out", layout: "char8" }, int(8), flags(MSG, 0), NULL, NULL],
    "EBADF",
  ],
  [
    'sendmsg(99, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="tty", iov_len=3}], msg_iovlen=1, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[5]}], msg_controllen=24, msg_flags=0}, MSG_NOSIGNAL)',
    "sendmsg",
    [
      NONE,
      struct("msghdr", {
        msg_iov: struct("iovec", { iov_base: bytes("tty"), iov_len: int(3) }),
        msg_iovlen: int(1),
        msg_control: struct("cmsg_fd", {
          cmsg_len: int(20),
          cmsg_level: flags(SOL, SOL.SOL_SOCKET),
          cmsg_type: flags(SCM, SCM.SCM_RIGHTS),
          cmsg_data: int(5),
        }),
        msg_controllen: int(24),
      }),
      flags(MSG, MSG.MSG_NOSIGNAL),
    ],
    "EBADF",
  ],
];

export const CASES: readonly Case[] = [...FILES, ...MOUNTS, ...PROCESS, ...DEVICES];
