// SPDX-License-Identifier: Apache-2.0
/** What `tsrun explain seccomp` prints. */
import { printVerdict, type Verdict } from "../bpf/seccomp-data.ts";
import type { ArchVerdict, CallVerdict, ExplainedFilter, OneVerdict } from "../runtime/explain-seccomp.ts";

const WIDTH = 100;

/** The verdicts on all calls, those with the same one together, the most frequent first. */
export function printTable(filter: ExplainedFilter): string {
  const calls = filter.calls();
  const parts = [
    `${filter.arch}: ${calls.length} system calls, by a filter of ${filter.instructions} instructions\n`,
    ...groups(calls).map(([verdict, names]) => heading(verdict, names.length) + columns(names)),
    ...dependent(calls.filter((call) => call.verdict === undefined)),
    others(filter.others(), filter.future()),
    ...(filter.warnings.length === 0 ? [] : [filter.warnings.map((warning) => `${warning}\n`).join("")]),
  ];
  return parts.join("\n");
}

function groups(calls: readonly CallVerdict[]): readonly (readonly [verdict: string, names: readonly string[]])[] {
  const groups = new Map<string, string[]>();
  for (const { name, verdict } of calls) {
    if (verdict === undefined) continue;
    const text = printVerdict(verdict);
    groups.set(text, [...(groups.get(text) ?? []), name]);
  }
  return [...groups].sort(([, one], [, other]) => other.length - one.length);
}

function heading(verdict: string, count: number): string {
  return `${verdict}: ${count}\n`;
}

/** Words in lines of at most WIDTH. */
function columns(words: readonly string[]): string {
  const lines: string[] = [];
  let line = "";
  for (const word of words) {
    if (line !== "" && line.length + word.length + 3 > WIDTH) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? `  ${word}` : ` ${word}`;
  }
  return [...lines, line].map((each) => `${each}\n`).join("");
}

function dependent(calls: readonly CallVerdict[]): readonly string[] {
  if (calls.length === 0) return [];
  const rows = calls.flatMap(({ name, conditions }) =>
    conditions.map(({ text, verdict, pointer }, index) => [
      index === 0 ? name : "",
      `${printVerdict(verdict)} if ${text === "" ? "none of the others holds" : text}`,
      pointer,
    ]),
  );
  const [first, second] = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map(
    ([name = "", text = "", pointer = ""]) =>
      `  ${name.padEnd(first ?? 0)}  ${text.padEnd(second ?? 0)}  # ${pointer}\n`,
  );
  return [heading("depends on the arguments", calls.length) + lines.join("")];
}

function others(arches: readonly ArchVerdict[], future: Verdict): string {
  const rows = arches.map(({ arch, verdict }) => [
    arch,
    verdict === undefined ? "by the rules of the profile" : printVerdict(verdict),
  ]);
  rows.push(["a call that is not known yet", printVerdict(future)]);
  const widest = Math.max(...rows.map(([name = ""]) => name.length));
  return rows.map(([name = "", text]) => `${name.padEnd(widest)}  ${text}\n`).join("");
}

/** `mkdir(0x1, 0x2) → SECCOMP_RET_ALLOW`, and what says so. */
export function printOne({ name, number, args, verdict, origin }: OneVerdict): string {
  const shown = args.map((arg) => (arg < 10n ? String(arg) : `0x${arg.toString(16)}`));
  return `${name}(${shown.join(", ")}), call ${number} → ${printVerdict(verdict)}\n  ${origin.pointer}: ${origin.reason}\n`;
}

/** The same for programs. */
export function tableToJson(filter: ExplainedFilter): unknown {
  return {
    architecture: filter.arch,
    instructions: filter.instructions,
    syscalls: filter.calls().map(({ name, number, verdict, conditions }) => ({
      name,
      number,
      ...(verdict === undefined ? { conditions: conditions.map(conditionToJson) } : verdict),
    })),
    otherArchitectures: filter.others().map(({ arch, verdict }) => ({ architecture: arch, ...verdict })),
    unknown: filter.future(),
    warnings: filter.warnings,
  };
}

function conditionToJson({ pointer, verdict, text }: CallVerdict["conditions"][number]): unknown {
  return { ...verdict, if: text, pointer };
}

export function oneToJson({ name, number, args, verdict, origin }: OneVerdict): unknown {
  return { name, number, args: args.map((arg) => `0x${arg.toString(16)}`), ...verdict, ...origin };
}
