// SPDX-License-Identifier: Apache-2.0
/** The runtime believes an image only so far. */
import { expect, test } from "vitest";
import { emitImage } from "../../src/emit/image.ts";
import { address, bytes, flags, int, NULL, out, ref } from "../../src/plan/operands.ts";
import type { Call, Plan, Step } from "../../src/plan/step.ts";
import { perform } from "../../src/runtime/perform.ts";

const ORIGIN = { stage: "bootstrap", from: "" } as const;

function call(name: Call["call"], args: Call["args"], more: Partial<Call> = {}): Call {
  return { ...ORIGIN, call: name, args, ...more };
}

const SEND = [int(8), flags({}, 0), NULL, int(0)];
const tellPid = call("sendto", [ref("report"), address("own"), ...SEND]);

function performed(...told: readonly Call[]): Promise<number> {
  const steps: Step[] = [
    { stage: "runtime", from: "", act: "spawn" },
    call("getpid", [], { result: "own" }),
    ...told,
    call("recvfrom", [ref("report"), out("char8"), int(1), flags({}, 0), NULL, NULL]),
    call("exit_group", [int(0)]),
    { stage: "runtime", from: "", act: "wait", message: "pid" },
    { stage: "runtime", from: "", act: "wait", message: "created" },
  ];
  const plan: Plan = { arch: process.arch === "arm64" ? "arm64" : "x64", steps, inputs: { report: 3 } };
  return perform({ plan, image: emitImage(plan), stdio: [0, 1, 2], inputs: {}, preserveFds: 0 });
}

test("an image tells of its init once: a second pid could be that of any process", async () => {
  await expect(performed(tellPid, tellPid)).rejects.toThrow(/has told of its init already/);
});

test("words that no image has are an error", async () => {
  const word = call("sendto", [ref("report"), bytes("deleted"), int(7), flags({}, 0), NULL, int(0)]);
  await expect(performed(tellPid, word)).rejects.toThrow(/not a message of an image/);
});
