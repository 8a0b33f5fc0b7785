// SPDX-License-Identifier: Apache-2.0
/** The image stops, the runtime does what only it can, and the image goes on. */
import { MSG } from "../kernel/socket.ts";
import { bytes, flags, int, NULL, ref } from "../plan/operands.ts";
import type { Act, Call, Message } from "../plan/step.ts";
import { at, type Chapter, type Make, type Scope } from "./scope.ts";

/** A part of the runtime's turn; none, if config.json asks for nothing of the kind. */
export type Acting = (scope: Scope) => readonly Act[];

/** One turn for all that the runtime does at that moment, and no turn for nothing. */
export function turn(stage: "bootstrap" | "init" | "process", message: Word, ...parts: readonly Acting[]): Chapter {
  return (scope) => {
    const acts = parts.flatMap((part) => part(scope));
    return acts.length === 0 ? [] : [...turnFor(at(stage, acts[0]?.from ?? ""), message, acts)];
  };
}

type Word = Exclude<Message, "pid">;

export function turnFor(make: Make, message: Word, acts: readonly Act[]): readonly (Call | Act)[] {
  const [say, listen] = ask(make, message);
  const runtime = { stage: "runtime", from: "" } as const;
  return [say, { ...runtime, act: "wait", message }, ...acts, { ...runtime, act: "answer", message }, listen];
}

/** Says a word to the runtime and waits for its answer; a runtime that died answers with end-of-file, and ends the start. */
function ask(make: Make, message: Word): readonly [Call, Call] {
  return [
    make("sendto", [ref("report"), bytes(message), int(message.length), flags(MSG, MSG.MSG_NOSIGNAL), NULL, int(0)]),
    make("recvfrom", [ref("report"), { kind: "out", size: 8 }, int(1), flags(MSG, 0), NULL, NULL], { expect: 1 }),
  ];
}
