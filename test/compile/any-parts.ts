// SPDX-License-Identifier: Apache-2.0
/** Random parts of config.json that few containers have: hooks, profiles, limits, classes of service, and their like. */
import fc from "fast-check";
import type { Config, Hooks, Linux, Mount, Process, Resources, Seccomp } from "../../src/config/config.ts";
import { HOOK_NAMES } from "../../src/config/rules-hooks.ts";
import { MPOL } from "../../src/kernel/mempolicy.ts";
import { PROFILE_FLAGS, SCMP_ACT, SCMP_ARCH, SCMP_CMP } from "../../src/kernel/seccomp-profile.ts";

/** Mostly absent: what is refused together would leave few configs that compile. */
export function seldom<T>(part: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, part);
}

const u64 = fc.oneof(fc.nat(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }));
const text = fc.string({ unit: "grapheme", maxLength: 12 }).filter((word) => !word.includes("\0"));
const path = text.map((word) => `/${word.replaceAll("/", "")}`);
const MAPS = [
  [{ containerID: 0, hostID: 1000, size: 1 }],
  [
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 100_000, size: 65_535 },
  ],
];

const hook = fc.record(
  {
    path,
    args: fc.array(text, { maxLength: 3 }),
    env: fc.constantFrom([], ["A=b", "C="]),
    timeout: fc.oneof(
      fc.integer({ min: 1 }),
      u64.filter((n) => n > 0),
    ),
  },
  { requiredKeys: ["path"] },
);

export const hooks = fc.record(Object.fromEntries(HOOK_NAMES.map((name) => [name, fc.array(hook, { maxLength: 2 })])), {
  requiredKeys: [],
}) as fc.Arbitrary<Hooks>;

/** Bind mounts and filesystems whose ids are mapped. */
export const mappedMount: fc.Arbitrary<Mount> = fc
  .tuple(
    fc.constantFrom<Mount>(
      { destination: "/mapped", source: "/src", options: ["bind"] },
      { destination: "/mapped/deep", source: "/src", type: "none", options: ["rbind", "ro"] },
      { destination: "/tmp", source: "tmpfs", type: "tmpfs", options: ["mode=700"] },
    ),
    fc.constantFrom("idmap", "ridmap"),
    seldom(fc.constantFrom(...MAPS)),
  )
  .map(([mount, option, map]) => ({
    ...mount,
    options: [...(mount.options ?? []), option],
    ...(map && { uidMappings: map, gidMappings: map }),
  }));

const deadline = fc
  .uniqueArray(fc.integer({ min: 1024, max: 10 ** 9 }), { minLength: 3, maxLength: 3 })
  .map((times) => times.sort((a, b) => a - b));

const scheduler = fc.oneof(
  fc.record({ policy: fc.constantFrom("SCHED_OTHER", "SCHED_BATCH"), nice: fc.integer({ min: -20, max: 19 }) }),
  fc.record({ policy: fc.constantFrom("SCHED_FIFO", "SCHED_RR"), priority: fc.integer({ min: 1, max: 99 }) }),
  fc.constant({ policy: "SCHED_IDLE", flags: ["SCHED_FLAG_RESET_ON_FORK"] }),
  deadline.map(([runtime = 0, deadline = 0, period = 0]) => ({ policy: "SCHED_DEADLINE", runtime, deadline, period })),
);

export const processParts = fc
  .record({
    consoleSize: seldom(fc.record({ height: fc.nat(65_535), width: fc.nat(65_535) })),
    apparmorProfile: seldom(text),
    selinuxLabel: seldom(text),
    scheduler: seldom(scheduler),
    ioPriority: seldom(
      fc.record({
        class: fc.constantFrom("IOPRIO_CLASS_RT" as const, "IOPRIO_CLASS_BE" as const, "IOPRIO_CLASS_IDLE" as const),
        priority: fc.nat(7),
      }),
    ),
    execCPUAffinity: seldom(fc.record({ initial: fc.constantFrom("0", "0-3,7"), final: fc.constant("7") })),
  })
  .map(present<Partial<Process>>);

const action = fc.constantFrom(...Object.keys(SCMP_ACT));
const argument = fc.record(
  { index: fc.nat(5), value: u64, valueTwo: u64, op: fc.constantFrom(...Object.keys(SCMP_CMP)) },
  { requiredKeys: ["index", "value", "op"] },
);

const seccomp: fc.Arbitrary<Seccomp> = fc
  .record(
    {
      defaultAction: action,
      architectures: fc.subarray(Object.keys(SCMP_ARCH)),
      flags: fc.subarray([...PROFILE_FLAGS]),
      listenerPath: fc.constant("/run/agent"),
      listenerMetadata: text,
      syscalls: fc.array(
        fc.record(
          {
            names: fc.constantFrom(["read"], ["execve", "nosuchcall"]),
            action,
            args: fc.array(argument, { maxLength: 2 }),
          },
          { requiredKeys: ["names", "action"] },
        ),
        { maxLength: 3 },
      ),
    },
    { requiredKeys: ["defaultAction", "listenerPath"] },
  )
  .chain((profile) => fc.nat(4094).map((errno) => withErrno(profile, errno)));

