// SPDX-License-Identifier: Apache-2.0
/** The features document tells the truth: what it lists is carried out, and nothing that is carried out is missing. */
import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { decodeClassic } from "../../src/bpf/classic.ts";
import { simulatorOf } from "../../src/bpf/classic-simulate.ts";
import { featuresDocument } from "../../src/cli/features-document.ts";
import { compile } from "../../src/compile/compile.ts";
import { parseMountOptions } from "../../src/compile/mount-options.ts";
import { check, checkFeatures } from "../../src/config/check.ts";
import type { Config } from "../../src/config/config.ts";
import { emitImage } from "../../src/emit/image.ts";
import { AUDIT_ARCH } from "../../src/kernel/seccomp.ts";
import { MACHINE_ARCHES } from "../../src/kernel/seccomp-profile.ts";
import { printPlan } from "../../src/plan/print.ts";
import { seccompFilter } from "../../src/runtime/seccomp.ts";
import { told, v1, v2 } from "../cgroup/limits-hosts.ts";
import { factsFor, type Host } from "../compile/facts.ts";
import { read, SOURCES } from "../house/tree.ts";
import { requires } from "../requires.ts";

interface Features {
  readonly hooks: readonly string[];
  readonly mountOptions: readonly string[];
  readonly potentiallyUnsafeConfigAnnotations: readonly string[];
  readonly linux: {
    readonly namespaces: readonly string[];
    readonly capabilities: readonly string[];
    readonly cgroup: Readonly<Record<string, boolean>>;
    readonly seccomp: { readonly enabled: boolean } & Readonly<Record<SeccompList, readonly string[]>>;
    readonly memoryPolicy: { readonly modes: readonly string[]; readonly flags: readonly string[] };
  };
}
type SeccompList = "actions" | "operators" | "archs" | "knownFlags" | "supportedFlags";

const FEATURES = featuresDocument() as unknown as Features;
const { seccomp, memoryPolicy } = FEATURES.linux;
const MAP = [{ containerID: 0, hostID: 100_000, size: 65_536 }];

function config(rest: Partial<Config>, linux: object = {}): Config {
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["/bin/true"], user: { uid: 0, gid: 0 } },
    ...rest,
    linux: { namespaces: [{ type: "mount" }, { type: "network" }, { type: "pid" }], ...linux },
  };
}

/** Refused by no rule, and an image can be made of it. */
function plan(value: Config, host: Host = {}): string {
  expect(check(value).findings).toEqual([]);
  const { plan } = compile(value, factsFor(value, "/b", host), { id: "c1" });
  emitImage(plan);
  return printPlan(plan);
}

const EMPTY = plan(config({}));
const judge = (value: unknown) => check(value).findings.map(({ pointer }) => pointer);

test("it is as the schema wants it, and lists nothing twice", () => {
  expect(checkFeatures(FEATURES)).toEqual([]);
  const lists = [FEATURES.hooks, FEATURES.mountOptions, FEATURES.linux.namespaces, FEATURES.linux.capabilities];
  const all = [...lists, seccomp.actions, seccomp.operators, seccomp.archs, seccomp.knownFlags, memoryPolicy.modes];
  for (const list of all) expect([list.length, new Set(list).size]).toEqual([list.length, list.length]);
  expect(all.map((list) => list.length > 0)).not.toContain(false);
});

