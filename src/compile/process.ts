// SPDX-License-Identifier: Apache-2.0
/** The container's process: session, working directory, limits, and the program. config.md#process, execve(2). */
import type { Process } from "../config/config.ts";
import { CLOSE_RANGE } from "../kernel/close-range.ts";
import { AT, FACCESSAT } from "../kernel/open.ts";
import { PER } from "../kernel/personality.ts";
import { RLIMIT } from "../kernel/rlimit.ts";
import { SOCK } from "../kernel/socket.ts";
import { flags, int, mode, NULL, out, ref, string, strings, struct } from "../plan/operands.ts";
import { type Call, NEXT, type Step } from "../plan/step.ts";
import { at, close, type Draft, type Scope } from "./scope.ts";
import { seccomp } from "./seccomp.ts";
import { turnFor } from "./turn.ts";

export function session(_scope: Scope): readonly Draft[] {
  return [{ mark: "init" }, at("init", "")("setsid", [])];
}

const ACCESS_ERRORS = { EACCES: NEXT, EPERM: NEXT } as const;

/** As root if that works, or else as the user. The directory must be one of the container's own: CVE-2024-21626. */
export function enterDirectory(scope: Scope): readonly Step[] {
  const cwd = scope.config.process?.cwd;
  if (cwd === undefined) return [];
  return [at("process", "/process/cwd")("chdir", [string(cwd)], { tolerate: ACCESS_ERRORS })];
}

export function checkDirectory(scope: Scope): readonly Step[] {
  const cwd = scope.config.process?.cwd;
  if (cwd === undefined) return [];
  const make = at("process", "/process/cwd");
  const inside = [{ field: "first", value: BigInt("/".charCodeAt(0)), errno: "ENOENT" }] as const;
  return [make("chdir", [string(cwd)]), make("getcwd", [out("path"), int(4096)], { checks: inside })];
}

export function personality(scope: Scope): readonly Step[] {
  const wanted = scope.config.linux?.personality;
  if (wanted === undefined) return [];
  const domain = wanted.domain === "LINUX32" ? PER.PER_LINUX32 : PER.PER_LINUX;
  return [at("process", "/linux/personality")("personality", [flags(PER, domain)])];
}

/** Raising a hard limit needs the host's CAP_SYS_RESOURCE, so it comes before the user namespace. prlimit(2). */
export function raiseLimits(scope: Scope): readonly Step[] {
  return limits(scope).flatMap(({ type, hard, make }) => {
    const now = scope.facts.rlimits[type];
    if (now === undefined || hard <= now.hard) return [];
    return [setLimit(make("bootstrap"), type, now.soft, hard)];
  });
}

/** The limits themselves come last: the image needs descriptors and memory of its own. */
export function setLimits(scope: Scope): readonly Step[] {
  const files = scope.facts.callerFiles;
  const caller = files === null ? [] : [setLimit(at("process", ""), "RLIMIT_NOFILE", files.soft, files.hard)];
  return [...caller, ...limits(scope).map(({ type, soft, hard, make }) => setLimit(make("process"), type, soft, hard))];
}

function limits({ config }: Scope) {
  return (config.process?.rlimits ?? []).map(({ type, soft, hard }, index) => ({
    type,
    soft: BigInt(soft),
    hard: BigInt(hard),
    make: (stage: "bootstrap" | "process") => at(stage, `/process/rlimits/${index}`),
  }));
}

function setLimit(make: ReturnType<typeof at>, type: string, soft: bigint, hard: bigint): Call {
  const number = (RLIMIT as Readonly<Record<string, number>>)[type] ?? 0;
  const limit = struct("rlimit", { rlim_cur: int(soft), rlim_max: int(hard) });
  return make("prlimit64", [int(0), flags(RLIMIT, number), limit, NULL]);
}

/** The container is ready; what follows waits for `tsrun start`, which connects, and learns from the connection how it went. */
export function waitForStart(_scope: Scope): readonly Step[] {
  const make = at("process", "");
  return [
    ...turnFor(make, "created", [{ stage: "runtime", from: "", act: "state", status: "created" }]),
    close(make, "report"),
    make("accept4", [ref("start"), NULL, NULL, flags(SOCK, SOCK.SOCK_CLOEXEC)], { result: "report" }),
    close(make, "start"),
  ];
}

export function umask(scope: Scope): readonly Step[] {
  // runc and crun say 0022 where the config says nothing, and engines rely on it; config.md would keep the caller's.
  return [at("process", "/process/user/umask")("umask", [mode(scope.config.process?.user?.umask ?? 0o022)])];
}

