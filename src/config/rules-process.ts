// SPDX-License-Identifier: Apache-2.0
/** Rules about the process. config.md#process and its parts. */
import { CAP } from "../kernel/capability.ts";
import { quote } from "../kernel/quote.ts";
import { RLIMIT } from "../kernel/rlimit.ts";
import type { CapabilitySet } from "./config.ts";
import { pointer } from "./pointer.ts";
import { type Fault, processOf, type Rule, repeated } from "./rule.ts";

const SETS: readonly CapabilitySet[] = ["bounding", "effective", "permitted", "inheritable", "ambient"];
/** struct winsize holds 16 bits a side: TIOCSWINSZ, ioctl_tty(2). */
const CONSOLE_MAX = 65535;

export const PROCESS_RULES: readonly Rule[] = [
  {
    name: "there is a process to start",
    spec: "config.md#process",
    reads: ["/process"],
    level: "warning",
    *check({ process }): Iterable<Fault> {
      if (process === undefined)
        yield { pointer: "", message: `"process" is missing: the container cannot be started` };
    },
  },
  {
    name: "there is a program to run",
    spec: "config.md#process",
    reads: ["/process/args"],
    level: "error",
    *check({ process }): Iterable<Fault> {
      if (process === undefined) return;
      const { args } = process;
      if (args === undefined) yield { pointer: "/process", message: `"args" is missing` };
      else if (args.length === 0)
        yield { pointer: "/process/args", message: "expected at least 1 entry, found an empty array" };
      else if (args[0] === "")
        yield { pointer: "/process/args/0", message: "expected a program, found an empty string" };
    },
  },
  {
    name: "the working directory is absolute",
    spec: "config.md#process",
    reads: ["/process/cwd"],
    level: "error",
    *check({ process }): Iterable<Fault> {
      if (process !== undefined && !process.cwd.startsWith("/")) {
        yield { pointer: "/process/cwd", message: `expected an absolute path, found ${quote(process.cwd)}` };
      }
    },
  },
  {
    name: "the environment has NAME=value entries",
    spec: "config.md#process",
    reads: ["/process/env"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [index, entry] of (processOf(config).env ?? []).entries()) {
        if (entry.indexOf("=") > 0) continue;
        yield { pointer: pointer("process", "env", index), message: `expected NAME=value, found ${quote(entry)}` };
      }
    },
  },
  {
    name: "the size of the terminal fits",
    spec: "config.md#process",
    reads: ["/process/terminal", "/process/consoleSize"],
    level: "error",
    *check(config): Iterable<Fault> {
      const { terminal, consoleSize } = processOf(config);
      if (!terminal || consoleSize === undefined) return;
      for (const [side, length] of Object.entries({ height: consoleSize.height, width: consoleSize.width })) {
        const message = `expected at most ${CONSOLE_MAX}, found ${length}`;
        if (length > CONSOLE_MAX) yield { pointer: pointer("process", "consoleSize", side), message };
      }
    },
  },
  {
    name: "resource limits are known",
    spec: "config.md#posix-process",
    reads: ["/process/rlimits"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [index, { type }] of (processOf(config).rlimits ?? []).entries()) {
        const message = `${quote(type)} is not a resource limit of Linux, see getrlimit(2)`;
        if (!Object.hasOwn(RLIMIT, type)) yield { pointer: pointer("process", "rlimits", index, "type"), message };
      }
    },
  },
  {
    name: "each resource limit is set once",
    spec: "config.md#posix-process",
    reads: ["/process/rlimits"],
    level: "error",
    *check(config): Iterable<Fault> {
      const types = (processOf(config).rlimits ?? []).map(({ type }) => type);
      for (const [index, first] of repeated(types)) {
        const message = `${types[index]} is set already by ${pointer("process", "rlimits", first)}`;
        yield { pointer: pointer("process", "rlimits", index, "type"), message };
      }
    },
  },
  {
    name: "a soft limit is not above the hard one",
    spec: "config.md#posix-process",
    reads: ["/process/rlimits"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [index, { soft, hard }] of (processOf(config).rlimits ?? []).entries()) {
        const message = `${soft} is above the hard limit, ${hard}`;
        if (soft > hard) yield { pointer: pointer("process", "rlimits", index, "soft"), message };
      }
    },
  },
  {
    name: "capabilities are known",
    spec: "config.md#linux-process",
    reads: ["/process/capabilities"],
    level: "warning",
    *check(config): Iterable<Fault> {
      const { capabilities = {} } = processOf(config);
      for (const set of SETS) {
        for (const [index, name] of (capabilities[set] ?? []).entries()) {
          const message = `${quote(name)} is not a known capability and is left out, see capabilities(7)`;
          if (!Object.hasOwn(CAP, name)) yield { pointer: pointer("process", "capabilities", set, index), message };
        }
      }
    },
  },
  {
    name: "ambient capabilities are permitted and inheritable",
    spec: "config.md#linux-process",
    reads: ["/process/capabilities"],
    level: "warning",
    *check(config): Iterable<Fault> {
      const { ambient = [], permitted = [], inheritable = [] } = processOf(config).capabilities ?? {};
      const vain = ambient.filter((name) => !permitted.includes(name) || !inheritable.includes(name));
      if (vain.length === 0) return;
      const message = `left out, as they are not both permitted and inheritable: ${vain.map(quote).join(", ")}`;
      yield { pointer: "/process/capabilities/ambient", message };
    },
  },
  {
    name: "effective capabilities are permitted",
    spec: "config.md#linux-process",
    reads: ["/process/capabilities"],
    level: "warning",
    *check(config): Iterable<Fault> {
      const { effective = [], permitted = [] } = processOf(config).capabilities ?? {};
      const vain = effective.filter((name) => !permitted.includes(name));
      if (vain.length === 0) return;
      const message = `left out, as they are not permitted: ${vain.map(quote).join(", ")}`;
      yield { pointer: "/process/capabilities/effective", message };
    },
  },
];
