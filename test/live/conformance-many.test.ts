// SPDX-License-Identifier: Apache-2.0
/** Many containers at once: each is right, and nothing is left of them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { shell, tsrunAnswer, until } from "./support/container.ts";
import { PATIENCE } from "./support/patience.ts";
import { runtimeRoot } from "./support/run.ts";
import { images, nothingLeft } from "./support/traces.ts";

/** Fewer on a slow machine. */
const COUNT = Math.ceil(200 / PATIENCE);
const AT_ONCE = 20;

test(`${COUNT} containers, ${AT_ONCE} at a time`, { timeout: 300_000 * PATIENCE }, async (t) => {
  requires(t, "root");
  const before = images();
  const root = runtimeRoot(t);
  // One bundle for all: the state is what must be kept apart.
  const { dir } = bundle(t, (spec) => {
    shell(spec, "hostname");
    spec.root.readonly = true;
  });
  let next = 0;
  const outputs: string[] = [];
  const worker = async () => {
    while (next < COUNT) outputs.push(await life(root, dir, `many-${next++}`, temporary(t)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(outputs).toEqual(Array.from({ length: COUNT }, () => "probe\n"));
  expect(readdirSync(root)).toEqual([]);
  await nothingLeft("many-", before, dir);
});

/** Creates, starts and deletes one container, and tells what it wrote. */
async function life(root: string, dir: string, id: string, files: string): Promise<string> {
  const call = async (...words: readonly string[]) => {
    const answer = await tsrunAnswer(["--root", root, ...words], files);
    if (answer.status !== 0) throw new Error(`${words.join(" ")}: ${answer.stderr}`);
    return answer.stdout;
  };
  await call("create", "--bundle", dir, id);
  await call("start", id);
  await until(`${id} has stopped`, async () => JSON.parse(await call("state", id)).status === "stopped", 20_000);
  await call("delete", id);
  return readFileSync(join(files, "create"), "utf8");
}
