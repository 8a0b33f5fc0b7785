// SPDX-License-Identifier: Apache-2.0
/** Hooks of the create and the start: those of the runtime are its acts, those of the container the image runs. config.md#posix-platform-hooks. */
import type { Hook, HookName } from "../config/config.ts";
import { CLONE } from "../kernel/clone.ts";
import { CLOSE_RANGE } from "../kernel/close-range.ts";
import { SEEK } from "../kernel/fcntl.ts";
import { O } from "../kernel/open.ts";
import { POLL } from "../kernel/poll.ts";
import { SIG } from "../kernel/signal.ts";
import { MSG, SCM, SOL } from "../kernel/socket.ts";
import { W } from "../kernel/wait.ts";
import { bytes, flags, int, mode, NULL, out, ref, string, strings, struct } from "../plan/operands.ts";
import { type Act, type Call, type HookProgram, NEXT, type Step } from "../plan/step.ts";
import { setLimits, umask } from "./process.ts";
import { at, close, type Draft, type Make, namespaceOf, type Scope } from "./scope.ts";
import { seccomp } from "./seccomp.ts";

/** What the image has as stdin, and as stdout and stderr, for the hooks that it runs. */
const CREATING = "creating_state";
const CREATED = "created_state";
const OUTPUT = "hook_output";
export const HOOK_INPUTS = [CREATING, CREATED, OUTPUT] as const;
export const HOOK_OUTPUT = OUTPUT;

function hooksOf({ config, options }: Scope, kind: HookName): readonly Hook[] {
  // What joins a container comes after all of them; without a process there is no start.
  if (options.join !== undefined) return [];
  if (kind === "startContainer" && config.process?.args === undefined) return [];
  return config.hooks?.[kind] ?? [];
}

/** The inputs that those need, in their order. */
export function hookInputs(scope: Scope): readonly string[] {
  const creating = hooksOf(scope, "createContainer").length > 0;
  const created = hooksOf(scope, "startContainer").length > 0;
  return [...(creating ? [CREATING] : []), ...(created ? [CREATED] : []), ...(creating || created ? [OUTPUT] : [])];
}

/** A hook without arguments has its path as the first, as with runc; one without an environment has none. */
export function programOf({ path, args = [], env = [], timeout }: Hook): HookProgram {
  return { path, args: args.length === 0 ? [path] : args, env, ...(timeout === undefined ? {} : { timeout }) };
}

/** Before the first one, the pid goes into the state: a killed create leaves the init behind. */
export function runtimeHooks(scope: Scope): readonly Act[] {
  const runtime = { stage: "runtime", from: "/hooks" } as const;
  const acts = (["prestart", "createRuntime"] as const).flatMap((kind) =>
    hooksOf(scope, kind).map((hook, index): Act => {
      return { stage: "runtime", from: `/hooks/${kind}/${index}`, act: "hook", kind, index, ...programOf(hook) };
    }),
  );
  const inside = hooksOf(scope, "createContainer").length > 0;
  if (acts.length === 0 && !inside) return [];
  const fill: Act = { ...runtime, act: "hook-state", input: CREATING, status: "creating" };
  return [{ ...runtime, act: "state", status: "creating" }, ...acts, ...(inside ? [fill] : [])];
}

/** In the container's namespaces, with the host's files in sight, the rootfs as working directory, and all privileges. */
export function createContainerHooks(scope: Scope): readonly Draft[] {
  const hooks = hooksOf(scope, "createContainer");
  if (hooks.length === 0) return [];
  if (namespaceOf(scope, "mount") === "joined") {
    const message = "cannot be run in a mount namespace that is joined: their paths would be looked up in it";
    scope.findings.push({ pointer: "/hooks/createContainer", message, spec: "config.md#createcontainer-hooks" });
  }
  const inside = (make: Make) => [make("fchdir", [ref("root")]), make("umask", [mode(0o022)])];
  const make = at("init", "/hooks/createContainer");
  const last = hooksOf(scope, "startContainer").length === 0;
  return [
    ...hooks.flatMap((hook, index) =>
      runs("init", { hook, name: `createContainer/${index}`, state: CREATING, inside }),
    ),
    close(make, CREATING),
    ...(last ? [close(make, OUTPUT)] : []),
  ];
}

/** The state that they read says that the container is created. */
export function startContainerState(scope: Scope): readonly Act[] {
  if (hooksOf(scope, "startContainer").length === 0) return [];
  return [{ stage: "runtime", from: "/hooks/startContainer", act: "hook-state", input: CREATED, status: "created" }];
}

