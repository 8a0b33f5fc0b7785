// SPDX-License-Identifier: Apache-2.0
/**
 * A host of its own for a container engine, which sees the machine's programs and none of its containers, networks,
 * configuration or cgroups, and leaves nothing behind. Every file of this lane has one:
 *
 *   const host = await PrivateHost.begin();          // in beforeAll
 *   afterAll(() => host.end());
 *   host.write("/etc/containers/containers.conf", text);
 *   const out = await host.run(["podman", "info"]);
 *   const daemon = host.launch(["containerd"]);      // ends with the host at the latest
 *   const at = terminal(t, host.command(["podman", "exec", "-it", "c1", "sh"]), { cwd: "/" });
 *
 * Inside, these are memory of the host's own: all of EMPTY, what is written to LAID_OVER, and /dev with NODES. So an engine may run with
 * its default directories, and what is said in its configuration is what its users say.
 * It has mount, pid, network (lo alone), ipc, uts and cgroup namespaces; process 1 is a shell that reaps. Once that is
 * killed, which also happens when the test's process dies, the kernel kills the rest and drops the mounts.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { launch, type Outcome, type Running, type RunOptions, TSRUN } from "../../live/support/run.ts";
import { type Cgroups, endCgroups, enterCgroups, makeCgroups } from "./cgroups.ts";

/** Empty directories of the host's own. */
const EMPTY = ["/run", "/tmp", "/home", "/root", "/srv", "/var/lib", "/var/tmp", "/var/log"];
/** These have the machine's files too. */
const LAID_OVER = ["/etc", "/usr/local"];

const NODES = ["null", "zero", "full", "random", "urandom", "tty", "fuse", "net", "fd", "stdin", "stdout", "stderr"];

/** Where the runtimes are inside: what docs/engines.md has users write. */
export const RUNTIMES = { tsrun: "/usr/local/bin/tsrun", runc: "/usr/sbin/runc" } as const;
export type RuntimeName = keyof typeof RUNTIMES;

/** A view of the host's cgroups: v1 alone, which Debian's engines can use, or v2 alone. */
export type View = "v1" | "v2";

const BEGIN = `
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/dist && mount --bind "$DIST" /mnt/dist
for dir in ${LAID_OVER.join(" ")}; do
  mkdir -p "/mnt/upper$dir" "/mnt/work$dir"
  mount -t overlay -o "lowerdir=$dir,upperdir=/mnt/upper$dir,workdir=/mnt/work$dir" overlay "$dir"
done
for dir in ${EMPTY.join(" ")}; do
  mount -t tmpfs -o mode=755 tmpfs "$dir"
done
chmod 1777 /tmp /var/tmp
mkdir -p /usr/local/bin && ln -sf "/mnt/dist/$BIN" ${RUNTIMES.tsrun}
# Nodes of its own: an engine may change the owner of /dev/null.
mkdir -p /mnt/dev/pts /mnt/dev/mqueue && mkdir -m 1777 /mnt/dev/shm
for node in ${NODES.join(" ")}; do
  if [ -e "/dev/$node" ]; then cp -a --parents "/dev/$node" /mnt; fi
done
ln -s pts/ptmx /mnt/dev/ptmx
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts /mnt/dev/pts
mount -t mqueue mqueue /mnt/dev/mqueue
mount --rbind /mnt/dev /dev
hierarchies=$(sed -n 's/.* - cgroup [^ ]* r[wo],//p' /proc/self/mountinfo)
umount --recursive /sys
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
if [ "$VIEW" = v2 ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for options in $hierarchies; do
    mkdir "/sys/fs/cgroup/\${options#name=}"
    mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/\${options#name=}"
  done
fi
ip link set lo up
echo ready
# Only a shell that waits reaps. The end of the test's process is the end of its input.
exec 3<&0
cat <&3 &
wait $!
`;

