// SPDX-License-Identifier: Apache-2.0
/** An OCI image that umoci made of a local directory and unpacked into a bundle runs; nothing is downloaded. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { busyboxRootfs, temporary } from "./support/bundle.ts";
import { runtimeRoot, tsrun } from "./support/run.ts";
import { printSpec, type Spec } from "./support/spec.ts";

test("an image unpacked by umoci runs as its config says", async (t) => {
  requires(t, "root", "umoci", "busybox");
  const dir = temporary(t);
  const image = `${dir}/image:busybox`;
  const umoci = (...args: readonly string[]) => execFileSync("umoci", args, { stdio: "pipe" });
  umoci("init", "--layout", join(dir, "image"));
  umoci("new", "--image", image);
  umoci("insert", "--image", image, busyboxRootfs(t), "/");
  umoci("config", "--image", image, "--config.user", "user", "--config.workingdir", "/home/user");
  umoci("config", "--image", image, "--config.env", "COLOUR=green", "--config.cmd", "/bin/sh");
  const bundle = join(dir, "bundle");
  umoci("unpack", "--image", image, bundle);

  const config = join(bundle, "config.json");
  const spec = JSON.parse(readFileSync(config, "utf8")) as Spec;
  expect(spec.process.args).toEqual(["/bin/sh"]);
  spec.process.args.push("-c", 'echo "$(id -u):$(id -g) $COLOUR $(pwd)"');
  spec.process.terminal = false;
  // umoci asks for a device cgroup that allows nothing; limits are a chapter of their own.
  delete spec.linux.resources;
  writeFileSync(config, printSpec(spec));

  const root = runtimeRoot(t);
  expect(await tsrun(["--root", root, "run", "image"], { cwd: bundle })).toEqual({
    status: 0,
    signal: null,
    stdout: "1000:1000 green /home/user\n",
    stderr: "",
  });
});
