// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { ACCESS } from "../../src/kernel/access.ts";
import { CAP } from "../../src/kernel/capability.ts";
import { CLONE } from "../../src/kernel/clone.ts";
import { type FlagTable, flagsFor, hex, octal, printFlags, printName } from "../../src/kernel/flags.ts";
import { MOUNT_ATTR, MS } from "../../src/kernel/mount.ts";
import { AT, AT_STATX, O, S } from "../../src/kernel/open.ts";
import { PER } from "../../src/kernel/personality.ts";
import { SIG } from "../../src/kernel/signal.ts";
import { SOCK } from "../../src/kernel/socket.ts";

describe("a value is printed by the names of its table", () => {
  const values: readonly (readonly [text: string, table: FlagTable, value: number | bigint])[] = [
    ["0", MS, 0],
    ["MS_NOSUID|MS_NODEV", MS, 6],
    ["MS_NOSUID|MS_NODEV", MS, 6n],
    ["O_RDONLY", O, 0],
    ["O_RDONLY|O_CLOEXEC", O, O.O_CLOEXEC],
    ["O_WRONLY|O_SYNC", O, O.O_WRONLY | O.O_SYNC],
    ["O_RDWR|O_DSYNC", O, O.O_RDWR | O.O_DSYNC],
    ["O_RDWR|O_TMPFILE", O, O.O_RDWR | O.O_TMPFILE],
    ["O_RDONLY|O_DIRECTORY", O, O.O_DIRECTORY],
    ["AT_FDCWD", AT, -100],
    ["AT_EMPTY_PATH|AT_RECURSIVE", AT, AT.AT_RECURSIVE | AT.AT_EMPTY_PATH],
    ["AT_STATX_SYNC_AS_STAT|AT_EMPTY_PATH", AT_STATX, AT.AT_EMPTY_PATH],
    ["F_OK", ACCESS, 0],
    ["S_IFCHR|0666", S, S.S_IFCHR | 0o666],
    ["S_IFDIR|S_ISVTX|0777", S, S.S_IFDIR | 0o1777],
    ["S_IFREG|000", S, S.S_IFREG],
    ["PER_LINUX", PER, 0],
    ["PER_LINUX32|READ_IMPLIES_EXEC", PER, 0x400008],
    ["SOCK_SEQPACKET|SOCK_CLOEXEC", SOCK, SOCK.SOCK_SEQPACKET | SOCK.SOCK_CLOEXEC],
    ["0", MOUNT_ATTR, 0],
    ["MOUNT_ATTR__ATIME", MOUNT_ATTR, 0x70],
    ["MOUNT_ATTR_NOATIME|MOUNT_ATTR_NODIRATIME", MOUNT_ATTR, 0x90],
    ["CAP_CHOWN", CAP, 0],
    ["CAP_FOWNER", CAP, 3],
    ["SIGCHLD", SIG, 17],
    // | of JavaScript makes a negative number of the highest bit.
    ["CLONE_NEWNS|CLONE_IO", CLONE, CLONE.CLONE_NEWNS | CLONE.CLONE_IO],
  ];
  test.each(values)("%s", (text, table, value) => {
    expect(printFlags(table, value)).toBe(text);
  });

  test.each([
    ["a bit without a name", MS, 1 << 30],
    ["a capability that does not exist", CAP, 63],
    ["a signal that is a sum of others", SIG, 35],
    ["a type of sockets that does not exist", SOCK, 9],
  ] as const)("%s is an error", (_, table, value) => {
    expect(() => printFlags(table, value)).toThrow(RangeError);
  });

  test("a name is of exactly one value", () => {
    expect(printName(MS, 2)).toBe("MS_NOSUID");
    expect(() => printName(MS, 6)).toThrow(RangeError);
  });
});

describe("a value for an architecture", () => {
  test.each([
    ["O_DIRECTORY", O, O.O_DIRECTORY, 0o40000n],
    ["O_NOFOLLOW|O_CLOEXEC", O, O.O_NOFOLLOW | O.O_CLOEXEC, 0o2100000n],
    ["O_RDWR|O_TMPFILE", O, O.O_RDWR | O.O_TMPFILE, 0o20040002n],
    ["O_DIRECT|O_LARGEFILE", O, O.O_DIRECT | O.O_LARGEFILE, 0o600000n],
    ["flags of other tables", MS, 0o200000, 0o200000n],
  ] as const)("%s", (_, table, value, arm64) => {
    expect(flagsFor("arm64", table, value)).toBe(arm64);
    expect(flagsFor("x64", table, value)).toBe(BigInt(value));
  });

  test("keeps 64 bits, and no sign", () => {
    expect(flagsFor("x64", MS, -1)).toBe(0xffff_ffffn);
    expect(flagsFor("x64", MS, -1n)).toBe(0xffff_ffff_ffff_ffffn);
  });
});

test("octal and hexadecimal numbers are written as strace writes them", () => {
  expect([0, 7, 0o22, 0o755, 0o1777].map(octal)).toEqual(["000", "007", "022", "0755", "01777"]);
  expect([0, 10, 255n].map(hex)).toEqual(["0", "0xa", "0xff"]);
});
