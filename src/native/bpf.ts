// SPDX-License-Identifier: Apache-2.0
/**
 * Programs of eBPF for the devices of a cgroup. bpf(2), which libc has no function for.
 *
 * Each call is given a whole union bpf_attr: Linux 6.17 to 7.1 write to its offset 56 whatever size they are told.
 * EPERM: without CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, in the first user namespace.
 */
import { SyscallError } from "../errors/errors.ts";
import { BPF, BPF_CGROUP_DEVICE, BPF_F, BPF_PROG_TYPE_CGROUP_DEVICE } from "../kernel/bpf.ts";
import { type ErrnoName, errnoText } from "../kernel/errno.ts";
import { printFlags } from "../kernel/flags.ts";
import { addon } from "./addon.ts";
import { failure, must } from "./call.ts";
import type { Fd } from "./fd.ts";
import { callNumber, cString, rawSyscall } from "./syscall.ts";

const ATTR_SIZE = 128;
const LOG_SIZE = 64 * 1024;
const LOG_LINES = 8;
const INSN_SIZE = 8;
const EPERM = 1;
const ENOSPC = 28;

/**
 * `bpf(BPF_PROG_LOAD, {prog_type=BPF_PROG_TYPE_CGROUP_DEVICE, …})` → the program, checked by the kernel
 *
 * EINVAL, EACCES: the verifier refuses it; the error's `kernelLog` has its reason. E2BIG: it is too long to be verified.
 *
 * union bpf_attr: prog_type 0-3, insn_cnt 4-7, insns 8-15, license 16-23, log_level 24-27, log_size 28-31, log_buf 32-39.
 */
export function loadDeviceProgram(insns: Uint8Array): Fd {
  const license = cString("Apache-2.0");
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(BPF_PROG_TYPE_CGROUP_DEVICE, 0);
  attr.writeUInt32LE(insns.length / INSN_SIZE, 4);
  attr.writeBigUInt64LE(addon().address(insns), 8);
  attr.writeBigUInt64LE(addon().address(license), 16);
  const fd = bpf("BPF_PROG_LOAD", attr);
  if (fd >= 0) return fd as Fd;
  const line = `bpf(BPF_PROG_LOAD, {prog_type=BPF_PROG_TYPE_CGROUP_DEVICE, insn_cnt=${insns.length / INSN_SIZE}}, ${ATTR_SIZE})`;
  const { call, errno } = failure(fd, line);
  const kernelLog = fd === -EPERM ? undefined : verifierLog(attr);
  throw new SyscallError(call, errno, { text: errnoText(errno as ErrnoName), kernelLog });
}

/** What the verifier says of a program that it refuses: its last words, before which stands the program. */
function verifierLog(attr: Buffer): string {
  const log = Buffer.alloc(LOG_SIZE);
  attr.writeUInt32LE(1, 24);
  attr.writeUInt32LE(log.length, 28);
  attr.writeBigUInt64LE(addon().address(log), 32);
  bpf("BPF_PROG_LOAD", attr);
  return log.toString("utf8", 0, log.indexOf(0)).trim().split("\n").slice(-LOG_LINES).join("\n");
}

/**
 * `bpf(BPF_PROG_ATTACH, {target_fd, attach_bpf_fd, BPF_CGROUP_DEVICE, BPF_F_ALLOW_MULTI})`
 *
 * With `replaced`, the program takes that one's place between one access and the next. EPERM: a program is attached
 * that allows no others.
 *
 * union bpf_attr: target_fd 0-3, attach_bpf_fd 4-7, attach_type 8-11, attach_flags 12-15, replace_bpf_fd 16-19.
 */
export function attachDeviceProgram(cgroup: Fd, program: Fd, replaced?: Fd): void {
  const flags = BPF_F.BPF_F_ALLOW_MULTI | (replaced === undefined ? 0 : BPF_F.BPF_F_REPLACE);
  const attr = attachment(cgroup, program);
  attr.writeUInt32LE(flags, 12);
  attr.writeUInt32LE(replaced ?? 0, 16);
  must(
    bpf("BPF_PROG_ATTACH", attr),
    () =>
      `bpf(BPF_PROG_ATTACH, {target_fd=${cgroup}, attach_bpf_fd=${program}, attach_type=BPF_CGROUP_DEVICE, attach_flags=${printFlags(BPF_F, flags)}}, ${ATTR_SIZE})`,
  );
}

/** `bpf(BPF_PROG_DETACH, {target_fd, attach_bpf_fd, BPF_CGROUP_DEVICE})`. ENOENT: it is not attached there. */
export function detachDeviceProgram(cgroup: Fd, program: Fd): void {
  must(
    bpf("BPF_PROG_DETACH", attachment(cgroup, program)),
    () =>
      `bpf(BPF_PROG_DETACH, {target_fd=${cgroup}, attach_bpf_fd=${program}, attach_type=BPF_CGROUP_DEVICE}, ${ATTR_SIZE})`,
  );
}

/**
 * `bpf(BPF_PROG_QUERY, {target_fd, BPF_CGROUP_DEVICE})` → the ids of the programs that are attached to the cgroup itself
 *
 * union bpf_attr: target_fd 0-3, attach_type 4-7, prog_ids 16-23, prog_cnt 24-27.
 */
export function devicePrograms(cgroup: Fd): readonly number[] {
  for (let room = 16; ; ) {
    const ids = Buffer.alloc(4 * room);
    const attr = Buffer.alloc(ATTR_SIZE);
    attr.writeUInt32LE(cgroup, 0);
    attr.writeUInt32LE(BPF_CGROUP_DEVICE, 4);
    attr.writeBigUInt64LE(addon().address(ids), 16);
    attr.writeUInt32LE(room, 24);
    const result = bpf("BPF_PROG_QUERY", attr);
    const count = attr.readUInt32LE(24);
    if (result === -ENOSPC && count > room) {
      room = count;
      continue;
    }
    must(result, () => `bpf(BPF_PROG_QUERY, {target_fd=${cgroup}, attach_type=BPF_CGROUP_DEVICE}, ${ATTR_SIZE})`);
    return Array.from({ length: count }, (_, index) => ids.readUInt32LE(4 * index));
  }
}

/** `bpf(BPF_PROG_GET_FD_BY_ID, {prog_id})` → the program. ENOENT: it is gone. */
export function programById(id: number): Fd {
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(id, 0);
  return must(
    bpf("BPF_PROG_GET_FD_BY_ID", attr),
    () => `bpf(BPF_PROG_GET_FD_BY_ID, {prog_id=${id}}, ${ATTR_SIZE})`,
  ) as Fd;
}

function attachment(cgroup: Fd, program: Fd): Buffer {
  const attr = Buffer.alloc(ATTR_SIZE);
  attr.writeUInt32LE(cgroup, 0);
  attr.writeUInt32LE(program, 4);
  attr.writeUInt32LE(BPF_CGROUP_DEVICE, 8);
  return attr;
}

function bpf(command: keyof typeof BPF, attr: Buffer): number {
  return rawSyscall(callNumber("bpf"), BPF[command], attr, attr.length);
}
