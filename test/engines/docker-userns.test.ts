// SPDX-License-Identifier: Apache-2.0
/** dockerd --userns-remap: root of every container is an ordinary user of the host. */
import { expect, test } from "vitest";
import { testimony } from "../live/support/witness.ts";
import { dockerHost, IMAGE } from "./support/docker.ts";

const engine = dockerHost(["--userns-remap=default"]);

test.for(["", "--user 1000", "--read-only --tmpfs /scratch", "--userns host", "--init"])("run %s", async (words, t) => {
  const { both } = await engine(t);
  const options = words.split(" ").filter((word) => word !== "");
  const told = await both(async (docker) => {
    const stdout = await docker.ok(...docker.run("--rm", ...options), IMAGE, "/witness", "try=/", "try=/proc/kcore");
    const { "uidMap.0": uidMap, "tried./.create": create, seccomp, "uid.0": uid } = testimony(stdout, "$NOWHERE");
    return { uidMap, create, seccomp, uid };
  });
  expect(told.uid).toBe(words === "--user 1000" ? 1000 : 0);
  if (words === "--userns host") expect(told.uidMap).toMatch(/4294967295/);
  else expect(told.uidMap).toMatch(/ 0 +[1-9][0-9]+ +65536/);
});

test("exec is in the user namespace too, and may write what is its root's", async (t) => {
  const { both } = await engine(t);
  const told = await both(async (docker) => {
    const name = docker.named("c");
    await docker.ok(...docker.run("--detach", "--name", name), IMAGE, "sleep", "600");
    const seen = await docker.ok(
      "exec",
      name,
      "sh",
      "-c",
      "tr -s ' ' </proc/self/uid_map; touch /made && stat -c %u /made",
    );
    await docker.ok("rm", "--force", name);
    return seen;
  });
  expect(told).toMatch(/^ 0 [1-9]\d+ 65536\n0$/);
});
