// SPDX-License-Identifier: Apache-2.0
/** Rules about owners and modes. config.md#posix-platform-user, setresuid(2), chown(2), umask(2). */
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, processOf, type Rule } from "./rule.ts";

/** One less than all bits: that number means "as it is" to the kernel, and who asked for it would stay root. */
export const LAST_ID = 0xffff_fffe;
const UMASK_MAX = 0o777;

export const ID_RULES: readonly Rule[] = [
  {
    name: "ids of the process are ones that the kernel has",
    spec: "config.md#posix-platform-user",
    reads: ["/process/user"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { uid, gid, additionalGids = [] } = processOf(config).user ?? {};
      yield* beyond(uid, "/process/user/uid");
      yield* beyond(gid, "/process/user/gid");
      for (const [index, id] of additionalGids.entries()) {
        yield* beyond(id, pointer("process", "user", "additionalGids", index));
      }
    },
  },
  {
    name: "a umask has bits of permissions alone",
    spec: "config.md#posix-platform-user",
    reads: ["/process/user"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { umask = 0 } = processOf(config).user ?? {};
      const message = `expected at most ${UMASK_MAX}, which is 0777, found ${umask}`;
      if (umask > UMASK_MAX) yield { pointer: "/process/user/umask", message };
    },
  },
  {
    name: "owners of devices are ones that the kernel has",
    spec: "config-linux.md#devices",
    reads: ["/linux/devices"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [index, { uid, gid }] of (linuxOf(config).devices ?? []).entries()) {
        yield* beyond(uid, pointer("linux", "devices", index, "uid"));
        yield* beyond(gid, pointer("linux", "devices", index, "gid"));
      }
    },
  },
];

function* beyond(id: number | undefined, path: string): Iterable<Fault> {
  if (id === undefined || id <= LAST_ID) return;
  yield { pointer: path, message: `expected at most ${LAST_ID}, found ${id}, which is no id` };
}
