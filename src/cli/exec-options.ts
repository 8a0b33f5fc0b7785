// SPDX-License-Identifier: Apache-2.0
/** The words and options of `exec` as the runtime takes them. */
import { readFileSync } from "node:fs";
import { UsageError } from "../errors/errors.ts";
import type { ExecOptions } from "../runtime/runtime.ts";
import type { CommandValues } from "./table.ts";

/** UsageError: no program, or two; a user or group that is no number; a file that cannot be read. */
export function execOptions(values: CommandValues<"exec">, words: readonly string[]): ExecOptions {
  // `exec ID -- PROGRAM`, as one would write it after a shell's habits.
  const args = words[0] === "--" ? words.slice(1) : words;
  const { process: file, cwd, env, cap, apparmor, cgroup } = values;
  if (file === undefined && args.length === 0) throw new UsageError("command", "exec needs a <command>, or --process");
  if (file !== undefined && args.length > 0)
    throw new UsageError("--process", "exec takes a <command> or --process, not both");
  return {
    ...(file === undefined ? { args } : { process: { text: readProcess(file), file } }),
    ...(values.tty && { terminal: true }),
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
    ...userOf(values.user),
    ...gidsOf(values["additional-gids"]),
    ...(cap !== undefined && { capabilities: cap }),
    ...(values["no-new-privs"] && { noNewPrivileges: true }),
    ...(apparmor !== undefined && { apparmorProfile: apparmor }),
    ...(values["process-label"] !== undefined && { selinuxLabel: values["process-label"] }),
    ...(cgroup !== undefined && { cgroup }),
    ignorePaused: values["ignore-paused"],
  };
}

function readProcess(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError("--process", `--process ${file}: cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}

function userOf(user: string | undefined): Pick<ExecOptions, "uid" | "gid"> {
  if (user === undefined) return {};
  const [uid = "", gid, ...more] = user.split(":");
  if (more.length > 0) throw new UsageError("--user", `--user ${user}: expected UID or UID:GID`);
  return { uid: idOf("--user", uid), ...(gid !== undefined && { gid: idOf("--user", gid) }) };
}

function gidsOf(gids: readonly string[] | undefined): Pick<ExecOptions, "additionalGids"> {
  return gids === undefined ? {} : { additionalGids: gids.map((gid) => idOf("--additional-gids", gid)) };
}

/** Names are the engines' business: the runtime knows numbers, as in config.json. */
function idOf(flag: string, text: string): number {
  const id = Number(text);
  if (/^\d{1,10}$/.test(text) && id < 2 ** 32 - 1) return id;
  throw new UsageError(flag, `${flag} ${text}: expected a number below 4294967295`);
}
