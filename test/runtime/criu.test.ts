// SPDX-License-Identifier: Apache-2.0
/** CRIU as a program: what is told when it is not there, too old, or fails. Programs in its place answer as it would. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HostError } from "../../src/errors/errors.ts";
import { askCriu, demand, findCriu } from "../../src/runtime/criu.ts";
import { criuError, errorLines } from "../../src/runtime/criu-log.ts";
import { CRIU_TYPE } from "../../src/runtime/criu-messages.ts";

let dir = "";

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tsrun-criu-"));
  vi.stubEnv("PATH", `${dir}:${process.env.PATH}`);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

/** Sends these bytes, in octal as printf(1) has them, for whatever it is asked; the answer to each notice counts as a request. */
function answering(...answers: readonly string[]): string {
  const path = join(dir, "criu");
  const lines = answers.map((octal) => `dd bs=4096 count=1 of=/dev/null <&3 2>/dev/null; printf '${octal}' >&3`);
  writeFileSync(path, `#!/bin/sh\n${lines.join("\n")}\n`);
  chmodSync(path, 0o755);
  return path;
}

test("its version is asked for", async () => {
  const path = answering("\\010\\012\\020\\001\\122\\006\\010\\003\\020\\021\\040\\001");
  expect(await findCriu()).toEqual({ path, version: 31_701 });
});

test("one that is too old is refused, with the version that is needed", async () => {
  answering("\\010\\012\\020\\001\\122\\004\\010\\003\\020\\012");
  await expect(findCriu()).rejects.toThrow(/3\.15\.0 or later.*3\.10\.0/);
  expect(() => demand({ path: "/criu", version: 31_600 }, 31_700, "--network-lock")).toThrow(HostError);
});

test("one that ends without an answer has failed", async () => {
  const path = answering();
  await expect(findCriu()).rejects.toThrow(HostError);
  expect((await askCriu(path, { type: CRIU_TYPE.DUMP })).success).toBeUndefined();
});

test("something else is no answer", async () => {
  const path = answering("\\377\\377");
  await expect(askCriu(path, { type: CRIU_TYPE.DUMP })).rejects.toThrow(HostError);
});

/** A notice of the script "x", then the answer to a dump. */
const NOTICE = "\\010\\006\\020\\001\\052\\003\\012\\001x";

test("it comes back with notices before it answers", async () => {
  const path = answering(NOTICE, NOTICE, "\\010\\001\\020\\001");
  const seen: string[] = [];
  const response = await askCriu(path, { type: CRIU_TYPE.DUMP }, async ({ script }) => {
    seen.push(script);
  });
  expect(response).toEqual({ type: CRIU_TYPE.DUMP, success: true });
  expect(seen).toEqual(["x", "x"]);
});

test("what fails at a notice is told when it has given up", async () => {
  const path = answering(NOTICE, "\\010\\001\\020\\000");
  const failing = askCriu(path, { type: CRIU_TYPE.DUMP }, async () => {
    throw new Error("a hook");
  });
  await expect(failing).rejects.toThrow("a hook");
});

test("the last errors of its log are told, and where the log is", () => {
  const log = join(dir, "dump.log");
  const lines = Array.from(
    { length: 9 },
    (_, index) => `(00.00000${index}) Error (criu/x.c:${index}): \u001b[1m${index}`,
  );
  writeFileSync(log, ["(00.000000) Warn  (criu/x.c:1): no Error (here", ...lines, ""].join("\n"));
  expect(errorLines(log)).toHaveLength(5);
  expect(errorLines(log).join("")).not.toContain("\u001b");
  const error = criuError({ what: 'checkpoint container "x"', log, response: { cr_errno: 22 } });
  expect(error.message).toContain(log);
  expect((error.cause as AggregateError).errors.at(-1).message).toContain("criu/x.c:8");
  expect(errorLines(join(dir, "none"))).toEqual([`there is no ${join(dir, "none")}`]);
});
