// SPDX-License-Identifier: Apache-2.0
/** What one more process of a container is: as the container's own, but for what the caller asks for. */
import type { CapabilitySet, Config, Process } from "../config/config.ts";

/** What is asked for; absent: as the container's own process has it. */
export interface ProcessOptions {
  readonly args?: readonly string[];
  /** A `process` object as JSON, in place of the container's own; `file` is what errors call it. config.md#process. */
  readonly process?: { readonly text: string; readonly file: string };
  /** Whether it gets a terminal of its own; as `process` says, or not. */
  readonly terminal?: boolean;
  readonly cwd?: string;
  /** NAME=VALUE; of two for a name the last wins. */
  readonly env?: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  readonly additionalGids?: readonly number[];
  /** Added to the bounding, effective and permitted set, and to no other. */
  readonly capabilities?: readonly string[];
  readonly noNewPrivileges?: boolean;
  readonly apparmorProfile?: string;
  readonly selinuxLabel?: string;
}

/** The checked process. ConfigError: what is wrong with it, every finding at once. */
export async function execProcess(config: Config, options: ProcessOptions): Promise<Process> {
  const { process: given, args, terminal, ...more } = options;
  if (given === undefined) {
    const { terminal: _terminal, consoleSize: _size, ...own } = config.process ?? { cwd: "/" };
    const process = changed({ ...own, terminal: terminal ?? false, ...(args && { args }) }, more);
    // What was checked at create needs no second look, and any word is good for args.
    if (Object.keys(more).length === 0) return process;
    const { checkProcess } = await import("../config/process.ts");
    return checkProcess(config, process, "exec");
  }
  const { parseDocument } = await import("../config/parse.ts");
  const { checkProcess } = await import("../config/process.ts");
  const own = checkProcess(config, parseDocument(given.text, given.file), given.file);
  const process = changed({ ...kept(config), ...own, ...(terminal !== undefined && { terminal }) }, more);
  return Object.keys(more).length === 0 ? process : checkProcess(config, process, given.file);
}

/** Whatever a `process` of its own leaves out is the container's, as with runc; but not what every process says for itself. */
function kept({ process }: Config): Partial<Process> {
  const { args: _args, env: _env, user: _user, cwd: _cwd, terminal: _terminal, ...rest } = process ?? { cwd: "/" };
  const { consoleSize: _size, noNewPrivileges: _privileges, rlimits: _rlimits, ...inherited } = rest;
  return inherited;
}

type More = Omit<ProcessOptions, "process" | "args" | "terminal">;

function changed(process: Process, more: More): Process {
  const { cwd, env, noNewPrivileges, apparmorProfile, selinuxLabel } = more;
  return {
    ...process,
    ...userOf(process, more),
    ...capabilitiesOf(process, more),
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env: [...(process.env ?? []), ...env] }),
    ...(noNewPrivileges !== undefined && { noNewPrivileges }),
    ...(apparmorProfile !== undefined && { apparmorProfile }),
    ...(selinuxLabel !== undefined && { selinuxLabel }),
  };
}

function userOf({ user }: Process, { uid, gid, additionalGids }: More): Pick<Process, "user"> {
  if (uid === undefined && gid === undefined && additionalGids === undefined) return {};
  const before = user ?? { uid: 0, gid: 0 };
  const gids = [...(before.additionalGids ?? []), ...(additionalGids ?? [])];
  return {
    user: { ...before, ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }), additionalGids: gids },
  };
}

/** Never the inheritable set: CVE-2022-29162. */
function capabilitiesOf({ capabilities = {} }: Process, { capabilities: more }: More): Pick<Process, "capabilities"> {
  if (more === undefined) return {};
  const sets: readonly CapabilitySet[] = ["bounding", "effective", "permitted"];
  const raised = sets.map((set) => [set, [...new Set([...(capabilities[set] ?? []), ...more])]] as const);
  return { capabilities: { ...capabilities, ...Object.fromEntries(raised) } };
}