export class PrivateHost {
  readonly #unshare: ChildProcess;
  readonly #pid: number;
  /** Their directories on the machine. */
  readonly cgroups: Cgroups;

  static async begin(view: View = "v1"): Promise<PrivateHost> {
    const cgroups = makeCgroups();
    const unshare = spawn("sh", ["-ec", `${enterCgroups(cgroups)}\nexec "$@"`, "sh", ...UNSHARE, "sh", "-ec", BEGIN], {
      env: { ...process.env, DIST: dirname(TSRUN), BIN: basename(TSRUN), VIEW: view },
      stdio: ["pipe", "pipe", "pipe"],
    });
    try {
      await said(unshare, "ready");
      return new PrivateHost(unshare, cgroups);
    } catch (error) {
      unshare.kill("SIGKILL");
      await endCgroups(cgroups);
      throw error;
    }
  }

  private constructor(unshare: ChildProcess, cgroups: Cgroups) {
    this.#unshare = unshare;
    this.cgroups = cgroups;
    this.#pid = Number(readFileSync(`/proc/${unshare.pid}/task/${unshare.pid}/children`, "utf8"));
  }

  /** The command that runs `command` inside. */
  command(command: readonly string[]): string[] {
    const enter = ["nsenter", `--target=${this.#pid}`, "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"];
    return ["sh", "-ec", `${enterCgroups(this.cgroups)}\nexec "$@"`, "sh", ...enter, "--wdns=/", "--", ...command];
  }

  run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.launch(command, options).outcome;
  }

  launch(command: readonly string[], options: RunOptions = {}): Running {
    const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", ...options.env };
    return launch(this.command(command), { timeoutMs: 60_000, ...options, env });
  }

  /** Starts a daemon, and waits until the command `asks` is answered; what it said is in /tmp/NAME.log. */
  async begins(name: string, asks: string, daemon: readonly string[]): Promise<void> {
    const log = `/tmp/${name}.log`;
    const script = `setsid "$@" >${log} 2>&1 </dev/null & timeout 30 sh -c 'until ${asks} >/dev/null 2>&1; do sleep 0.05; done'`;
    const { status } = await this.run(["sh", "-c", script, "sh", ...daemon]);
    if (status !== 0) throw new Error(`${name} did not begin: ${readFileSync(this.path(log), "utf8")}`);
  }

  /** Arguments that let the witness tell its namespaces from new ones. */
  async namespaces(): Promise<string[]> {
    const { stdout } = await this.run(["sh", "-c", "cd /proc/1/ns; for ns in *; do echo $ns:$(readlink $ns); done"]);
    return stdout
      .trim()
      .split("\n")
      .map((line) => `host=${line.replace(/:\w+:/, ":")}`);
  }

  /** A path inside, as this process can open it. */
  path(inside: string): string {
    return join(`/proc/${this.#pid}/root`, inside);
  }

  write(inside: string, text: string | Buffer, mode = 0o644): void {
    mkdirSync(dirname(this.path(inside)), { recursive: true });
    writeFileSync(this.path(inside), text);
    chmodSync(this.path(inside), mode);
  }

  /** Kills all that runs inside; throws if cgroups could not be removed. */
  async end(): Promise<void> {
    process.kill(this.#pid, "SIGKILL");
    await gone(this.#unshare);
    await endCgroups(this.cgroups);
  }
}

const UNSHARE = "unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child --mount-proc".split(" ");

/** Waits until the child has printed the word; what it complains of later is that it was killed. */
function said(child: ChildProcess, word: string): Promise<void> {
  let complaints = "";
  child.stderr?.on("data", (text: Buffer) => {
    complaints += text;
  });
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", (text: Buffer) => {
      if (text.toString().trim() === word) resolve();
      else reject(new Error(`the private host says ${text}`));
    });
    child.once("close", (status) => reject(new Error(`the private host ended with ${status}: ${complaints}`)));
  });
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
