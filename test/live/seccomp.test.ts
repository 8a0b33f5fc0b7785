// SPDX-License-Identifier: Apache-2.0
/** Filters of system calls at work: calls that a program makes end as they do under runc and crun. */
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { CALLS } from "../../src/kernel/calls.ts";
import { requires } from "../requires.ts";
import { bundle, temporary } from "./support/bundle.ts";
import { container, freshId, shell, until } from "./support/container.ts";
import { crun, type Outcome, runc, runtimeRoot, tsrun } from "./support/run.ts";
import { rootless, type Spec } from "./support/spec.ts";
import { trace } from "./support/strace.ts";

type Profile = Readonly<Record<string, unknown>>;

/** test/fixtures/calls.c, as a static program. */
function calls(t: TestContext): string {
  requires(t, "cc");
  const file = join(temporary(t), "calls");
  execFileSync("cc", ["-static", "-O1", "-o", file, new URL("../fixtures/calls.c", import.meta.url).pathname]);
  return file;
}

function numberOf(name: keyof typeof CALLS): number {
  return CALLS[name][process.arch === "arm64" ? "arm64" : "x64"];
}

/** How each call ended, or what the runtime said. */
async function verdicts(t: TestContext, run: typeof tsrun, edit: (spec: Spec) => void, words: readonly string[]) {
  const bin = run === tsrun ? undefined : run === runc ? "runc" : "crun";
  const root = runtimeRoot(t, bin === undefined ? {} : { bin });
  const { dir, rootfs } = bundle(t, (spec) => {
    spec.process.args = ["/calls", ...words];
    edit(spec);
  });
  copyFileSync(calls(t), join(rootfs, "calls"));
  const outcome: Outcome = await run(["--root", root, "run", freshId()], { cwd: dir });
  return outcome.stdout === "" ? outcome.stderr : outcome.stdout;
}

/** All that needs no filter's leave: the default allows. */
const DENYING: Profile = {
  defaultAction: "SCMP_ACT_ALLOW",
  architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
  syscalls: [
    { names: ["umask"], action: "SCMP_ACT_ERRNO", errnoRet: 95 },
    { names: ["ioprio_set"], action: "SCMP_ACT_ERRNO" },
    { names: ["sethostname"], action: "SCMP_ACT_KILL_PROCESS" },
    { names: ["unshare"], action: "SCMP_ACT_TRAP" },
    { names: ["flock"], action: "SCMP_ACT_LOG" },
    { names: ["mount"], action: "SCMP_ACT_TRACE" },
    {
      names: ["personality"],
      action: "SCMP_ACT_ERRNO",
      errnoRet: 61,
      args: [{ index: 0, value: 8, op: "SCMP_CMP_EQ" }],
    },
    {
      names: ["kill"],
      action: "SCMP_ACT_ERRNO",
      errnoRet: 62,
      args: [
        { index: 0, value: 1, op: "SCMP_CMP_EQ" },
        { index: 1, value: 3, op: "SCMP_CMP_LT" },
      ],
    },
  ],
};

const WORDS = [
  ...[`${numberOf("umask")}`, `${numberOf("ioprio_set")}`, `${numberOf("sethostname")}`, `${numberOf("unshare")}`],
  ...[`${numberOf("flock")},99`, `${numberOf("mount")}`, `${numberOf("personality")},8`],
  ...[`${numberOf("personality")},0xffffffff`, `${numberOf("kill")},1,2`, `${numberOf("kill")},1,0`],
  ...[`${numberOf("kill")},1,0x100000000`, `${numberOf("getppid")}`],
  // umask and getppid of 32 bits; and x32, which the profile does not name.
  ...(process.arch === "x64" ? ["x86:60", "x86:64", "x32:39"] : []),
];

