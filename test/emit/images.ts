// SPDX-License-Identifier: Apache-2.0
/** Small plans, and how the tests of this room run them as images. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emitImage, type Image } from "../../src/emit/image.ts";
import { decodeReport, type Report } from "../../src/emit/report.ts";
import { bytes, int } from "../../src/plan/operands.ts";
import type { Act, Call, Operand, Plan, Step } from "../../src/plan/step.ts";

/** The fd of the report socket in the tests' images. */
export const REPORT_FD = 3;
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

export function plan(steps: readonly Step[], rest: Partial<Plan> = {}): Plan {
  return { arch: "x64", inputs: { report: REPORT_FD, start: START_FD }, ...rest, steps };
}

export interface Run {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly image: Image;
  readonly reports: readonly Report[];
}

/** Starts argv with a seqpacket socket at fd 3, then prints each message it received as a line of hex. */
const WITNESS = `
import os, socket, subprocess, sys
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
child = subprocess.Popen(sys.argv[1:], preexec_fn=lambda: os.dup2(theirs.fileno(), 3), close_fds=False)
theirs.close()
messages = []
while data := ours.recv(4096): messages.append(data.hex())
print("\\n".join(messages), file=os.fdopen(4, "w"))
status = child.wait()
sys.exit(status if status >= 0 else 128 - status)
`;

/** Emits the plan and runs it; \`under\` is the command in front of it, for example strace. */
export function run(value: Plan, under: readonly string[] = []): Run {
  const image = emitImage(value);
  const directory = mkdtempSync(join(tmpdir(), "tsrun-emit-"));
  try {
    const file = join(directory, "image");
    writeFileSync(file, image.bytes, { mode: 0o755 });
    const result = spawnSync("python3", ["-c", WITNESS, ...under, file], {
      stdio: ["pipe", "pipe", "pipe", "ignore", "pipe"],
      encoding: "utf8",
      timeout: 20_000,
    });
    const messages = (result.output?.[4] ?? "").split("\n").filter((line) => line !== "");
    const { status, signal, stdout, stderr } = result;
    return { status, signal, stdout, stderr, image, reports: messages.map((hex) => decodeReport(Buffer.from(hex, "hex"))) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
