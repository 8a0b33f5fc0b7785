// SPDX-License-Identifier: Apache-2.0
/** A config.json that has every property whose presence or shape the specification demands something of. */

type Json = { [key: string]: unknown };

/** A fresh copy each time; valid. */
export function fullConfig(): Json {
  const numbers = { major: 8, minor: 0 };
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    mounts: [{ destination: "/m", type: "tmpfs", source: "tmpfs" }],
    process: {
      terminal: true,
      consoleSize: { height: 25, width: 80 },
      cwd: "/",
      args: ["sh"],
      user: { uid: 0, gid: 0 },
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 10, hard: 20 }],
      scheduler: { policy: "SCHED_OTHER" },
      ioPriority: { class: "IOPRIO_CLASS_BE", priority: 4 },
    },
    hooks: { createRuntime: [{ path: "/bin/true" }] },
    linux: {
      namespaces: [{ type: "mount" }, { type: "user" }],
      uidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
      gidMappings: [{ containerID: 0, hostID: 1000, size: 1 }],
      devices: [{ type: "c", path: "/dev/own", major: 1, minor: 3 }],
      personality: { domain: "LINUX" },
      memoryPolicy: { mode: "MPOL_DEFAULT", nodes: "" },
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        blockIO: { weightDevice: [{ ...numbers, weight: 500 }], throttleReadBpsDevice: [{ ...numbers, rate: 600 }] },
        hugepageLimits: [{ pageSize: "2MB", limit: 0 }],
        network: { priorities: [{ name: "eth0", priority: 1 }] },
      },
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["bdflush"], action: "SCMP_ACT_ERRNO", args: [{ index: 0, value: 1, op: "SCMP_CMP_EQ" }] }],
      },
    },
  };
}

/** A config.json of little more than what is demanded. */
export function smallConfig(): Json {
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    process: { cwd: "/", args: ["sh"], user: { uid: 0, gid: 0 } },
    linux: { namespaces: [{ type: "mount" }] },
  };
}

/** Sets the value at a JSON pointer, and makes what is missing on the way; undefined removes it. */
export function put(document: Json, pointer: string, value: unknown): Json {
  const keys = pointer.split("/").slice(1);
  const last = keys.pop() ?? "";
  const parent = keys.reduce<Json>((node, key) => {
    node[key] ??= {};
    return node[key] as Json;
  }, document);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return document;
}