test.for([true, false])("calls end as under runc and crun, no_new_privs %s", async (noNewPrivileges, t) => {
  requires(t, "root", "busybox", "cc", "runc", "crun");
  const edit = (spec: Spec) => {
    spec.linux.seccomp = DENYING;
    spec.process.noNewPrivileges = noNewPrivileges;
  };
  const mine = await verdicts(t, tsrun, edit, WORDS);
  expect(mine.trim().split("\n")).toHaveLength(WORDS.length);
  expect(mine).toContain(
    `${numberOf("umask")} 95\n${numberOf("ioprio_set")} 1\n${numberOf("sethostname")} signal 31\n`,
  );
  expect(mine).toBe(await verdicts(t, runc, edit, WORDS));
  expect(mine).toBe(await verdicts(t, crun, edit, WORDS));
});

const PODMAN = "/usr/share/containers/seccomp.json";

interface PodmanRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly args?: readonly unknown[] | null;
  readonly errnoRet?: number;
  readonly includes?: { readonly caps?: unknown; readonly arches?: readonly string[] };
  readonly excludes?: { readonly caps?: unknown; readonly arches?: readonly string[] };
}

/** podman's profile for a container without capabilities on this machine, as podman hands it to a runtime. */
function podmanProfile(): Profile {
  const { defaultAction, defaultErrnoRet, syscalls } = JSON.parse(readFileSync(PODMAN, "utf8"));
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  const own = (syscalls as readonly PodmanRule[]).filter(
    ({ includes = {}, excludes = {} }) =>
      includes.caps === undefined && (includes.arches?.includes(arch) ?? true) && !excludes.arches?.includes(arch),
  );
  const rules = own.map(({ names, action, args, errnoRet }) => ({
    ...{ names, action, ...(args && args.length > 0 && { args }) },
    ...(errnoRet !== undefined && { errnoRet }),
  }));
  const architectures =
    arch === "amd64" ? ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] : ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"];
  return { defaultAction, ...(defaultErrnoRet !== undefined && { defaultErrnoRet }), architectures, syscalls: rules };
}

test("podman's profile judges the first 500 calls as under runc", { timeout: 60_000 }, async (t) => {
  requires(t, "root", "busybox", "cc", "runc");
  if (!existsSync(PODMAN)) return t.skip("needs golang-github-containers-common");
  // Without arguments, these wait, stop, or end the process that asks.
  const numbers = new Set([0, 7, 15, 23, 34, 35, 56, 57, 58, 60, 61, 127, 128, 130, 153, 169, 231, 247, 270, 271, 435]);
  const words = Array.from({ length: 500 }, (_, nr) => nr)
    .filter((nr) => !numbers.has(nr))
    .map(String);
  const edit = (spec: Spec) => {
    spec.linux.seccomp = podmanProfile();
    spec.process.noNewPrivileges = true;
  };
  const [mine, theirs] = [await verdicts(t, tsrun, edit, words), await verdicts(t, runc, edit, words)];
  expect(mine.trim().split("\n")).toHaveLength(words.length);
  expect(denials(mine)).toEqual(denials(theirs));
  expect(denials(mine)).toContain("499 38");
});

/** The calls that a filter may have ended; how the others end depends on the runtime's streams, too. */
function denials(text: string): readonly string[] {
  return text.split("\n").filter((line) => / (?:1|38|signal 31)$/.test(line));
}

/** Nothing but what the program of `sh -c` with builtins needs; the image itself needs execve alone. */
const ALLOWING: Profile = {
  defaultAction: "SCMP_ACT_ERRNO",
  syscalls: [{ names: ["execve"], action: "SCMP_ACT_ALLOW" }],
};

test("a profile that allows execve alone lets the program begin", async (t) => {
  requires(t, "root", "busybox");
  for (const noNewPrivileges of [true, false]) {
    const c = container(t, (spec) => {
      spec.linux.seccomp = ALLOWING;
      spec.process.noNewPrivileges = noNewPrivileges;
      spec.process.args = ["sh", "-c", "true"];
    });
    await c.ok("create");
    // The program is busybox, which can do nothing under it; but it began: no error is told.
    expect(await c.call("start")).toMatchObject({ status: 0, stderr: "" });
    await c.ok("delete", ["--force"]);
  }
});

