// SPDX-License-Identifier: Apache-2.0
/** Small plans, and how the tests of this room run them as images. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emitImage } from "../../src/emit/image.ts";
import { decodeReport, type Report } from "../../src/emit/report.ts";
import { bytes, int } from "../../src/plan/operands.ts";
import type { Act, Call, Operand, Plan, Step } from "../../src/plan/step.ts";

/** The fd of the report socket in the tests' images. */
const REPORT_FD = 3;
/** The fd of the socket that `start` would connect to: nothing is there. */
const START_FD = 4;

type Rest = Partial<Omit<Call, "call" | "args">>;

export function call(name: Call["call"], args: readonly Operand[], rest: Rest = {}): Call {
  return { call: name, args, stage: "init", from: "", ...rest };
}

export function print(text: string, rest: Rest = {}): Call {
  return call("write", [int(1), bytes(text), int(Buffer.byteLength(text))], rest);
}

export function exit(status: number, rest: Rest = {}): Call {
  return call("exit_group", [int(status)], rest);
}

export function act(message: "created"): Act {
  return { act: "wait", message, stage: "runtime", from: "" };
}

/** A plan for this machine, unless `rest` says another. */
export function plan(steps: readonly Step[], rest: Partial<Plan> = {}): Plan {
  return { arch: HOST, inputs: { report: REPORT_FD, start: START_FD }, ...rest, steps };
}

export const HOST = process.arch === "arm64" ? "arm64" : "x64";

export interface Run {
  readonly status: number | null;
  readonly signal: string | null;
  /** Latin-1: a character is a byte. */
  readonly stdout: string;
  readonly stderr: string;
  /** What came through the report socket. */
  readonly report: Report | undefined;
}

/** Emits the plan and runs it; `under` is the command in front of it, for example strace. */
export function run(value: Plan, under: readonly string[] = []): Run {
  const directory = mkdtempSync(join(tmpdir(), "tsrun-emit-"));
  try {
    const file = join(directory, "image");
    writeFileSync(file, emitImage(value).bytes, { mode: 0o755 });
    const [command = file, ...args] = [...under, file];
    // libuv makes its "pipes" with socketpair(2), so sendto(2) works on fd 3.
    const result = spawnSync(command, args, { stdio: ["ignore", "pipe", "pipe", "pipe"], timeout: 20_000 });
    const [, stdout = null, stderr = null, message = null] = result.output ?? [];
    return {
      status: result.status,
      signal: result.signal,
      stdout: stdout?.toString("latin1") ?? "",
      stderr: stderr?.toString() ?? "",
      report: message === null || message.length === 0 ? undefined : decodeReport(message),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
