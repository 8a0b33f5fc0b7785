// SPDX-License-Identifier: Apache-2.0
/** The acts of the runtime in the grammar of calls. `$bootstrap` is the image's first process, `$init` its second. */
import { octal } from "../kernel/flags.ts";
import { quote } from "../kernel/quote.ts";
import { printSetUnit, printStartUnit } from "./print-unit.ts";
import type { Act, Plan } from "./step.ts";

export function printAct(act: Act, inputs: Plan["inputs"]): string {
  switch (act.act) {
    case "mkdir":
      return `mkdir(${quote(act.path)}, ${octal(act.mode)})`;
    case "write":
      return `write(${quote(act.path)}, ${quote(act.data)})`;
    case "device-filter":
      return `bpf(BPF_PROG_ATTACH, ${quote(act.path)}, BPF_CGROUP_DEVICE, [${act.rules.join(", ")}])`;
    case "chown":
      return `chown(${quote(act.path)}, ${act.uid}, -1)${act.optional ? " or ENOENT → next" : ""}`;
    case "start-unit":
      return printStartUnit(act.unit, act.properties);
    case "set-unit":
      return printSetUnit(act.unit, act.properties);
    case "resctrl":
      if (act.does === "mkdir") return `mkdir(${quote(act.path)}, 0755)`;
      return `write(${quote(`${act.path}/${act.does}`)}, ${act.does === "tasks" ? "$bootstrap" : quote(act.data)})`;
    case "move-link":
      return `sendto($rtnetlink, {RTM_NEWLINK, ifi_index=if_nametoindex(${quote(act.name)}), IFLA_NET_NS_PID=$init, IFLA_IFNAME=${quote(act.passing)}})`;
    case "write-proc":
      return `write("/proc/$bootstrap/${quote(act.file).slice(1)}, ${quote(act.data)})`;
    case "idmap-tool":
      return `posix_spawn(${quote(act.path)}, [${["$bootstrap", ...act.ranges.map(quote)].join(", ")}])`;
    case "spawn":
      return `$bootstrap = posix_spawn($image, {${Object.entries(inputs)
        .map(([name, fd]) => `${name}=${fd}`)
        .join(", ")}})`;
    case "wait":
      return `${act.message === "pid" ? "$init = " : ""}recv(${quote(act.message)})`;
    case "wait-exec":
      return "recv() = 0";
    case "answer":
      return `send(${quote(act.message)})`;
    case "state":
      return `write("state.json", {status=${quote(act.status)}})`;
    case "hook": {
      const { path, args, env, timeout } = act;
      const limit = timeout === undefined ? "" : `, timeout=${timeout}`;
      return `posix_spawn(${quote(path)}, ${list(args)}, ${list(env)}, {stdin={status="creating", pid=$init}${limit}})`;
    }
    case "hook-state":
      return `write($${act.input}, {status=${quote(act.status)}, pid=$init})`;
    default:
      throw new RangeError(`the runtime has no act ${(act satisfies never as { act: string }).act}`);
  }
}

function list(words: readonly string[]): string {
  return `[${words.map((word) => quote(word)).join(", ")}]`;
}