function withErrno(profile: Seccomp, errno: number): Seccomp {
  const takes = (name: string) => name === "SCMP_ACT_ERRNO" || name === "SCMP_ACT_TRACE";
  return {
    ...profile,
    ...(takes(profile.defaultAction) && { defaultErrnoRet: errno }),
    ...(profile.syscalls && {
      syscalls: profile.syscalls.map((rule) => (takes(rule.action) ? { ...rule, errnoRet: errno } : rule)),
    }),
  };
}

const NODES = ["MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED"];
const memoryPolicy = fc.oneof(
  fc.constantFrom(...Object.keys(MPOL).filter((mode) => !NODES.includes(mode))).map((mode) => ({ mode })),
  fc.record({
    mode: fc.constantFrom(...NODES),
    nodes: fc.constantFrom("0", "0-1,5", "1023"),
    flags: fc.constantFrom([], ["MPOL_F_STATIC_NODES"], ["MPOL_F_RELATIVE_NODES"]),
  }),
);

const intelRdt = fc.record(
  {
    closID: fc.constantFrom("group", "/"),
    schemata: fc.constantFrom([], ["L3:0=f", "MB:0=50"]),
    l3CacheSchema: fc.constant("L3:0=f"),
    memBwSchema: fc.constant("MB:0=70"),
    enableMonitoring: fc.boolean(),
  },
  { requiredKeys: [] },
);

const size = fc.oneof(fc.constantFrom(-1, 0), u64);
const disk = { major: fc.nat(4095), minor: fc.nat(1_048_575) };
const throttle = fc.uniqueArray(fc.record({ ...disk, rate: u64 }), {
  maxLength: 2,
  selector: (d) => `${d.major}:${d.minor}`,
});
const weight = fc.nat(1000);

export const resources: fc.Arbitrary<Resources> = fc
  .record({
    devices: seldom(
      fc.array(
        fc.record(
          {
            allow: fc.boolean(),
            type: fc.constantFrom("a", "b", "c", ""),
            major: fc.integer({ min: -1, max: 300 }),
            minor: fc.integer({ min: -1, max: 300 }),
            access: fc.constantFrom("r", "rw", "rwm"),
          },
          { requiredKeys: ["allow"] },
        ),
        { maxLength: 4 },
      ),
    ),
    memory: seldom(
      fc.record(
        {
          ...{ limit: size, reservation: size, swap: size, kernel: size, kernelTCP: size },
          ...{ swappiness: fc.nat(100), disableOOMKiller: fc.boolean(), useHierarchy: fc.boolean() },
          checkBeforeUpdate: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
    ),
    cpu: seldom(
      fc.record(
        {
          ...{ shares: u64, quota: fc.constantFrom(-1, 0, 5000), burst: u64, period: fc.constantFrom(0, 20_000) },
          ...{ realtimeRuntime: fc.nat(99), realtimePeriod: fc.integer({ min: 100, max: 999 }) },
          ...{ cpus: fc.constantFrom("", "0-1"), mems: fc.constantFrom("", "0"), idle: fc.nat(1) },
        },
        { requiredKeys: [] },
      ),
    ),
    blockIO: seldom(
      fc.record(
        {
          ...{ weight, leafWeight: weight },
          weightDevice: fc.array(fc.record({ ...disk, weight, leafWeight: weight }), { maxLength: 1 }),
          ...{ throttleReadBpsDevice: throttle, throttleWriteBpsDevice: throttle },
          ...{ throttleReadIOPSDevice: throttle, throttleWriteIOPSDevice: throttle },
        },
        { requiredKeys: [] },
      ),
    ),
    hugepageLimits: seldom(
      fc.array(fc.record({ pageSize: fc.constantFrom("2MB", "64KB"), limit: u64 }), { maxLength: 1 }),
    ),
    network: seldom(
      fc.record({
        classID: fc.nat(),
        priorities: fc.array(fc.record({ name: fc.constant("eth0"), priority: fc.nat() }), { maxLength: 1 }),
      }),
    ),
    pids: seldom(fc.record({ limit: size })),
    rdma: seldom(fc.constantFrom({ mlx5_1: { hcaHandles: 3, hcaObjects: 10 } }, {})),
    unified: seldom(fc.constantFrom({ "memory.high": "max" }, { "hugetlb.2MB.max": "0", "cpu.max": "max" })),
  })
  .map(present<Resources>);

export const linuxParts = fc
  .record({
    seccomp: seldom(seccomp),
    memoryPolicy: seldom(memoryPolicy),
    intelRdt: seldom(intelRdt),
    mountLabel: seldom(text),
    cgroupsPath: seldom(fc.constantFrom("/a/b", "a", "")),
    netDevices: seldom(fc.constantFrom({ eth0: { name: "inner" }, eth1: {} }, { eth0: { name: "in%d" } }, {})),
    resources: seldom(resources),
  })
  .map(present<Linux>);

export const documentParts = fc
  .record({
    domainname: seldom(text.filter((word) => word !== "")),
    annotations: seldom(
      fc.dictionary(
        text.filter((key) => key !== ""),
        text,
        { maxKeys: 2 },
      ),
    ),
    hooks: seldom(hooks),
  })
  .map(present<Partial<Config>>);

/** Without what is undefined, as a text has it. */
export function present<T>(value: { readonly [key: string]: unknown }): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}
