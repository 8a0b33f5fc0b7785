// SPDX-License-Identifier: Apache-2.0
/** Values that the specification forbids: each is refused with a finding that points at it. */
import { expect, test } from "vitest";
import { check } from "../../src/config/check.ts";
import { fullConfig, put, smallConfig } from "./full.ts";

const MAPPINGS = [{ containerID: 0, hostID: 1000, size: 1 }];
const RLIMIT = { type: "RLIMIT_NOFILE", soft: 1, hard: 1 };
const HOOK = { path: "/bin/true" };

/** What is wrong, where it is put, and the value. */
const INVALID: readonly (readonly [string, string, unknown])[] = [
  ["an ociVersion that is no SemVer is refused", "/ociVersion", "v1"],
  ["a cwd that is not absolute is refused", "/process/cwd", "work"],
  ["args without an entry are refused", "/process/args", []],
  ["an unknown rlimit is refused", "/process/rlimits", [{ ...RLIMIT, type: "RLIMIT_NOSUCH" }]],
  ["two rlimits of one type are refused", "/process/rlimits", [RLIMIT, RLIMIT]],
  ["uidMappings of a mount without gidMappings are refused", "/mounts", mount({ uidMappings: MAPPINGS })],
  [
    "idmap without mappings and without a user namespace is refused",
    "/mounts",
    [{ destination: "/m", source: "/", options: ["bind", "idmap"] }],
  ],
  ["gidMappings of a mount without uidMappings are refused", "/mounts", mount({ gidMappings: MAPPINGS })],
  ["a hook whose path is not absolute is refused", "/hooks", { poststop: [{ ...HOOK, path: "true" }] }],
  ["a hook whose timeout is zero is refused", "/hooks", { poststop: [{ ...HOOK, timeout: 0 }] }],
  ["annotations that are no map are refused", "/annotations", ["a"]],
  ["an annotation without a key is refused", "/annotations", { "": "a" }],
  ["an annotation that is no string is refused", "/annotations", { a: 1 }],
  ["a namespace of an unknown type is refused", "/linux/namespaces", [{ type: "mount" }, { type: "nosuch" }]],
  [
    "a namespace path that is not absolute is refused",
    "/linux/namespaces",
    [{ type: "mount" }, { type: "pid", path: "a" }],
  ],
  ["two namespaces of one type are refused", "/linux/namespaces", [{ type: "mount" }, { type: "mount" }]],
  ["an unknown rootfsPropagation is refused", "/linux/rootfsPropagation", "nosuch"],
  ["an unknown personality is refused", "/linux/personality", { domain: "LINUX64" }],
  ["a masked path that is not absolute is refused", "/linux/maskedPaths", ["proc/kcore"]],
  ["a read-only path that is not absolute is refused", "/linux/readonlyPaths", ["proc/sys"]],
  ["a device without an absolute path is refused", "/linux/devices", [{ type: "c", path: "null", major: 1, minor: 3 }]],
  ["a seccomp rule without a name is refused", "/linux/seccomp", seccomp({ names: [], action: "SCMP_ACT_LOG" })],
  [
    "an errno for an action that has none is refused",
    "/linux/seccomp",
    seccomp({ names: ["bdflush"], action: "SCMP_ACT_KILL", errnoRet: 1 }),
  ],
  [
    "metadata for a listener without a path are refused",
    "/linux/seccomp",
    { defaultAction: "SCMP_ACT_ALLOW", listenerMetadata: "a" },
  ],
  [
    "a weightDevice without a weight is refused",
    "/linux/resources",
    { blockIO: { weightDevice: [{ major: 8, minor: 0 }] } },
  ],
  ["an rdma entry without a limit is refused", "/linux/resources", { rdma: { mlx: {} } }],
  ["a memBwSchema that is none is refused", "/linux/intelRdt", { memBwSchema: "L3:0=f" }],
  ["a memBwSchema with a newline is refused", "/linux/intelRdt", { memBwSchema: "MB:0=10\nMB:1=10" }],
  ["a line of schemata with a newline is refused", "/linux/intelRdt", { schemata: ["L3:0=f\nMB:0=10"] }],
];

test.for(INVALID)("%s", ([, pointer, value]) => {
  expect(check(smallConfig()).findings).toEqual([]);
  const { findings } = check(put(smallConfig(), pointer, value));
  expect(findings.map((one) => one.pointer)).toEqual([expect.stringMatching(new RegExp(`^${pointer}`))]);
});

test("unknown properties are ignored", () => {
  const places = ["/unknown", "/process/unknown", "/process/user/unknown", "/root/unknown", "/linux/unknown"];
  const deep = ["/mounts/0/unknown", "/linux/namespaces/0/unknown", "/linux/resources/unknown"];
  const config = [...places, ...deep].reduce((document, place) => put(document, place, { a: [1] }), fullConfig());
  expect(check(config).findings).toEqual(check(fullConfig()).findings);
});

function mount(more: object): unknown {
  return [{ destination: "/m", source: "/", options: ["bind"], ...more }];
}

function seccomp(rule: object): unknown {
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule] };
}