describe("mountOptions", () => {
  test("each validates and compiles, on a bind mount and on a filesystem", () => {
    for (const option of FEATURES.mountOptions) {
      const mapped = /^r?idmap$/.test(option) ? { uidMappings: MAP, gidMappings: MAP } : {};
      const kinds = [
        ...(["bind", "rbind", "remount"].includes(option) ? [] : [{ type: "tmpfs", options: [option] }]),
        ...(option === "tmpcopyup" ? [] : [{ source: "/s", options: ["bind", option] }]),
      ];
      for (const kind of kinds) {
        const mounts = [{ destination: "/m", ...kind, ...mapped }];
        expect(plan(config({ mounts })), option).not.toBe(EMPTY);
      }
    }
  });
  test("each is the runtime's own, and what is not listed is left to the filesystem", () => {
    for (const option of FEATURES.mountOptions) expect(parseMountOptions([option]).data, option).toEqual([]);
    for (const option of ["size=1m", "acl", "ridmap=1", "Ro"]) {
      expect(FEATURES.mountOptions).not.toContain(option);
      expect(parseMountOptions([option]).data).toEqual([option]);
    }
  });
  test("each that has an opposite does something else than that", () => {
    const text = (option: string) => JSON.stringify(parseMountOptions([option]));
    // Without relatime the kernel's default is relatime.
    const opposite = FEATURES.mountOptions
      .filter((option) => FEATURES.mountOptions.includes(`no${option}`))
      .filter((option) => option !== "relatime");
    for (const option of opposite) expect(text(option), option).not.toBe(text(`no${option}`));
    expect(opposite.length).toBeGreaterThan(8);
  });
});

test("hooks: each is judged and run, and another name is unknown", () => {
  for (const name of [...FEATURES.hooks, "prestop"]) {
    const hooks = (path: string) => config({ hooks: { [name]: [{ path }] } });
    const known = FEATURES.hooks.includes(name);
    expect(judge(hooks("relative")), name).toEqual(known ? [`/hooks/${name}/0/path`] : []);
    expect(plan(hooks("/h")).includes("/h"), name).toBe(known && !/^post/.test(name));
  }
});

test("namespaces: each can be made and joined, and another type is refused", () => {
  for (const type of FEATURES.linux.namespaces) {
    const mappings = type === "user" ? { uidMappings: MAP, gidMappings: MAP } : {};
    const made = plan(config({}, { namespaces: [{ type }], ...mappings }));
    const joined = plan(config({}, { namespaces: [{ type, path: "/n" }] }));
    expect(new Set([plan(config({}, { namespaces: [] })), made, joined]).size, type).toBe(3);
  }
  expect(judge(config({}, { namespaces: [{ type: "disk" }] }))).toEqual(["/linux/namespaces/0/type"]);
});

test("capabilities: each is set without a warning, and another is warned of", () => {
  const bounding = FEATURES.linux.capabilities;
  const given = config({ process: { cwd: "/", args: ["/bin/true"], capabilities: { bounding } } });
  expect(check(given).warnings.filter(({ pointer }) => pointer.startsWith("/process"))).toEqual([]);
  expect(plan(given)).not.toBe(EMPTY);
  const unknown = config({ process: { cwd: "/", args: ["/bin/true"], capabilities: { bounding: ["CAP_TO_COME"] } } });
  expect(check(unknown).warnings.map(({ pointer }) => pointer)).toContain("/process/capabilities/bounding/0");
});

