// SPDX-License-Identifier: Apache-2.0
/** Namespaces, new, joined and inherited: config-linux.md#namespaces. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { temporary } from "./support/bundle.ts";
import { container, output, shell, until } from "./support/container.ts";
import type { Spec } from "./support/spec.ts";
import { images, namespaceOf, nothingLeft } from "./support/traces.ts";

/** Type in config.json -> name in /proc/PID/ns. */
const LINKS = {
  network: "net",
  uts: "uts",
  ipc: "ipc",
  pid: "pid",
  cgroup: "cgroup",
  time: "time",
  mount: "mnt",
} as const;
type Kind = keyof typeof LINKS;

test("each namespace without a path is new", async (t) => {
  requires(t, "root", "userns", "timens");
  const kinds = [...Object.values(LINKS), "user"];
  const text = await output(t, `cd /proc/self/ns; for n in ${kinds.join(" ")}; do readlink $n; done`, (spec) => {
    spec.linux.namespaces = [...Object.keys(LINKS), "user"].map((type) => ({ type }));
    spec.linux.uidMappings = [{ containerID: 0, hostID: 0, size: 65536 }];
    spec.linux.gidMappings = [{ containerID: 0, hostID: 0, size: 65536 }];
  });
  const links = text.trim().split("\n");
  expect(links.map((link) => link.split(":")[0])).toEqual(kinds);
  expect(links.filter((link, index) => link === namespaceOf("self", kinds[index] ?? ""))).toEqual([]);
});

test("the root of a user namespace has the ids that the mappings say", async (t) => {
  requires(t, "root", "userns");
  const text = await output(t, "cat /proc/self/uid_map /proc/self/gid_map; id -u", (spec) => {
    spec.linux.namespaces.push({ type: "user" });
    spec.linux.uidMappings = [
      { containerID: 0, hostID: 0, size: 10 },
      { containerID: 10, hostID: 100_010, size: 90 },
    ];
    spec.linux.gidMappings = [{ containerID: 0, hostID: 0, size: 1000 }];
  });
  expect(text.split("\n").map((line) => line.trim().split(/\s+/).join(" "))).toEqual([
    "0 0 10",
    "10 100010 90",
    "0 0 1000",
    "0",
    "",
  ]);
});

test.for(["network", "uts", "ipc", "pid", "cgroup"] as const)(
  "a %s namespace is joined by its path",
  async (kind, t) => {
    requires(t, "root");
    const link = LINKS[kind];
    const path = await holder(t, kind);
    const text = await output(t, `readlink /proc/self/ns/${link}`, (spec) => {
      withNamespace(spec, kind, path);
    });
    expect(text.trim()).toBe(linkOf(path));
    expect(text.trim()).not.toBe(namespaceOf("self", link));
  },
);

test.for(["network", "uts", "ipc", "pid"] as const)(
  "a namespace that is not listed is the runtime's: %s",
  async (kind, t) => {
    requires(t, "root");
    const text = await output(t, `readlink /proc/self/ns/${LINKS[kind]}`, (spec) => {
      spec.linux.namespaces = spec.linux.namespaces.filter((one) => one.type !== kind);
      if (kind === "uts") delete spec.hostname;
      // A sysfs belongs to a network namespace: one that is the host's is bound, not made.
      if (kind === "network") spec.mounts = spec.mounts.filter((mount) => mount.destination !== "/sys");
    });
    expect(text.trim()).toBe(namespaceOf("self", LINKS[kind]));
  },
);

test("a path to a namespace of another type is refused", async (t) => {
  requires(t, "root");
  await refused(t, "network", await holder(t, "uts"));
});

test("a path to a file that is no namespace is refused", async (t) => {
  requires(t, "root");
  const file = join(temporary(t), "file");
  writeFileSync(file, "");
  for (const path of [file, "/proc/self/status", `${file}-absent`]) await refused(t, "network", path);
});

test("the clocks of a time namespace are off by the offsets", async (t) => {
  requires(t, "root", "timens");
  const text = await output(t, "cat /proc/uptime", (spec) => {
    spec.linux.namespaces.push({ type: "time" });
    spec.linux.timeOffsets = { boottime: { secs: 1_000_000 }, monotonic: { secs: 5, nanosecs: 7 } };
  });
  const host = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  expect(Math.abs(Number(text.split(" ")[0]) - host - 1_000_000)).toBeLessThan(60);
});

/** A process that holds a new namespace, until the test ends; tells the namespace's path. */
async function holder(t: TestContext, kind: Kind): Promise<string> {
  const flag = kind === "network" ? "net" : kind;
  const child = spawn("unshare", [`--${flag}`, "--fork", "--kill-child", "sleep", "1000"], { stdio: "ignore" });
  t.onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const pid = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim() || 0);
  await until("the holder is there", () => {
    return pid() > 0 && namespaceOf(pid(), LINKS[kind]) !== namespaceOf("self", LINKS[kind]);
  });
  return `/proc/${pid()}/ns/${LINKS[kind]}`;
}

function linkOf(path: string): string {
  const [, pid = "", name = ""] = /^\/proc\/(\d+)\/ns\/(\w+)$/.exec(path) ?? [];
  return namespaceOf(Number(pid), name);
}

function withNamespace(spec: Spec, type: string, path: string): void {
  spec.linux.namespaces = [...spec.linux.namespaces.filter((one) => one.type !== type), { type, path }];
  if (type === "uts") delete spec.hostname;
}

async function refused(t: TestContext, type: Kind, path: string): Promise<void> {
  const before = images();
  const c = container(t, (spec) => {
    shell(spec, "true");
    withNamespace(spec, type, path);
  });
  expect((await c.call("create")).status, path).not.toBe(0);
  expect((await c.call("state")).status).not.toBe(0);
  await nothingLeft(c.dir, before, c.dir);
}
