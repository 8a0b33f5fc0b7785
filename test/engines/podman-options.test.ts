// SPDX-License-Identifier: Apache-2.0
/** Options of `podman run`: the witness sees the same container under tsrun and under runc, and what was asked for. */
import { expect, type TestContext, test } from "vitest";
import { type Testimony, testimony } from "../live/support/witness.ts";
import { OPTIONS, type OptionCase, ROOTLESS } from "./podman-options.ts";
import { IMAGE, type Podman, podmanHost } from "./support/podman.ts";

const engine = podmanHost();

/** podman's masks; what they are made of is the runtime's affair, and `try` tells what they do. */
const MASKED = [
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/sys/dev/block",
  "/sys/firmware",
  "/sys/kernel",
  "/bin",
];
/** Beginnings of facts that are not as with runc, and why. */
const DIFFERS = {
  "dev./dev/mqueue.gid": "in a user namespace runc 1.1 mounts it before it has a group there",
  "dev./dev/shm/libpod_": "podman's own locks: whichever runs first makes them",
  "mounts./sys/fs/cgroup#0.options": "podman asks for ro, which runc 1.1 leaves out of the tmpfs",
};
const MADE_OF = /^mounts\.(.*)#0\.(root|options|type|source|super)$/;
let namespaces: string[] | undefined;

test.for(OPTIONS)("run $options", (option, t) => sameFacts(t, option, false));
test.for(ROOTLESS)("run by an ordinary user: $options", (option, t) => sameFacts(t, option, true));

async function sameFacts(t: TestContext, option: OptionCase, rootless: boolean): Promise<void> {
  const { options, ask = [], expects, differs = {} } = option;
  const { host, both } = await engine(t);
  namespaces ??= await host.namespaces();
  host.write("/srv/shared/file", "shared\n");
  const witness = ["/witness", ...namespaces, ...ask, ...MASKED.map((path) => `try=${path}`)];
  const seen = await both(
    async (podman) =>
      factsOf(podman, await podman.ok("run", "--rm", ...options, IMAGE, ...witness), Object.keys(differs)),
    { rootless },
  );
  expect(seen).toMatchObject(expects);
}

/** Without what differs from container to container, and from runtime to runtime on purpose. */
function factsOf(podman: Podman, stdout: string, differs: readonly string[]): Testimony {
  const text = stdout
    .replaceAll(/\b(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{12})\b/g, "$ID")
    .replaceAll(/\boverlay\/\d+/g, "overlay/$NUMBER")
    .replaceAll(podman.runtime, "$RUNTIME");
  const facts = Object.entries(testimony(text, "$NOWHERE"));
  const left = [...Object.keys(DIFFERS), ...differs];
  const differing = (fact: string) => left.some((beginning) => fact.startsWith(beginning));
  const kept = facts.filter(([fact]) => !differing(fact) && !MASKED.includes(MADE_OF.exec(fact)?.[1] ?? ""));
  return Object.fromEntries(kept);
}