describe("seccomp", () => {
  const build = (profile: Parameters<typeof seccompFilter>[0]) => {
    expect(judge(config({}, { seccomp: profile }))).toEqual([]);
    return seccompFilter(profile, process.arch === "arm64" ? "arm64" : "x64");
  };
  const arg = { index: 0, value: 1, valueTwo: 1 };

  test("each action, operator, architecture and flag builds a filter", () => {
    for (const action of seccomp.actions) {
      const defaultAction = action === "SCMP_ACT_ALLOW" ? "SCMP_ACT_LOG" : "SCMP_ACT_ALLOW";
      expect(build({ defaultAction, syscalls: [{ names: ["read"], action }] }).warnings).toEqual([]);
      expect(build({ defaultAction: action }).program.length).toBeGreaterThan(0);
    }
    const programs = seccomp.operators.map((op) => {
      const syscalls = [{ names: ["read"], action: "SCMP_ACT_LOG", args: [{ ...arg, op }] }];
      return Buffer.from(build({ defaultAction: "SCMP_ACT_ALLOW", syscalls }).program).toString("hex");
    });
    expect(new Set(programs).size).toBe(seccomp.operators.length);
    for (const arch of seccomp.archs) {
      const { warnings } = build({ defaultAction: "SCMP_ACT_ALLOW", architectures: [arch] });
      const own = Object.values(MACHINE_ARCHES[process.arch === "arm64" ? "arm64" : "x64"]) as string[];
      expect(warnings.length, arch).toBe(own.includes(arch) ? 0 : 1);
    }
    for (const flag of seccomp.supportedFlags) build({ defaultAction: "SCMP_ACT_ALLOW", flags: [flag] });
  });

  test("supported flags are known ones, and what is not listed is refused", () => {
    expect(seccomp.supportedFlags.filter((flag) => !seccomp.knownFlags.includes(flag))).toEqual([]);
    const profile = (more: object) => judge(config({}, { seccomp: { defaultAction: "SCMP_ACT_ALLOW", ...more } }));
    expect(profile({ defaultAction: "SCMP_ACT_KILL_ALL" })).toEqual(["/linux/seccomp/defaultAction"]);
    expect(profile({ architectures: ["SCMP_ARCH_Z80"] })).toEqual(["/linux/seccomp/architectures/0"]);
    expect(profile({ flags: ["SECCOMP_FILTER_FLAG_NEW_LISTENER"] })).toEqual(["/linux/seccomp/flags/0"]);
    const syscalls = [{ names: ["read"], action: "SCMP_ACT_LOG", args: [{ ...arg, op: "SCMP_CMP_BETWEEN" }] }];
    expect(profile({ syscalls })).toEqual(["/linux/seccomp/syscalls/0/args/0/op"]);
  });

  test("a filter of many calls is a tree: none takes as long as a list would", () => {
    const names = ["read", "write", "close", "fstat", "lseek", "mmap", "mprotect", "munmap", "brk", "ioctl", "dup"];
    const more = ["madvise", "shutdown", "bind", "listen", "getpid", "socket", "connect", "accept", "sendto", "clone"];
    const others = ["execve", "exit", "wait4", "kill", "uname", "fcntl", "flock", "fsync", "getcwd", "chdir", "umask"];
    const last = [
      "getuid",
      "getgid",
      "setuid",
      "setgid",
      "getppid",
      "setsid",
      "openat",
      "mkdirat",
      "unlinkat",
      "statx",
    ];
    const all = [...names, ...more, ...others, ...last];
    const { program } = seccompFilter(
      { defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ names: all, action: "SCMP_ACT_ALLOW" }] },
      "x64",
    );
    const simulate = simulatorOf(decodeClassic(program));
    const steps = Array.from({ length: 333 }, (_, nr) => {
      return simulate({ nr, arch: AUDIT_ARCH.AUDIT_ARCH_X86_64, instructionPointer: 0n, args: [] }).path.length;
    });
    expect(Math.max(...steps)).toBeLessThan(all.length - 10);
  });
});

test("memoryPolicy: each mode and flag compiles, and another is refused", () => {
  for (const mode of memoryPolicy.modes) {
    const nodes = ["MPOL_DEFAULT", "MPOL_LOCAL"].includes(mode) ? "" : "0";
    expect(plan(config({}, { memoryPolicy: { mode, nodes } })), mode).toContain(mode);
  }
  for (const flag of memoryPolicy.flags) {
    const given = config({}, { memoryPolicy: { mode: "MPOL_BIND", nodes: "0", flags: [flag] } });
    expect(plan(given), flag).toContain(flag);
  }
  const wrong = { mode: "MPOL_RANDOM", flags: ["MPOL_F_NODE"] };
  expect(judge(config({}, { memoryPolicy: wrong }))).toEqual([
    "/linux/memoryPolicy/mode",
    "/linux/memoryPolicy/flags/0",
  ]);
});

