// SPDX-License-Identifier: Apache-2.0
/** Random wishes of the command line, and what the container's name becomes in them. */
import fc from "fast-check";
import { limitWrites } from "../../src/cgroup/limits.ts";
import type { CgroupDirectory, CompileOptions } from "../../src/compile/scope.ts";
import type { Config } from "../../src/config/config.ts";
import { facts, v2 } from "../cgroup/limits-hosts.ts";
import { present } from "./any-parts.ts";

/** The options of a container, by its name and its config. */
export type Wish = (id: string, config: Config) => CompileOptions;

const flags = fc.record({ noPivot: fc.boolean(), preserveFds: fc.nat(5), listenFds: fc.nat(2) }, { requiredKeys: [] });

export const wish: fc.Arbitrary<Wish> = fc
  .record({
    flags,
    version: fc.constantFrom(0, 1, 2),
    owned: fc.boolean(),
    filtered: fc.boolean(),
    unit: fc.boolean(),
    keyring: fc.boolean(),
  })
  .map(({ flags, version, owned, filtered, unit, keyring }) => (id, config) => {
    const cgroup = version === 0 ? undefined : [directory(id, version === 1 ? 1 : 2, config, { owned, filtered })];
    return {
      ...flags,
      ...present<CompileOptions>({
        id,
        cgroup,
        keyring: keyring ? `_ses.${id}` : undefined,
        seccomp: filterOf(config),
        unit: unit && cgroup !== undefined ? unitOf(id, cgroup) : undefined,
      }),
    };
  });

function directory(
  id: string,
  version: 1 | 2,
  { linux = {} }: Config,
  { owned, filtered }: { readonly owned: boolean; readonly filtered: boolean },
): CgroupDirectory {
  const path = `/c/a/${id}`;
  const moved = v2.map((dir) => ({ ...dir, path, procs: `${path}/cgroup.procs` }));
  const { writes, late } = limitWrites(linux.resources ?? {}, moved, facts);
  return {
    ...{ path, procs: `${path}/${version === 1 ? "tasks" : "cgroup.procs"}`, version, controllers: [] },
    ...(version === 2 && { writes, late }),
    ...(owned && { owner: { uid: 7, files: ["cgroup.procs"] } }),
    ...(filtered && {
      filter: { rules: ["allow c 1:3 rwm"], program: new Uint8Array(16), from: "/linux/resources/devices" },
    }),
  };
}

function unitOf(id: string, cgroup: readonly CgroupDirectory[]): CompileOptions["unit"] {
  return {
    unit: `tsrun-${id}.scope`,
    made: cgroup.map(({ path }) => path),
    properties: [{ name: "Delegate", type: "b", value: true }],
    late: [{ name: "TasksMax", type: "t", value: 5n }],
  } as CompileOptions["unit"];
}

/** BPF_RET | BPF_K with SECCOMP_RET_ALLOW: what a profile means is libseccomp's business. */
const ALLOW = Uint8Array.of(0x06, 0, 0, 0, 0, 0, 0xff, 0x7f);

function filterOf({ linux = {} }: Config): CompileOptions["seccomp"] {
  const { seccomp } = linux;
  if (seccomp === undefined) return undefined;
  const actions = [seccomp.defaultAction, ...(seccomp.syscalls ?? []).map(({ action }) => action)];
  return { program: ALLOW, flags: 0, notifies: actions.includes("SCMP_ACT_NOTIFY") };
}
