// SPDX-License-Identifier: Apache-2.0
/** The terminal: a pty of the container's own devpts; its master goes to the runtime's caller. config.md#process, pty(7), unix(7). */
import { TIOC } from "../kernel/ioctl.ts";
import { OPEN_TREE } from "../kernel/mount.ts";
import { AT, O, RESOLVE, S } from "../kernel/open.ts";
import { MSG, SCM, SOL } from "../kernel/socket.ts";
import { bytes, flags, int, ref, string, struct } from "../plan/operands.ts";
import { type Call, NEXT, type Step } from "../plan/step.ts";
import { checkDevice } from "./devices.ts";
import { mountJobs, moveTo } from "./mount-job.ts";
import { openInRoot, openTarget } from "./paths.ts";
import { at, close, type Make, type Scope } from "./scope.ts";

/** `$pty` becomes stdin, stdout, stderr and the controlling terminal; `$console` receives the master. */
export function terminal(scope: Scope): readonly Step[] {
  if (scope.config.process?.terminal !== true) return [];
  const make = at("init", "/process/terminal");
  return pty(scope, make, consoleMount(make));
}

/** The terminal of a process that joins a container, whose root directory is that of the process by now. */
export function joinedTerminal(scope: Scope): readonly Step[] {
  if (scope.config.process?.terminal !== true) return [];
  const make = at("init", "/process/terminal");
  const how = flags(O, O.O_PATH | O.O_DIRECTORY | O.O_CLOEXEC);
  return [
    make("openat", [flags(AT, AT.AT_FDCWD), string("/"), how], { result: "root" }),
    ...pty(scope, make, []),
    close(make, "root"),
  ];
}

function pty(scope: Scope, make: Make, mount: readonly Call[]): readonly Step[] {
  return [
    ...openMaster(scope, make),
    make("ioctl", [ref("master"), flags(TIOC, TIOC.TIOCSPTLCK), struct("int", { value: int(0) })]),
    // The peer of this very master, whatever the path says: CVE-2025-52565.
    make("ioctl", [ref("master"), flags(TIOC, TIOC.TIOCGPTPEER), flags(O, O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC)], {
      result: "pty",
    }),
    ...consoleSize(scope),
    ...mount,
    ...sendMaster(make),
    ...[0, 1, 2].map((fd) => make("dup3", [ref("pty"), int(fd), flags(O, 0)])),
    make("ioctl", [int(0), flags(TIOC, TIOC.TIOCSCTTY), int(0)]),
    close(make, "pty"),
  ];
}

/** The pty multiplexer of the devpts that the config mounts, or whatever /dev/ptmx is where it mounts none. */
function openMaster(scope: Scope, make: Make): Call[] {
  const own = mountJobs(scope).some(({ mount }) => mount.type === "devpts");
  const how = struct("open_how", {
    flags: flags(O, O.O_RDWR | O.O_NOCTTY | O.O_CLOEXEC),
    resolve: flags(RESOLVE, RESOLVE.RESOLVE_IN_ROOT | RESOLVE.RESOLVE_NO_MAGICLINKS),
  });
  return [
    make("openat2", [ref("root"), string(own ? "dev/pts/ptmx" : "dev/ptmx"), how, int(24)], { result: "master" }),
    checkDevice(make, { type: "c", major: 5, minor: 2 }, { at: "master", path: "" }),
  ];
}

function consoleSize(scope: Scope): Call[] {
  const size = scope.config.process?.consoleSize;
  if (size === undefined) return [];
  const winsize = struct("winsize", { ws_row: int(size.height), ws_col: int(size.width) });
  return [at("init", "/process/consoleSize")("ioctl", [ref("pty"), flags(TIOC, TIOC.TIOCSWINSZ), winsize])];
}

/** /dev/console is the pty, mounted from its descriptor: config-linux.md#default-devices. */
function consoleMount(make: Make): Call[] {
  const how = OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | OPEN_TREE.AT_EMPTY_PATH;
  const file = [ref("directory"), string("console"), flags(S, S.S_IFREG | 0o600), int(0)];
  return [
    make("open_tree", [ref("pty"), string(""), flags(OPEN_TREE, how)], { result: "tree" }),
    ...openTarget(make, { path: ["dev"], kind: "directory", name: "directory" }),
    make("mknodat", file, { tolerate: { EEXIST: NEXT } }),
    close(make, "directory"),
    openInRoot(make, "dev/console", { name: "target", flags: O.O_NOFOLLOW, resolve: RESOLVE.RESOLVE_NO_SYMLINKS }),
    moveTo(make, "tree", "target"),
    close(make, "target"),
    close(make, "tree"),
  ];
}

/** One message with the master as SCM_RIGHTS; its text is the name of the console, as runc sends it. */
function sendMaster(make: Make): Call[] {
  const name = "/dev/ptmx";
  const message = struct("msghdr", {
    msg_iov: struct("iovec", { iov_base: bytes(name), iov_len: int(name.length) }),
    msg_iovlen: int(1),
    msg_control: struct("cmsg_fd", {
      cmsg_len: int(20),
      cmsg_level: flags(SOL, SOL.SOL_SOCKET),
      cmsg_type: flags(SCM, SCM.SCM_RIGHTS),
      cmsg_data: ref("master"),
    }),
    msg_controllen: int(24),
  });
  return [
    make("sendmsg", [ref("console"), message, flags(MSG, MSG.MSG_NOSIGNAL)], { expect: name.length }),
    close(make, "console"),
    close(make, "master"),
  ];
}