test("intelRdt, netDevices, mountExtensions and the security modules: what is true compiles", () => {
  expect(FEATURES.linux).toMatchObject({
    intelRdt: { enabled: true, schemata: true, monitoring: true },
    netDevices: { enabled: true },
    mountExtensions: { idmap: { enabled: true } },
    apparmor: { enabled: true },
    selinux: { enabled: true },
  });
  const resctrl = { mountpoint: "/sys/fs/resctrl", schemata: null };
  const rdt = plan(config({}, { intelRdt: { schemata: ["L2:0=f"], enableMonitoring: true } }), { resctrl });
  expect(rdt).toMatch(/L2:0=f[\s\S]*mon_groups/);
  expect(plan(config({}, { netDevices: { eth7: { name: "in7" } } }))).toContain("in7");
  const mounts = [{ destination: "/m", source: "/s", options: ["bind", "idmap"], uidMappings: MAP, gidMappings: MAP }];
  expect(plan(config({ mounts }))).toContain("MOUNT_ATTR_IDMAP");
  const lsm = { apparmor: true, selinux: true };
  const process = { cwd: "/", args: ["/bin/true"], apparmorProfile: "quiet", selinuxLabel: "a_u:b_r:c_t:s0" };
  expect(plan(config({ process }), { lsm })).toMatch(/quiet[\s\S]*c_t/);
});

test("cgroup: the controller of RDMA has its file in both versions", () => {
  expect(FEATURES.linux.cgroup).toEqual({ v1: true, v2: true, systemd: true, systemdUser: true, rdma: true });
  const rdma = { mlx5_1: { hcaHandles: 3, hcaObjects: 10_000 } };
  for (const dirs of [v1, v2]) expect(told({ rdma }, dirs)).toEqual(["rdma.max mlx5_1 hca_handle=3 hca_object=10000"]);
});

test("potentiallyUnsafeConfigAnnotations: the keys that the sources have, and no others", () => {
  const others = SOURCES.filter((file) => file !== "cli/features-document.ts");
  const keys = others.flatMap((file) =>
    Array.from(read(`src/${file}`).matchAll(/"((?:org|run)\.[a-zA-Z][\w.]+)"/g), ([, key = ""]) => key),
  );
  expect(FEATURES.potentiallyUnsafeConfigAnnotations).toEqual([...new Set(keys)].filter(isAnnotation).sort());
});

/** Names on the bus look the same. */
function isAnnotation(key: string): boolean {
  return !key.startsWith("org.freedesktop.");
}

/** Options of ext2 and its kin, which runc has as a flag of mount(2); here the filesystem is told itself. */
const ONLY_RUNC = ["acl", "noacl"];

test("what runc claims of itself, tsrun can claim, too", (t) => {
  requires(t, "runc");
  const { stdout } = spawnSync("runc", ["features"], { encoding: "utf8" });
  const lacks = missing(JSON.parse(stdout), FEATURES, "");
  expect(lacks.filter((path) => !ONLY_RUNC.some((option) => path === `/mountOptions/${option}`))).toEqual([]);
  expect(lacks).toHaveLength(ONLY_RUNC.length);
});

/** Where the claims of one document are not in another: entries of lists by their value, switches that are on. */
function missing(theirs: unknown, ours: unknown, place: string): readonly string[] {
  if (/^\/(?:annotations|ociVersion\w+)$/.test(place) || theirs === false) return [];
  if (Array.isArray(theirs)) {
    const list: readonly unknown[] = Array.isArray(ours) ? ours : [];
    return theirs.filter((entry) => !list.includes(entry)).map((entry) => `${place}/${entry}`);
  }
  if (typeof theirs !== "object" || theirs === null) return theirs === ours ? [] : [place];
  const mine = (ours ?? {}) as Record<string, unknown>;
  return Object.entries(theirs).flatMap(([key, value]) => missing(value, mine[key], `${place}/${key}`));
}
