// SPDX-License-Identifier: Apache-2.0
/** What the table of features promises and no other file shows: options of whole trees, and descriptors that were not passed. */
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { freshId, shell } from "./support/container.ts";
import { run, runtimeRoot, TSRUN } from "./support/run.ts";

/** Option → the words that mountinfo has for both mounts of the tree then, and has not. */
const TREES: readonly (readonly [option: string, has: string, lacks: string])[] = [
  ["rro", "ro", "rw"],
  ["rrw", "rw", "ro"],
  ["rnosuid", "nosuid", ""],
  ["rsuid", "rw", "nosuid"],
  ["rnodev", "nodev", ""],
  ["rdev", "rw", "nodev"],
  ["rnoexec", "noexec", ""],
  ["rexec", "rw", "noexec"],
  ["rnodiratime", "nodiratime", ""],
  ["rdiratime", "rw", "nodiratime"],
  ["rnosymfollow", "nosymfollow", ""],
  ["rsymfollow", "rw", "nosymfollow"],
  ["rnoatime", "noatime", "relatime"],
  ["ratime", "relatime", "noatime"],
  ["rstrictatime", "rw", "relatime"],
  ["rnostrictatime", "relatime", "noatime"],
  ["rrelatime", "relatime", "noatime"],
  ["rnorelatime", "relatime", "noatime"],
];
/** What the tree has of itself, so that there is something to take back. */
const OWN = "nosuid,nodev,noexec,nodiratime,nosymfollow,noatime";

test("recursive options change a mount and what is mounted below it", async (t) => {
  requires(t, "root");
  const tree = temporary(t);
  const { dir } = bundle(t, (spec) => {
    shell(spec, "grep ' /m' /proc/self/mountinfo");
    for (const [option] of TREES) {
      spec.mounts.push({ destination: `/m-${option}`, source: tree, options: ["rbind", option] });
    }
  });
  const prelude = [
    `mount -t tmpfs -o ${OWN} tmpfs ${tree}`,
    `mkdir ${tree}/inner`,
    `mount -t tmpfs -o ${OWN} tmpfs ${tree}/inner`,
  ].join("\n");
  const { status, stdout, stderr } = await run([TSRUN, "--root", runtimeRoot(t), "run", "--bundle", dir, freshId()], {
    prelude,
  });
  expect(status, stderr).toBe(0);
  const found = new Map(
    stdout
      .trim()
      .split("\n")
      .map((line) => [line.split(" ")[4], line.split(" ")[5]?.split(",")]),
  );
  for (const [option, has, lacks] of TREES) {
    for (const path of [`/m-${option}`, `/m-${option}/inner`]) {
      expect(found.get(path), path).toContain(has);
      expect(found.get(path), path).not.toContain(lacks);
    }
  }
});

test("nosymfollow lets no symlink of a filesystem be followed, and symfollow takes it back", async (t) => {
  requires(t, "root", "busybox");
  const { dir } = bundle(t, (spec) => {
    shell(
      spec,
      "for m in /a /b; do echo x > $m/file; ln -s file $m/link; cat $m/link 2>/dev/null || echo refused; done",
    );
    spec.mounts.push({ destination: "/a", type: "tmpfs", source: "tmpfs", options: ["nosymfollow"] });
    spec.mounts.push({ destination: "/b", type: "tmpfs", source: "tmpfs", options: ["nosymfollow", "symfollow"] });
  });
  const outcome = await run([TSRUN, "--root", runtimeRoot(t), "run", "--bundle", dir, freshId()]);
  expect(outcome).toMatchObject({ status: 0, stdout: "refused\nx\n" });
});

test("a descriptor that was not passed cannot be preserved, and nothing is created", async (t) => {
  requires(t, "root");
  const root = runtimeRoot(t);
  const { dir } = bundle(t, (spec) => shell(spec, "true"));
  const id = freshId();
  const outcome = await run([TSRUN, "--root", root, "run", "--preserve-fds", "2", "--bundle", dir, id]);
  expect(outcome.status).not.toBe(0);
  expect(outcome.stderr).toContain("file descriptor 3 was not passed");
  expect((await run([TSRUN, "--root", root, "list", "--quiet"])).stdout).toBe("");
});
