// SPDX-License-Identifier: Apache-2.0
/** Containers of an ordinary user in a cgroup that systemd has given away. systemd.resource-control(5), cgroups(7). */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { bundle } from "../live/support/bundle.ts";
import { freshId } from "../live/support/container.ts";
import { type Outcome, run, TSRUN } from "../live/support/run.ts";
import { rootless, type Spec } from "../live/support/spec.ts";
import { requires } from "../requires.ts";

const RESOURCES = { pids: { limit: 6 }, memory: { limit: 32 * 2 ** 20, swap: 32 * 2 ** 20 } };
const SCRIPT =
  "cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max; dd if=/dev/zero of=/dev/null bs=64M count=1 2>&1; echo $?";

/** Runs its arguments in a cgroup below the unit's own, so that others can be made beside it. A file: systemd has a use for `$`. */
const ASIDE = `cgroup=/sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)
mkdir $cgroup/self && echo $$ > $cgroup/self/cgroup.procs && exec "$@"`;

test("in a unit with Delegate=yes the limits hold", async (t) => {
  const { user, command, aside } = prepared(t);
  const unit = [`--uid=${user}`, "--property=Delegate=yes", "--pipe", "--wait", "--quiet", "--collect"];
  expectLimits(await run(["systemd-run", ...unit, "sh", aside, ...command], { timeoutMs: 60_000 }));
});

test("in a scope of the user's own systemd the limits hold", async (t) => {
  const { user, command, aside } = prepared(t);
  execFileSync("systemctl", ["start", `user@${user}.service`]);
  t.onTestFinished(() => void execFileSync("systemctl", ["stop", `user@${user}.service`]));
  const drop = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups"];
  const scope = ["systemd-run", "--user", "--scope", "--property=Delegate=yes", "--quiet", "--collect"];
  const env = { XDG_RUNTIME_DIR: `/run/user/${user}`, HOME: "/home/user" };
  expectLimits(await run([...drop, ...scope, "sh", aside, ...command], { env, timeoutMs: 60_000 }));
});

test("in a cgroup that is not the user's, a limit is refused with the controller and the way out", async (t) => {
  const { user, command } = prepared(t);
  const drop = ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups"];
  const { status, stderr } = await run([...drop, ...command]);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/\/linux\/resources\/pids\/limit.*"pids".*Delegate=yes/s);
});

function expectLimits({ stdout, stderr }: Outcome): void {
  expect({ stdout, stderr }).toEqual({ stdout: `6\n${32 * 2 ** 20}\nKilled\n137\n`, stderr: "" });
}

/** An ordinary user with a bundle, the command that runs it, and the file of ASIDE. */
function prepared(t: TestContext): { user: number; command: readonly string[]; aside: string } {
  requires(t, "root", "dist", "rootless", "busybox", "cgroup-v2", "systemd");
  const user = 1000;
  const edit = (spec: Spec) => {
    spec.process.args = ["/bin/sh", "-c", SCRIPT];
    rootless(spec, user);
    spec.linux.namespaces.push({ type: "cgroup" });
    spec.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] });
    spec.linux.resources = RESOURCES;
  };
  const { dir } = bundle(t, edit, { owner: user });
  const aside = join(dir, "aside");
  writeFileSync(aside, ASIDE);
  return { user, aside, command: [TSRUN, "--root", join(dir, "state"), "run", "--bundle", dir, freshId()] };
}
