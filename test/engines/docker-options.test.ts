// SPDX-License-Identifier: Apache-2.0
/** Options of `docker run`: the witness sees the same container under tsrun and under runc, and what was asked for. */
import { expect, test } from "vitest";
import { type Testimony, testimony } from "../live/support/witness.ts";
import { OPTIONS } from "./docker-options.ts";
import { type Docker, dockerHost, IMAGE } from "./support/docker.ts";

const engine = dockerHost();

/** docker's masks; what they are made of is the runtime's affair, and `try` tells what they do. */
const MASKED = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/firmware",
];
const MADE_OF = /^mounts\.(.*)#0\.(root|options|type|source|super)$/;
/** docker asks for ro, which runc 1.1 leaves out of the tmpfs. */
const DIFFERS = "mounts./sys/fs/cgroup#0.options";
const PROFILE = {
  defaultAction: "SCMP_ACT_ALLOW",
  syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }],
};

const TITLED = OPTIONS.map((each) => ({ ...each, title: each.options.join(" ") }));

test.for(TITLED)("run $title", async ({ options, ask = [], expects }, t) => {
  const { host, both } = await engine(t);
  host.write("/srv/shared/file", "shared\n");
  host.write("/srv/profile.json", JSON.stringify(PROFILE));
  const witness = ["/witness", ...(await host.namespaces()), ...ask, ...MASKED.map((path) => `try=${path}`)];
  const seen = await both(async (docker) =>
    factsOf(docker, await docker.ok(...docker.run("--rm", ...options), IMAGE, ...witness)),
  );
  expect(seen).toMatchObject(expects);
});

test("docker's own profile, another one and none decide what a program may", async (t) => {
  const { host, both } = await engine(t);
  host.write("/srv/profile.json", JSON.stringify(PROFILE));
  const script = "mkdir /d 2>&1; unshare -m true 2>&1 || keyctl 2>&1; true";
  const told = await both(async (docker) => {
    const tell = (...options: readonly string[]) =>
      docker.ok(...docker.run("--rm", "--cap-add=SYS_ADMIN", ...options), IMAGE, "sh", "-c", script);
    return [
      await docker.ok(...docker.run("--rm"), IMAGE, "sh", "-c", "unshare -m true 2>&1; true"),
      await tell("--security-opt", "seccomp=/srv/profile.json"),
      await tell("--security-opt", "seccomp=unconfined"),
    ];
  });
  expect(told[0]).toMatch(/Operation not permitted/);
  expect(told[1]).toMatch(/mkdir: .*Operation not supported/);
  expect(told[2]).toBe("");
});

/** Without what differs from container to container, and from runtime to runtime on purpose. */
function factsOf(docker: Docker, stdout: string): Testimony {
  const text = stdout.replaceAll(/\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b/g, "$ID").replaceAll(docker.runtime, "$RUNTIME");
  const facts = Object.entries(testimony(text, "$NOWHERE"));
  return Object.fromEntries(
    facts.filter(([fact]) => fact !== DIFFERS && !MASKED.includes(MADE_OF.exec(fact)?.[1] ?? "")),
  );
}