/** A file of the container's own may do no more than its program: the child goes the same way to its execve. */
export function startContainerHooks(scope: Scope): readonly Draft[] {
  const hooks = hooksOf(scope, "startContainer");
  if (hooks.length === 0) return [];
  checkFilter(scope);
  const inside = () => [...setLimits(scope), ...umask(scope), ...seccomp(scope)];
  const make = at("process", "/hooks/startContainer");
  return [
    sendOutput(make),
    ...hooks.flatMap((hook, index) =>
      runs("process", { hook, name: `startContainer/${index}`, state: CREATED, inside }),
    ),
    close(make, CREATED),
    close(make, OUTPUT),
  ];
}

/** An agent is told of one process: the container's. */
function checkFilter({ options, findings }: Scope): void {
  if (options.seccomp?.notifies !== true) return;
  const message = "cannot be run under a seccomp profile with SCMP_ACT_NOTIFY: nobody would answer their calls";
  findings.push({ pointer: "/hooks/startContainer", message, spec: "config-linux.md#seccomp" });
}

/** `start` gets the file with what the hooks say; it may be gone already, as it may be later. */
function sendOutput(make: Make): Step {
  const message = struct("msghdr", {
    msg_iov: struct("iovec", { iov_base: bytes("output"), iov_len: int("output".length) }),
    msg_iovlen: int(1),
    msg_control: struct("cmsg_fd", {
      cmsg_len: int(20),
      cmsg_level: flags(SOL, SOL.SOL_SOCKET),
      cmsg_type: flags(SCM, SCM.SCM_RIGHTS),
      cmsg_data: ref(OUTPUT),
    }),
    msg_controllen: int(24),
  });
  const gone = { EPIPE: NEXT, ECONNRESET: NEXT } as const;
  return make("sendmsg", [ref("report"), message, flags(MSG, MSG.MSG_NOSIGNAL)], { tolerate: gone });
}

interface Run {
  readonly hook: Hook;
  /** The kind and the index. */
  readonly name: string;
  readonly state: string;
  readonly inside: (make: Make) => readonly Step[];
}

/** The parent waits for the child, which becomes the hook. Its status is told to the runtime as the result of the check. */
function runs(stage: "init" | "process", { hook, name, state, inside }: Run): readonly Draft[] {
  const make = at(stage, `/hooks/${name}`);
  const { path, args, env, timeout } = programOf(hook);
  const how = flags(CLONE, SIG.SIGCHLD);
  return [
    // The child's stdin: the same file for all, from its beginning.
    make("lseek", [ref(state), int(0), flags(SEEK, SEEK.SEEK_SET)]),
    make("ftruncate", [ref(OUTPUT), int(0)]),
    make("clone", [how, NULL, NULL, NULL, NULL], {
      result: "hook",
      branch: { value: 0, equal: NEXT, other: name },
    }),
    ...[state, OUTPUT, OUTPUT].map((file, fd) => make("dup3", [ref(file), int(fd), flags(O, 0)])),
    make("close_range", [int(3), int(0xffff_ffff), flags(CLOSE_RANGE, CLOSE_RANGE.CLOSE_RANGE_CLOEXEC)]),
    ...inside(make),
    make("execve", [string(path), strings(args), strings(env)]),
    { mark: name },
    ...(timeout === undefined ? [waitFor(make, "ECANCELED")] : waitUntil(make, timeout, `${name} ended`)),
  ];
}

function waitFor(make: Make, errno: "ECANCELED" | "ETIMEDOUT", tolerate: Call["tolerate"] = {}): Step {
  const checks = [{ field: "value", value: 0n, errno }];
  return make("wait4", [ref("hook"), out("int"), flags(W, 0), NULL], { tolerate, checks });
}

/** What it has left is ended with the container, by its pid namespace or its cgroup. */
function waitUntil(make: Make, timeout: number | bigint, ended: string): readonly Draft[] {
  // A structure with a result in it lies where the kernel can write its answer.
  const pollfd = struct("pollfd", { fd: ref("pidfd"), events: flags(POLL, POLL.POLLIN) });
  const limit = struct("timespec", { tv_sec: int(timeout) });
  return [
    make("pidfd_open", [ref("hook"), int(0)], { result: "pidfd" }),
    make("ppoll", [pollfd, int(1), limit, NULL, int(0)], { branch: { value: 0, equal: NEXT, other: ended } }),
    make("pidfd_send_signal", [ref("pidfd"), flags(SIG, SIG.SIGKILL), NULL, int(0)]),
    waitFor(make, "ETIMEDOUT"),
    { mark: ended },
    // One that came to its end by itself at the last moment has been collected.
    waitFor(make, "ECANCELED", { ECHILD: NEXT }),
    close(make, "pidfd"),
  ];
}
