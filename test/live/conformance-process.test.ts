// SPDX-License-Identifier: Apache-2.0
/** The process of the container: config.md#process, runtime-linux.md#file-descriptors. */
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { type Container, container, freshId, output, shell } from "./support/container.ts";
import { run, runtimeRoot, TSRUN } from "./support/run.ts";
import { raw, type Spec } from "./support/spec.ts";

test("consoleSize without a terminal is ignored", async (t) => {
  requires(t, "root");
  const text = await output(t, "test -t 1 || echo no terminal", (spec) => {
    spec.process.consoleSize = { height: 10, width: 20 };
  });
  expect(text).toBe("no terminal\n");
});

test("the program is looked up in PATH", async (t) => {
  requires(t, "root");
  const text = await output(t, "", (spec) => {
    spec.process.env = ["PATH=/nowhere:/found:/bin"];
    spec.process.args = ["tool", "word"];
    spec.mounts.push(toolIn(t, "/found"));
  });
  expect(text).toBe("/found/tool word\n");
});

test("a program with a slash in its name is not looked up", async (t) => {
  requires(t, "root");
  const edit = (spec: Spec) => {
    spec.process.env = ["PATH=/found"];
    spec.process.args = ["found/tool"];
    spec.mounts.push(toolIn(t, "/found"));
  };
  expect(await output(t, "", edit)).toBe("found/tool \n");
  const elsewhere = container(t, (spec) => {
    edit(spec);
    spec.process.cwd = "/bin";
  });
  expect((await elsewhere.call("run")).status).not.toBe(0);
});

test("rlimits are what the configuration says", async (t) => {
  requires(t, "root");
  const infinity = raw("18446744073709551615");
  const text = await output(t, "cat /proc/self/limits", (spec) => {
    spec.process.rlimits = [
      { type: "RLIMIT_NOFILE", soft: 100, hard: 200 },
      { type: "RLIMIT_CORE", soft: 0, hard: 0 },
      { type: "RLIMIT_FSIZE", soft: 4_294_967_297, hard: infinity },
    ];
  });
  expect(text).toMatch(/^Max open files +100 +200 /m);
  expect(text).toMatch(/^Max core file size +0 +0 /m);
  expect(text).toMatch(/^Max file size +4294967297 +unlimited /m);
});

test("capability sets are what the configuration says", async (t) => {
  requires(t, "root");
  const text = await output(t, "grep ^Cap /proc/self/status", (spec) => {
    spec.process.capabilities = {
      bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SYS_CHROOT"],
      permitted: ["CAP_CHOWN", "CAP_KILL"],
      effective: ["CAP_KILL"],
      inheritable: ["CAP_KILL"],
      ambient: ["CAP_KILL"],
    };
    spec.process.user.uid = 7;
  });
  const sets = Object.fromEntries(Array.from(text.matchAll(/^Cap(\w+):\s+(\w+)$/gm), ([, set, bits]) => [set, bits]));
  // An ordinary user keeps over execve(2) what is ambient: capabilities(7).
  const kill = (1n << 5n).toString(16).padStart(16, "0");
  expect(sets).toEqual({ Inh: kill, Prm: kill, Eff: kill, Bnd: "0000000000040021", Amb: kill });
});

test("an unknown capability is warned of, and the container runs", async (t) => {
  requires(t, "root");
  const c = container(t, (spec) => {
    shell(spec, "echo runs");
    for (const set of ["bounding", "effective", "permitted"] as const)
      spec.process.capabilities?.[set]?.push("CAP_NOSUCH");
  });
  expect(await c.ok("run")).toMatchObject({ stdout: "runs\n", stderr: expect.stringContaining("CAP_NOSUCH") });
});

test("the container has a session keyring of its own, unless --no-new-keyring keeps the caller's", async (t) => {
  requires(t, "root");
  const keys = (spec: Spec) => {
    spec.linux.maskedPaths = [];
    shell(spec, "cat /proc/keys");
  };
  const [own, kept] = [container(t, keys), container(t, keys)];
  expect((await own.ok("run")).stdout).toMatch(new RegExp(` 3f1b0000 +0 +0 keyring +_ses\\.${own.id}: empty$`, "m"));
  expect((await kept.ok("run", ["--no-new-keyring"])).stdout).not.toContain("_ses.test-");
});

