// SPDX-License-Identifier: Apache-2.0
/** The state document: runtime.md#state, config.md#annotations. */
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import Ajv from "ajv-draft-04";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { temporary } from "./support/bundle.ts";
import { container, shell, tsrunAnswer, until } from "./support/container.ts";

const VERSION = /^\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?$/;

test.for(["created", "running", "stopped"])(
  "the state of a container that is %s follows the schema",
  async (status, t) => {
    requires(t, "root");
    const c = container(t, (spec) => shell(spec, "exec sleep 1000"));
    await c.ok("create");
    if (status !== "created") await c.ok("start");
    if (status === "stopped") {
      await c.ok("kill", [], ["KILL"]);
      await until("the container is stopped", async () => (await c.status()) === "stopped");
    }
    const state = await c.state();
    expect(state).toMatchObject({ ociVersion: expect.stringMatching(VERSION), id: c.id, status, bundle: c.dir });
    if (status !== "stopped") expect(existsSync(`/proc/${state.pid}`)).toBe(true);
    expect(schemaErrors(state)).toEqual([]);
  },
);

test("the pid of the state is the pid of the process, as in the pid file", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => shell(spec, "exec sleep 4242"));
  const pidFile = join(temporary(t), "pid");
  await c.ok("create", ["--pid-file", pidFile]);
  const { pid } = await c.state();
  expect(readFileSync(pidFile, "utf8")).toBe(`${pid}`);
  await c.ok("start");
  expect((await c.state()).pid).toBe(pid);
  await until("the program runs", () => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("sleep\x004242"));
});

test("the bundle of the state is an absolute path", async (t) => {
  requires(t, "root");
  const c = container(t);
  const words = ["--root", c.root, "create", "--bundle", relative("/usr/lib", c.dir), c.id];
  expect(await tsrunAnswer(words, temporary(t), "/usr/lib")).toMatchObject({ status: 0 });
  expect((await c.state()).bundle).toBe(c.dir);
});

test("annotations are in the state as the configuration has them", async (t) => {
  requires(t, "root");
  const annotations = {
    "org.opencontainers.image.os": "linux",
    "org.opencontainers.image.stopSignal": "SIGKILL",
    "org.example.unknown": "",
    'key with "quotes"': "ä\n",
  };
  const c = container(t, (spec) => {
    spec.annotations = annotations;
  });
  await c.ok("create");
  expect((await c.state()).annotations).toMatchObject(annotations);
});

/** What the reference schema says, where OCI_SPEC_DIR tells where it is. */
function schemaErrors(state: unknown): readonly unknown[] {
  const dir = process.env.OCI_SPEC_DIR;
  if (dir === undefined) return [];
  const read = (name: string) => JSON.parse(readFileSync(join(dir, "schema", name), "utf8"));
  const ajv = new Ajv.default({ strict: false });
  for (const name of ["defs.json", "defs-linux.json"]) ajv.addSchema(read(name), name);
  const validate = ajv.compile(read("state-schema.json"));
  validate(state);
  return validate.errors ?? [];
}