test("a failure that the filter hides ends the container", async (t) => {
  requires(t, "root", "busybox");
  for (const defaultAction of ["SCMP_ACT_ERRNO", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP"]) {
    const c = container(t, (spec) => {
      spec.linux.seccomp = { ...ALLOWING, defaultAction };
      spec.process.args = ["/bin/script"];
    });
    writeFileSync(join(c.rootfs, "bin/script"), "#!/gone\n", { mode: 0o755 });
    await c.ok("create");
    await c.call("start");
    await until("the container has ended", async () => (await c.status()) === "stopped");
    await c.ok("delete");
  }
});

test("the program has the capabilities of config.json, whether or not the filter needed another", async (t) => {
  requires(t, "root", "busybox");
  const status = async (profile: object | undefined) => {
    const c = container(t, (spec) => {
      if (profile !== undefined) spec.linux.seccomp = profile;
      spec.process.noNewPrivileges = false;
      shell(spec, "grep -E '^(Cap|NoNewPrivs)' /proc/self/status");
    });
    await c.ok("run");
    return c.stdout();
  };
  expect(await status(DENYING)).toBe(await status(undefined));
});

test("an ordinary user sets a filter, too", async (t) => {
  requires(t, "root", "busybox", "rootless");
  const root = runtimeRoot(t, { owner: 65534 });
  const edit = (spec: Spec) => {
    rootless(spec);
    spec.linux.seccomp = DENYING;
    shell(spec, "grep ^Seccomp: /proc/self/status; umask");
  };
  const { dir } = bundle(t, edit, { owner: 65534 });
  const run = () => tsrun(["--root", root, "--cgroup-manager", "disabled", "run", freshId()], { cwd: dir, as: "user" });
  // Once made, and once kept.
  for (const outcome of [await run(), await run()]) expect(outcome.stdout).toMatch(/^Seccomp:\t2\n/);
  expect(readdirSync(root)).toContain("~seccomp");
});

test("the kept filters are no container", async (t) => {
  requires(t, "root", "busybox");
  const c = container(t, (spec) => {
    spec.linux.seccomp = DENYING;
  });
  await c.ok("run");
  expect(readdirSync(c.root)).toEqual(["~seccomp"]);
  expect((await tsrun(["--root", c.root, "list", "-q"])).stdout).toBe("");
  expect((await tsrun(["--root", c.root, "state", "~seccomp"])).status).not.toBe(0);
});

test("a plan writes nothing, and strace sees it", async (t) => {
  requires(t, "root", "busybox", "strace");
  const edit = (spec: Spec) => {
    spec.linux.seccomp = DENYING;
    spec.process.noNewPrivileges = true;
    spec.process.args = ["true"];
    spec.process.env = ["PATH=/nowhere:/bin"];
  };
  const root = runtimeRoot(t);
  const { dir } = bundle(t, edit);
  const { stdout } = await tsrun(["--root", root, "plan", dir]);
  expect(stdout).toContain("seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, {len=");
  expect(readdirSync(root)).toEqual([]);
  const traced = await trace(t, bundle(t, edit));
  expect(traced).toMatchObject({ differences: [], status: 0 });
});

test("a directory that is called like the program is passed over under a filter", async (t) => {
  requires(t, "root", "busybox");
  const c = container(t, (spec) => {
    spec.linux.seccomp = DENYING;
    spec.process.args = ["cat", "/proc/self/comm"];
    spec.process.env = ["PATH=/first:/second:/bin"];
  });
  execFileSync("mkdir", ["-p", join(c.rootfs, "first/cat")]);
  await c.ok("run");
  expect(c.stdout()).toBe("cat\n");
});

test("a program without its interpreter is told of under a filter", async (t) => {
  requires(t, "root", "busybox");
  const c = container(t, (spec) => {
    spec.linux.seccomp = DENYING;
    spec.process.args = ["script"];
    spec.process.env = ["PATH=/nowhere:/bin:/usr/bin"];
  });
  writeFileSync(join(c.rootfs, "bin/script"), "#!/gone\n", { mode: 0o755 });
  await c.ok("create");
  const { status, stderr } = await c.call("start");
  expect(status).not.toBe(0);
  expect(stderr).toContain('execve("/bin/script"');
  expect(stderr).toContain("/gone");
});