test("a profile or label of a security module that the kernel does not have is refused", async (t) => {
  requires(t, "root");
  const wishes = [
    { apparmorProfile: "tsrun-test", selinuxLabel: "" },
    { apparmorProfile: "", selinuxLabel: "system_u:system_r:container_t:s0" },
    { mountLabel: "system_u:object_r:container_file_t:s0" },
  ];
  const selinux = existsSync("/sys/fs/selinux/enforce");
  const there = [existsSync("/sys/module/apparmor"), selinux, selinux];
  for (const [index, wish] of wishes.entries()) {
    if (there[index]) continue;
    const c = container(t, (spec) => {
      if ("mountLabel" in wish) Object.assign(spec.linux, wish);
      else Object.assign(spec.process, wish);
    });
    const { status, stderr } = await c.call("create");
    expect(status).not.toBe(0);
    expect(stderr).toMatch(
      /\/(apparmorProfile|selinuxLabel|mountLabel) +(AppArmor|SELinux) is not enabled in this kernel/,
    );
  }
});

test("oomScoreAdj is set when the configuration says so", async (t) => {
  requires(t, "root");
  const text = await output(t, "cat /proc/self/oom_score_adj", (spec) => {
    spec.process.oomScoreAdj = 456;
  });
  expect(text).toBe("456\n");
});

test("oom_score_adj is the caller's when the configuration says nothing", async (t) => {
  requires(t, "root");
  const { dir } = bundle(t, (spec) => shell(spec, "cat /proc/self/oom_score_adj"));
  const words = [TSRUN, "--root", runtimeRoot(t), "run", "--bundle", dir, freshId()];
  const outcome = await run(["sh", "-c", 'echo 321 > /proc/self/oom_score_adj; exec "$@"', "sh", ...words]);
  expect(outcome).toMatchObject({ status: 0, stdout: "321\n" });
});

test("unknown properties are ignored", async (t) => {
  requires(t, "root");
  const text = await output(t, "echo runs", (spec) => {
    spec.linux.unknown = { deep: [1] };
    Object.assign(spec, { unknown: true });
    Object.assign(spec.process, { unknown: { a: null } });
  });
  expect(text).toBe("runs\n");
});

test("cwd, environment, user and umask are what the configuration says", async (t) => {
  requires(t, "root");
  const text = await output(t, "pwd; echo $NAME; id -u; id -g; id -G; umask", (spec) => {
    spec.process.cwd = "/made/for/this";
    spec.process.env?.push("NAME=a b=c");
    spec.process.user = { uid: 1000, gid: 1001, additionalGids: [5, 6], umask: 0o27 };
  });
  expect(text).toBe("/made/for/this\na b=c\n1000\n1001\n1001 5 6\n0027\n");
});

test("only the standard streams are open", async (t) => {
  requires(t, "root");
  const { dir } = bundle(t, (spec) => {
    spec.process.args = ["ls", "-l", "/proc/self/fd"];
  });
  const words = [TSRUN, "--root", runtimeRoot(t), "run", "--bundle", dir, freshId()];
  const { stdout } = await run(words, { fds: ["pipe", "pipe", "pipe"] });
  // ls has closed the directory, which was the next free number, when it reads the links.
  expect(Array.from(stdout.matchAll(/ (\d+) -> /g), ([, fd]) => fd)).toEqual(["0", "1", "2"]);
});

test.for([
  ["that is not there", undefined, "/script"],
  ["whose interpreter is not there", "#!/no/such/interpreter\n", "/no/such/interpreter"],
  ["whose first line ends as on Windows", "#!/bin/sh\r\necho hi\r\n", "/bin/sh\\r"],
  ["that is not executable", "#!/bin/sh\n", "/script"],
] as const)("start tells that it cannot execute a program %s", async ([what, text, named], t) => {
  requires(t, "root");
  const c = container(t, (spec) => {
    spec.process.args = ["/script"];
  });
  if (text !== undefined) writeFileSync(join(c.rootfs, "script"), text, { mode: 0o755 });
  if (what === "that is not executable") chmodSync(join(c.rootfs, "script"), 0o644);
  const { stderr } = await failingStart(c);
  expect(stderr).toContain(named);
});

/** A program that is not there may be told of by create already. */
async function failingStart(c: Container) {
  const created = await c.call("create");
  const answer = created.status === 0 ? await c.call("start") : created;
  expect(answer.status).not.toBe(0);
  return answer;
}

/** A mount with a program `tool` that tells how it was called. */
function toolIn(t: TestContext, destination: string) {
  const source = temporary(t);
  writeFileSync(join(source, "tool"), '#!/bin/sh\necho "$0 $*"\n', { mode: 0o755 });
  return { destination, type: "bind", source, options: ["bind"] };
}
