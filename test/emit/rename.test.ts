// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { expect, test } from "vitest";
import { emitImage } from "../../src/emit/image.ts";
import { renameImage } from "../../src/emit/rename.ts";
import { bytes, int, named, string, struct } from "../../src/plan/operands.ts";
import type { Step } from "../../src/plan/step.ts";
import { call, exit, plan } from "./images.ts";

const INPUTS = { report: 3, start: 4 };

function start(name: string, more: readonly Step[] = []) {
  const steps = [
    call("chdir", [named(name)]),
    call("write", [int(1), bytes("x"), int(1)]),
    call("chroot", [named(`/${name}`)]),
  ];
  return plan([...steps, ...more, exit(0)], { inputs: INPUTS });
}

test("an image under another name is the image that the other plan has", () => {
  const names = fc.string({ maxLength: 40, unit: "grapheme" }).filter((name) => !name.includes("\0"));
  fc.assert(
    fc.property(names, names, (one, other) => {
      const renamed = renameImage(emitImage(start(one)), start(one), start(other));
      if (renamed === undefined) return expect(Buffer.byteLength(other)).toBeGreaterThan(61);
      const fresh = emitImage(start(other));
      if (renamed.names.every(({ room }, n) => room === fresh.names[n]?.room)) {
        expect(Buffer.compare(renamed.bytes, fresh.bytes)).toBe(0);
      }
    }),
  );
});

test("what is more than a name is not renamed", () => {
  const image = emitImage(start("a"));
  expect(renameImage(image, start("a"), start("b", [call("chdir", [string("c")])]))).toBeUndefined();
  expect(renameImage(image, start("a"), start("b".repeat(64)))).toBeUndefined();
  expect(renameImage(image, start("a"), start("b\0c"))).toBeUndefined();
  expect(renameImage(image, start("a"), { ...start("b"), inputs: { ...INPUTS } })).toBeUndefined();
});

test("a structure points to no name: there it would have no room of its own", () => {
  const args = [int(1), struct("msghdr", { msg_name: named("a") }), int(0)];
  expect(() => emitImage(plan([call("sendmsg", args), exit(0)]))).toThrow("msg_name cannot hold a named string");
});
