// SPDX-License-Identifier: Apache-2.0
/** buildah and podman build run the steps of a build with tsrun as with runc. */
import { expect, test } from "vitest";
import { requires } from "../requires.ts";
import { RUNTIMES } from "./support/host.ts";
import { IMAGE, podmanHost } from "./support/podman.ts";

const engine = podmanHost();

test.for(["buildah", "podman"] as const)("%s build", async (tool, t) => {
  requires(t, "buildah");
  const { host, both } = await engine(t);
  host.write(
    "/srv/build/Containerfile",
    `FROM ${IMAGE}\nRUN id -u >/built && mkdir /dir\nWORKDIR /dir\nRUN pwd >>/built\n`,
  );
  const told = await both(async (podman) => {
    const image = `localhost/${podman.named("built")}`;
    const options = ["--runtime", RUNTIMES[podman.runtime], "--isolation", "oci", "--network", "none", "--quiet"];
    const built = await host.run([tool, "build", ...options, "--tag", image, "/srv/build"]);
    if (built.status !== 0) throw new Error(built.stderr);
    return podman.ok("run", "--rm", image, "cat", "/built");
  });
  expect(told).toBe("0\n/dir");
});

test("buildah run gives the program's output and whether it succeeded", async (t) => {
  requires(t, "buildah");
  const { host, both } = await engine(t);
  host.write("/srv/volume/file", "here\n");
  const told = await both(async ({ runtime }) => {
    const name = (await host.run(["buildah", "from", IMAGE])).stdout.trim();
    const run = (...args: readonly string[]) =>
      host.run(["buildah", "run", "--runtime", RUNTIMES[runtime], "--isolation", "oci", ...args]);
    const script = "id -u; cat /volume/file; touch /volume/new; exit 3";
    const ran = await run("--volume", "/srv/volume:/volume:ro", "--user", "7", name, "sh", "-c", script);
    return { status: ran.status, stdout: ran.stdout, missing: (await run(name, "/no/such")).status };
  });
  expect(told).toEqual({ status: 3, stdout: "7\nhere\n", missing: 1 });
});
