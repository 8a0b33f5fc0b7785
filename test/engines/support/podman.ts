// SPDX-License-Identifier: Apache-2.0
/**
 * podman on a private host, with tsrun and with runc.
 *
 *   const engine = podmanHost();                     // one for the file; it begins with the first test that asks
 *   test("...", async (t) => {
 *     const { both } = await engine(t);
 *     const told = await both(async (podman) => podman.ok("run", "--rm", IMAGE, "id", "-u"));
 *     expect(told).toBe("0");                        // by tsrun, and the same by runc
 *   });
 */
import { afterAll, expect, type TestContext } from "vitest";
import type { Outcome, RunOptions } from "../../live/support/run.ts";
import { witness } from "../../live/support/witness.ts";
import { requires } from "../../requires.ts";
import { PrivateHost, type RuntimeName, type View } from "./host.ts";
import { ociArchive, witnessLayer } from "./image.ts";
import { pageSnippet } from "./page.ts";

/** Of the lane alone: nothing comes from a network, and there is no journal. */
const LANE = `
[containers]
netns = "none"
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

/** busybox, /witness, /plain (not executable) and /orphan (a script whose interpreter is missing). */
export const IMAGE = "localhost/busybox:latest";

/** An ordinary user of the host, with ids to give away. */
const USER = { name: "tester", id: 1500 };
const AS_USER = [
  ...["setpriv", `--reuid=${USER.id}`, `--regid=${USER.id}`, "--clear-groups"],
  ...["env", `HOME=/home/${USER.name}`, `XDG_RUNTIME_DIR=/run/user/${USER.id}`],
];

export interface PodmanOptions extends RunOptions {
  /** As the ordinary user. */
  readonly rootless?: boolean;
}

/** Runs podman with one of the runtimes. */
export interface Podman {
  (...args: readonly string[]): Promise<Outcome>;
  /** The same, which must succeed: what it printed. */
  ok(...args: readonly string[]): Promise<string>;
  /** The command, to be run elsewhere. */
  command(...args: readonly string[]): string[];
  /** A name that no other scenario uses, with neither runtime. */
  named(word: string): string;
  readonly runtime: RuntimeName;
}

export function podmanHost(view: View = "v1"): (t: TestContext) => Promise<PodmanHost> {
  let begun: Promise<PodmanHost> | undefined;
  afterAll(async () => (await begun)?.host.end());
  return (t) => {
    requires(t, "root", "dist", "ip", "overlay", "cgroup-v1", "podman", "conmon", "catatonit", "runc");
    begun ??= PodmanHost.begin(view, witness(t));
    return begun;
  };
}

export class PodmanHost {
  readonly host: PrivateHost;
  #scenarios = 0;

  static async begin(view: View, witness: string): Promise<PodmanHost> {
    const host = await PrivateHost.begin(view);
    try {
      host.write("/etc/containers/containers.conf", pageSnippet("containers.conf"));
      host.write("/etc/containers/containers.conf.d/lane.conf", LANE);
      host.write("/srv/busybox.tar", ociArchive(IMAGE, { Cmd: ["sh"], Env: ["PATH=/bin"] }, witnessLayer(witness)));
      await addUser(host);
      const engine = new PodmanHost(host);
      for (const rootless of [false, true]) {
        await engine.podman("tsrun", { rootless }).ok("load", "--quiet", "--input", "/srv/busybox.tar");
      }
      return engine;
    } catch (error) {
      await host.end();
      throw error;
    }
  }

  private constructor(host: PrivateHost) {
    this.host = host;
  }

  /** The runtime of containers.conf is tsrun. */
  podman(runtime: RuntimeName, { rootless = false, ...options }: PodmanOptions = {}): Podman {
    const scenario = this.#scenarios;
    this.#scenarios += 1;
    const chosen = runtime === "tsrun" ? [] : ["--runtime", runtime];
    const command = (...args: readonly string[]) => [...(rootless ? AS_USER : []), "podman", ...chosen, ...args];
    const podman = (...args: readonly string[]) => this.host.run(command(...args), options);
    const ok = async (...args: readonly string[]) => {
      const { status, stdout, stderr } = await podman(...args);
      if (status !== 0) throw new Error(`podman ${args.join(" ")} ended with ${status} under ${runtime}: ${stderr}`);
      return stdout.trimEnd();
    };
    const named = (word: string) => `${runtime}-${scenario}-${word}`;
    return Object.assign(podman, { ok, command, named, runtime });
  }

  /** What a scenario tells of tsrun, once it tells the same of runc. */
  readonly both = async <Told>(
    scenario: (podman: Podman) => Promise<Told>,
    options: PodmanOptions = {},
  ): Promise<Told> => {
    const [mine, theirs] = await Promise.all([
      scenario(this.podman("tsrun", options)),
      scenario(this.podman("runc", options)),
    ]);
    expect(mine, "tsrun and runc").toEqual(theirs);
    return mine;
  };
}

/** "containers" is whose ids --userns=auto takes. */
async function addUser(host: PrivateHost): Promise<void> {
  const { name, id } = USER;
  const script = `
    echo '${name}:x:${id}:${id}::/home/${name}:/bin/sh' >>/etc/passwd
    echo '${name}:x:${id}:' >>/etc/group
    printf '${name}:100000:65536\\ncontainers:200000:65536\\n' | tee /etc/subuid >/etc/subgid
    install -d -m 700 -o ${id} -g ${id} /home/${name} /run/user/${id}
  `;
  const { status, stderr } = await host.run(["sh", "-ec", script]);
  if (status !== 0) throw new Error(`the user was not made: ${stderr}`);
}