/** Nothing but stdio and the preserved descriptors survives: runtime-linux.md#file-descriptors, CVE-2024-21626. */
export function closeOnExec(scope: Scope): readonly Step[] {
  const first = 3 + (scope.options.preserveFds ?? 0);
  const how = flags(CLOSE_RANGE, CLOSE_RANGE.CLOSE_RANGE_CLOEXEC);
  return [at("process", "")("close_range", [int(first), int(0xffff_ffff), how])];
}

/** Where the program may be: one path, or one for each directory of the container's PATH, as execvp(3) searches. */
function candidates(process: Process): readonly string[] {
  const [file = ""] = process.args ?? [];
  if (file.includes("/")) return [file];
  const path = environment(process, "")
    .findLast((entry) => entry.startsWith("PATH="))
    ?.slice("PATH=".length);
  return (path ?? "/bin:/usr/bin").split(":").map((directory) => `${directory === "" ? "." : directory}/${file}`);
}

/** The last of two values for a name wins; HOME comes from the rootfs's passwd(5) when there is none. */
export function environment(process: Process, home: string): readonly string[] {
  const values = new Map<string, string>();
  for (const entry of process.env ?? []) {
    const equals = entry.indexOf("=");
    const name = equals < 0 ? entry : entry.slice(0, equals);
    values.delete(name);
    values.set(name, entry);
  }
  const given = values.get("HOME");
  if (home !== "" && (given === undefined || given === "HOME=")) values.set("HOME", `HOME=${home}`);
  return [...values.values()];
}

const NOT_HERE = ["ENOENT", "EACCES", "ENOTDIR"] as const;

/** `create` already tells that there is no such program; the error is that of the last directory of PATH. */
export function findProgram(scope: Scope): readonly Draft[] {
  const { process } = scope.config;
  if (process?.args === undefined) return [];
  const make = at("process", "/process/args/0");
  const paths = candidates(process);
  const checks = paths.map((path, index) =>
    access(make, path, {
      ...(index === paths.length - 1 ? {} : { tolerate: Object.fromEntries(NOT_HERE.map((errno) => [errno, NEXT])) }),
      branch: { value: 0, equal: "found", other: NEXT },
    }),
  );
  return [...checks, { mark: "found" }];
}

const X_OK = 1;

function access(make: ReturnType<typeof at>, path: string, extra: Parameters<ReturnType<typeof at>>[2]): Call {
  return make(
    "faccessat2",
    [flags(AT, AT.AT_FDCWD), string(path), int(X_OK), flags(FACCESSAT, FACCESSAT.AT_EACCESS)],
    extra,
  );
}

/**
 * The first file that may be executed is; if it cannot run, that is the error, not the next directory's. Under a filter
 * nothing but execve(2) is called: what it must not execute after all, a directory for example, leads to a second search.
 */
export function execute(scope: Scope): readonly Draft[] {
  const { process } = scope.config;
  const make = at("process", "/process/args");
  if (process?.args === undefined) return [make("exit_group", [int(1)])];
  const { listenFds = 0 } = scope.options;
  const sockets = listenFds === 0 ? [] : [`LISTEN_FDS=${listenFds}`, "LISTEN_PID=1"];
  const operands = [strings(process.args), strings([...sockets, ...environment(process, scope.facts.home)])];
  const paths = candidates(process);
  const filter = seccomp(scope);
  const execve = (path: string, extra = {}) => make("execve", [string(path), ...operands], extra);
  const first = paths.flatMap((path, index): Draft[] => {
    if (index === paths.length - 1) return [...filter, execve(path)];
    const next = `path${index + 1}`;
    const again = filter.length === 0 ? next : `filtered${index + 1}`;
    return [
      access(make, path, { tolerate: elsewhere(next) }),
      ...filter,
      execve(path, { tolerate: { EACCES: again } }),
      { mark: next },
    ];
  });
  if (filter.length === 0) return first;
  const second = paths.slice(1).flatMap((path, index): Draft[] => {
    const mark = { mark: `filtered${index + 1}` };
    const isLast = index === paths.length - 2;
    return [mark, isLast ? execve(path) : execve(path, { tolerate: elsewhere(`filtered${index + 2}`) })];
  });
  return [...first, ...second];
}

function elsewhere(label: string): Readonly<Record<string, string>> {
  return Object.fromEntries(NOT_HERE.map((errno) => [errno, label]));
}
