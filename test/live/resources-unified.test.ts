// SPDX-License-Identifier: Apache-2.0
/** Limits on cgroup v2 alone, seen in a mount namespace where the host's v2 tree is the only one. config-linux.md#unified. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { expect, type TestContext, test } from "vitest";
import { requires, unmet } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { freshId } from "./support/container.ts";
import { type Outcome, run, runtimeRoot, TSRUN } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";

const PURE_V2 = "umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup";
const TREE = "/sys/fs/cgroup/unified";

/** Creates a container, looks at its cgroup from the host, and deletes it. */
async function look<Seen>(
  t: TestContext,
  edit: (spec: Spec) => void,
  see: (cgroup: string) => Seen,
  runtime: string = TSRUN,
): Promise<{ readonly made: Outcome; readonly seen: Seen | undefined }> {
  requires(t, "root", "busybox");
  const controllers = existsSync(TREE) ? readFileSync(`${TREE}/cgroup.controllers`, "utf8") : "";
  if (!controllers.includes("hugetlb")) unmet(t, `needs a cgroup2 tree with hugetlb at ${TREE}`);
  const id = freshId();
  const { dir } = bundle(t, (spec) => {
    spec.linux.cgroupsPath = `/${id}`;
    edit(spec);
  });
  const root = runtimeRoot(t);
  // Into files: a container that lives on would hold the pipes of the command.
  const call = (line: string) =>
    run(["sh", "-c", `exec ${runtime} --root ${root} ${line} >${dir}/out 2>${dir}/err </dev/null`], {
      prelude: PURE_V2,
    });
  const made = await call(`create --bundle ${dir} ${id}`);
  const told = { ...made, stderr: readFileSync(`${dir}/err`, "utf8") };
  if (made.status !== 0) {
    expect(existsSync(`${TREE}/${id}`)).toBe(false);
    return { made: told, seen: undefined };
  }
  try {
    return { made: told, seen: see(`${TREE}/${id}`) };
  } finally {
    expect(await call(`delete --force ${id}`)).toMatchObject({ status: 0 });
    expect(existsSync(`${TREE}/${id}`)).toBe(false);
  }
}

const limits = (resources: object) => (spec: Spec) => {
  spec.linux.resources = resources;
};
const FILES = ["2MB.max", "2MB.rsvd.max", "1GB.max", "1GB.rsvd.max"].map((name) => `hugetlb.${name}`);
const contents = (cgroup: string) =>
  [...FILES, "cgroup.max.depth", "cgroup.max.descendants"].map(
    (name) => `${name} ${readFileSync(`${cgroup}/${name}`, "utf8").trim()}`,
  );

test("unified: the files of v2 say what was asked for", async (t) => {
  const unified = { "hugetlb.2MB.max": "4194304", "cgroup.max.depth": "3" };
  const { made, seen } = await look(t, limits({ unified }), contents);
  expect(made).toMatchObject({ status: 0 });
  expect(seen).toEqual(
    expect.arrayContaining([
      "hugetlb.2MB.max 4194304",
      "cgroup.max.depth 3",
      "hugetlb.2MB.rsvd.max 9223372036854771712",
    ]),
  );
});

const SAME: readonly (readonly [string, object])[] = [
  ["huge pages", { hugepageLimits: [{ pageSize: "2MB", limit: 4_194_304 }] }],
  [
    "huge pages of two sizes",
    {
      hugepageLimits: [
        { pageSize: "2MB", limit: 0 },
        { pageSize: "1GB", limit: 2 ** 31 },
      ],
    },
  ],
  ["huge pages, no whole number of them", { hugepageLimits: [{ pageSize: "2MB", limit: 5_000_000 }] }],
  ["unified", { unified: { "hugetlb.1GB.max": "1073741824", "cgroup.max.descendants": "7" } }],
  ["unified wins", { hugepageLimits: [{ pageSize: "2MB", limit: 0 }], unified: { "hugetlb.2MB.max": "2097152" } }],
];

test.for(SAME)("the files of v2 say the same as with runc: %s", async ([, resources], t) => {
  requires(t, "runc");
  const ours = await look(t, limits(resources), contents);
  const theirs = await look(t, limits(resources), contents, "runc");
  expect([ours.made.status, theirs.made.status]).toEqual([0, 0]);
  // Debian's runc does not limit reservations yet; later ones write both.
  const used = (lines: readonly string[] = []) => lines.filter((line) => !line.includes("rsvd"));
  expect(used(ours.seen)).toEqual(used(theirs.seen));
});

const REFUSED: readonly (readonly [string, object, RegExp])[] = [
  ["a controller that the host has not", { unified: { "zswap.max": "1" } }, /unified\/zswap\.max.*"zswap"/],
  ["a file that the kernel has not", { unified: { "hugetlb.3MB.max": "1" } }, /ENOENT.*unified\/hugetlb\.3MB\.max/s],
  ["a size that no page has", { hugepageLimits: [{ pageSize: "3MB", limit: 1 }] }, /hugepageLimits\/0\/pageSize.*2MB/],
  ["memory, which is elsewhere", { memory: { limit: 1 } }, /memory\/limit.*"memory"/],
];

test.for(REFUSED)("refused, and nothing is left: %s", async ([, resources, words], t) => {
  const { made } = await look(t, limits(resources), contents);
  expect(made.status).not.toBe(0);
  expect(made.stderr).toMatch(words);
});

const handedOver = (uid: number) => (spec: Spec) => {
  spec.process.user = { uid, gid: 0 };
  spec.linux.namespaces.push({ type: "cgroup" }, { type: "user" });
  spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  spec.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  spec.mounts.push({ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw", "nosuid"] });
};
const owners = (cgroup: string) =>
  ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads", "cgroup.freeze", ...FILES].map(
    (name) => `${name} ${statSync(`${cgroup}/${name}`).uid}`,
  );

test.for([0, 5])("the cgroup is given to the process's user, %d inside", async (uid, t) => {
  const { made, seen } = await look(t, handedOver(uid), owners);
  expect(made).toMatchObject({ status: 0 });
  expect(seen?.slice(0, 5)).toEqual([
    ` ${100_000 + uid}`,
    `cgroup.procs ${100_000 + uid}`,
    `cgroup.subtree_control ${100_000 + uid}`,
    `cgroup.threads ${100_000 + uid}`,
    "cgroup.freeze 0",
  ]);
  expect(seen?.slice(5).every((line) => line.endsWith(" 0"))).toBe(true);
});

test("a cgroup that the container sees read-only is not given away", async (t) => {
  const { seen } = await look(
    t,
    (spec) => {
      handedOver(0)(spec);
      for (const mount of spec.mounts) if (mount.type === "cgroup") mount.options = ["ro"];
    },
    owners,
  );
  expect(seen?.every((line) => line.endsWith(" 0"))).toBe(true);
});
