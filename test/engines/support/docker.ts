// SPDX-License-Identifier: Apache-2.0
/**
 * dockerd on a private host, with tsrun and with runc.
 *
 *   const engine = dockerHost();                     // one for the file; it begins with the first test that asks
 *   test("...", async (t) => {
 *     const { both } = await engine(t);
 *     const told = await both(async (docker) => docker.ok(...docker.run("--rm"), IMAGE, "id", "-u"));
 *     expect(told).toBe("0");                        // by tsrun, and the same by runc
 *   });
 */
import { afterAll, expect, type TestContext } from "vitest";
import type { Outcome } from "../../live/support/run.ts";
import { witness } from "../../live/support/witness.ts";
import { requires } from "../../requires.ts";
import { PrivateHost, type RuntimeName } from "./host.ts";
import { witnessLayer } from "./image.ts";
import { pageSnippet } from "./page.ts";

/** Debian's: a machine may have another one in /usr/local. */
const DOCKER = "/usr/bin/docker";
/** Of the lane alone: nothing comes from a network, and no firewall is looked at. */
const LANE = "--storage-driver=vfs --bridge=none --iptables=false --ip-forward=false --ip-masq=false".split(" ");

/** busybox, /witness, /plain and /orphan. */
export const IMAGE = "busybox";

/** Runs docker with one of the runtimes. */
export interface Docker {
  (...args: readonly string[]): Promise<Outcome>;
  /** The same, which must succeed: what it printed. */
  ok(...args: readonly string[]): Promise<string>;
  /** The command, to be run elsewhere. */
  command(...args: readonly string[]): string[];
  /** `run` with the runtime, and without a network unless the options name one. */
  run(...options: readonly string[]): string[];
  /** A name that no other scenario uses, with neither runtime. */
  named(word: string): string;
  readonly runtime: RuntimeName;
}

export function dockerHost(options: readonly string[] = []): (t: TestContext) => Promise<DockerHost> {
  let begun: Promise<DockerHost> | undefined;
  afterAll(async () => (await begun)?.host.end());
  return (t) => {
    requires(t, "root", "dist", "ip", "overlay", "cgroup-v1", "containerd", "dockerd", "runc");
    begun ??= DockerHost.begin(options, witness(t));
    return begun;
  };
}

export class DockerHost {
  readonly host: PrivateHost;
  #scenarios = 0;

  static async begin(options: readonly string[], witness: string): Promise<DockerHost> {
    const host = await PrivateHost.begin();
    try {
      host.write("/etc/docker/daemon.json", pageSnippet("daemon.json"));
      host.write("/srv/busybox.tar", witnessLayer(witness));
      await host.begins("dockerd", `${DOCKER} version`, ["dockerd", ...LANE, ...options]);
      const engine = new DockerHost(host);
      await engine.docker("runc").ok("import", "--change", "ENV PATH=/bin", "/srv/busybox.tar", IMAGE);
      return engine;
    } catch (error) {
      await host.end();
      throw error;
    }
  }

  private constructor(host: PrivateHost) {
    this.host = host;
  }

  docker(runtime: RuntimeName): Docker {
    const scenario = this.#scenarios;
    this.#scenarios += 1;
    const command = (...args: readonly string[]) => [DOCKER, ...args];
    const docker = (...args: readonly string[]) => this.host.run(command(...args));
    const ok = async (...args: readonly string[]) => {
      const { status, stdout, stderr } = await docker(...args);
      if (status !== 0) throw new Error(`docker ${args.join(" ")} ended with ${status} under ${runtime}: ${stderr}`);
      return stdout.trimEnd();
    };
    const run = (...options: readonly string[]) => {
      const network = options.some((option) => option.startsWith("--network")) ? [] : ["--network=none"];
      return ["run", "--runtime", runtime, ...network, ...options];
    };
    const named = (word: string) => `${runtime}-${scenario}-${word}`;
    return Object.assign(docker, { ok, command, run, named, runtime });
  }

  /** What a scenario tells of tsrun, once it tells the same of runc. */
  readonly both = async <Told>(scenario: (docker: Docker) => Promise<Told>): Promise<Told> => {
    const [mine, theirs] = await Promise.all([scenario(this.docker("tsrun")), scenario(this.docker("runc"))]);
    expect(mine, "tsrun and runc").toEqual(theirs);
    return mine;
  };
}
