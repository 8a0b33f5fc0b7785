// SPDX-License-Identifier: Apache-2.0
/**
 * The listener of a filter reaches the runtime, which hands it on. config-linux.md#seccomp, seccomp_unotify(2).
 *
 * Under its filter the image may not be able to send anything. So a thread without the filter, the messenger, shares its
 * memory and its descriptors: it sees the number of the listener as soon as the call has returned, and sends it. The end
 * of execve(2) is the end of the messenger, too; so the image waits until the runtime has the listener, by a call that
 * the filter lets through, or tells of, which the runtime then answers itself.
 */
import { decodeClassic } from "../bpf/classic.ts";
import { steadyVerdicts } from "../bpf/classic-steady.ts";
import { CALLS, type CallName } from "../kernel/calls.ts";
import { CLONE } from "../kernel/clone.ts";
import { F, FD } from "../kernel/fcntl.ts";
import { FUTEX } from "../kernel/futex.ts";
import { AUDIT_ARCH, SECCOMP_FILTER_FLAG } from "../kernel/seccomp.ts";
import { MSG, SCM, SOL } from "../kernel/socket.ts";
import { address, buffer, bytes, flags, int, NULL, ref, struct } from "../plan/operands.ts";
import { type Call, NEXT, type Operand } from "../plan/step.ts";
import { at, type Draft, type FilterProgram, type Make, type Scope } from "./scope.ts";

const POINTER = "/linux/seccomp/listenerPath";

const { CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_THREAD, CLONE_SYSVSEM } = CLONE;
const THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

/** The messenger, before the limits on processes of config.json. */
export function messenger(scope: Scope): readonly Draft[] {
  const filter = notifying(scope);
  if (filter === undefined) return [];
  checkListener(scope, filter);
  const make = at("process", POINTER);
  return [
    // The messenger waits for another value than this, which is 0.
    make("fcntl", [ref("report"), flags(F, F.F_SETFD), flags(FD, FD.FD_CLOEXEC)], { result: "listener", expect: 0 }),
    make("clone", [flags(CLONE, THREAD), NULL, NULL, NULL, NULL], {
      branch: { value: 0, equal: NEXT, other: "armed" },
    }),
    ...waits(make),
    ...send(make, wordOf(filter, scope)),
    make("exit", [int(0)]),
    { mark: "armed" },
  ];
}

/** What follows the filter: the image waits until the runtime has the listener. */
export function heard(scope: Scope): readonly Call[] {
  const filter = notifying(scope);
  const way = filter === undefined ? undefined : wayOf(filter, scope);
  return way === undefined ? [] : [at("process", POINTER)(way.call, way.args, { expect: 1 })];
}

/** Of a filter with a listener: one for all threads would be for the messenger, too, and there is no other. */
export function flagsOf({ flags, notifies }: FilterProgram): number {
  const { SECCOMP_FILTER_FLAG_TSYNC, SECCOMP_FILTER_FLAG_TSYNC_ESRCH } = SECCOMP_FILTER_FLAG;
  return notifies ? flags & ~(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH) : flags;
}

function notifying({ options, config }: Scope): FilterProgram | undefined {
  return config.process?.args === undefined || options.seccomp?.notifies !== true ? undefined : options.seccomp;
}

/** Each four times as long as the one before, 17 s in all: the kernel makes code of a long filter, on a busy machine. */
const FIRST_NS = 50_000n;
const WAITS = 10;

function waits(make: Make): readonly Draft[] {
  const SECOND = 1_000_000_000n;
  const calls = Array.from({ length: WAITS }, (_, index) => {
    const time = FIRST_NS << BigInt(2 * index);
    const limit = struct("timespec", { tv_sec: int(time / SECOND), tv_nsec: int(time % SECOND) });
    const last = index === WAITS - 1;
    return make("futex", [address("listener"), flags(FUTEX, FUTEX.FUTEX_WAIT_PRIVATE), int(0), limit], {
      tolerate: { EAGAIN: "tell", ...(last ? {} : { ETIMEDOUT: NEXT }) },
    });
  });
  return [...calls, { mark: "tell" }];
}

function send(make: Make, word: string): readonly Call[] {
  const message = struct("msghdr", {
    msg_iov: struct("iovec", { iov_base: bytes(word), iov_len: int(word.length) }),
    msg_iovlen: int(1),
    msg_control: struct("cmsg_fd", {
      cmsg_len: int(20),
      cmsg_level: flags(SOL, SOL.SOL_SOCKET),
      cmsg_type: flags(SCM, SCM.SCM_RIGHTS),
      cmsg_data: ref("listener"),
    }),
    msg_controllen: int(24),
  });
  return [make("sendmsg", [ref("report"), message, flags(MSG, MSG.MSG_NOSIGNAL)], { expect: word.length })];
}

interface Way {
  readonly call: CallName;
  readonly args: readonly Operand[];
  /** Whether the runtime answers the call itself, as the listener. */
  readonly notified: boolean;
}

/** Calls that wait for one byte of the runtime's. */
const READING: readonly (readonly [CallName, readonly Operand[]])[] = [
  ["read", [ref("report"), buffer(8), int(1)]],
  ["recvfrom", [ref("report"), buffer(8), int(1), flags(MSG, 0), NULL, NULL]],
];

/** After these a plan does not go on. */
const FINAL: readonly CallName[] = ["execve", "execveat", "exit", "exit_group"];

/** Undefined: the filter lets none of them through, and tells of no call that the image knows. */
function wayOf({ program }: FilterProgram, { facts }: Scope): Way | undefined {
  const verdictOn = steadyVerdicts(decodeClassic(program));
  const arch = facts.arch === "x64" ? AUDIT_ARCH.AUDIT_ARCH_X86_64 : AUDIT_ARCH.AUDIT_ARCH_AARCH64;
  const actionOf = (call: CallName) => verdictOn(CALLS[call][facts.arch], arch)?.action;
  for (const [call, args] of READING) {
    const action = actionOf(call);
    const notified = action === "SECCOMP_RET_USER_NOTIF";
    if (notified || action === "SECCOMP_RET_ALLOW" || action === "SECCOMP_RET_LOG") return { call, args, notified };
  }
  const names = (Object.keys(CALLS) as CallName[]).filter((name) => !FINAL.includes(name));
  const call = names.find((name) => actionOf(name) === "SECCOMP_RET_USER_NOTIF");
  if (call === undefined) return undefined;
  // It is never made: what it would be called with does not matter.
  return { call, args: Array.from({ length: CALLS[call].args }, () => int(0)), notified: true };
}

function wordOf(filter: FilterProgram, scope: Scope): "listener" | "notified" {
  return wayOf(filter, scope)?.notified === true ? "notified" : "listener";
}

function checkListener(scope: Scope, filter: FilterProgram): void {
  const { config, findings } = scope;
  const spec = "config-linux.md#seccomp";
  if (!config.linux?.seccomp?.listenerPath) {
    const message = "SCMP_ACT_NOTIFY needs it: who else would answer the calls?";
    findings.push({ pointer: POINTER, message, spec });
  } else if (wayOf(filter, scope) === undefined) {
    const message =
      "with a listener, the profile must allow read or recvfrom, or notify of a call whatever its arguments are";
    findings.push({ pointer: "/linux/seccomp/syscalls", message, spec });
  }
}
