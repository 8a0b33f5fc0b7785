// SPDX-License-Identifier: Apache-2.0
/**
 * containerd on a private host, and ctr(8) with tsrun and with runc.
 *
 *   const engine = containerdHost();                 // one for the file; it begins with the first test that asks
 *   test("...", async (t) => {
 *     const { both } = await engine(t);
 *     const told = await both((ctr) => ctr("run", "--rm", ...ctr.binary, IMAGE, ctr.named("c"), "id"));
 *     expect(told.status).toBe(0);                   // by tsrun, and the same by runc
 *   });
 */
import { afterAll, expect, type TestContext } from "vitest";
import type { Outcome } from "../../live/support/run.ts";
import { witness } from "../../live/support/witness.ts";
import { requires } from "../../requires.ts";
import { PrivateHost, RUNTIMES, type RuntimeName } from "./host.ts";
import { ociArchive, witnessLayer } from "./image.ts";
import { pageSnippet } from "./page.ts";

/** Without the server of Kubernetes, which would look for a network; its configuration is read all the same. */
const LANE = 'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n';

/** busybox, /witness, /plain and /orphan. */
export const IMAGE = "docker.io/library/busybox:latest";

/** Runs ctr with one of the runtimes. */
export interface Ctr {
  (...args: readonly string[]): Promise<Outcome>;
  /** The same, which must succeed: what it printed. */
  ok(...args: readonly string[]): Promise<string>;
  /** The command, to be run elsewhere. */
  command(...args: readonly string[]): string[];
  /** A name that no other scenario uses, with neither runtime. */
  named(word: string): string;
  /** Options of `ctr run` that choose the runtime. */
  readonly binary: readonly string[];
  readonly runtime: RuntimeName;
}

export function containerdHost(): (t: TestContext) => Promise<ContainerdHost> {
  let begun: Promise<ContainerdHost> | undefined;
  afterAll(async () => (await begun)?.host.end());
  return (t) => {
    requires(t, "root", "dist", "ip", "overlay", "cgroup-v1", "containerd", "runc");
    begun ??= ContainerdHost.begin(witness(t));
    return begun;
  };
}

export class ContainerdHost {
  readonly host: PrivateHost;
  #scenarios = 0;

  static async begin(witness: string): Promise<ContainerdHost> {
    const host = await PrivateHost.begin();
    try {
      host.write("/etc/containerd/config.toml", `${LANE}${pageSnippet("config.toml")}`);
      host.write("/srv/busybox.tar", ociArchive(IMAGE, { Cmd: ["sh"], Env: ["PATH=/bin"] }, witnessLayer(witness)));
      await host.begins("containerd", "ctr version", ["containerd"]);
      const engine = new ContainerdHost(host);
      await engine.ctr("runc").ok("images", "import", "/srv/busybox.tar");
      return engine;
    } catch (error) {
      await host.end();
      throw error;
    }
  }

  private constructor(host: PrivateHost) {
    this.host = host;
  }

  ctr(runtime: RuntimeName): Ctr {
    const scenario = this.#scenarios;
    this.#scenarios += 1;
    const command = (...args: readonly string[]) => ["ctr", ...args];
    const ctr = (...args: readonly string[]) => this.host.run(command(...args));
    const ok = async (...args: readonly string[]) => {
      const { status, stdout, stderr } = await ctr(...args);
      if (status !== 0) throw new Error(`ctr ${args.join(" ")} ended with ${status} under ${runtime}: ${stderr}`);
      return stdout.trimEnd();
    };
    const named = (word: string) => `${runtime}-${scenario}-${word}`;
    return Object.assign(ctr, { ok, command, named, binary: ["--runc-binary", RUNTIMES[runtime]], runtime });
  }

  /** What a scenario tells of tsrun, once it tells the same of runc. */
  readonly both = async <Told>(scenario: (ctr: Ctr) => Promise<Told>): Promise<Told> => {
    const [mine, theirs] = await Promise.all([scenario(this.ctr("tsrun")), scenario(this.ctr("runc"))]);
    expect(mine, "tsrun and runc").toEqual(theirs);
    return mine;
  };
}
