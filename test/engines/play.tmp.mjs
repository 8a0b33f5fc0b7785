// test/engines/support/host.ts
import { spawn as spawn2 } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync as mkdirSync2, readFileSync as readFileSync2, writeFileSync as writeFileSync2 } from "node:fs";
import { basename, dirname, join as join2 } from "node:path";

// test/live/support/run.ts
import { spawn, spawnSync } from "node:child_process";

// test/requires.ts
var ROOT = new URL("..", import.meta.url).pathname;

// test/live/support/spec.ts
var CAPABILITIES = [
  "CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD",
  "CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_CHROOT"
].flatMap((line) => line.split(" "));
var ORDINARY = 65534;

// test/live/support/patience.ts
var PATIENCE = Number(process.env.TSRUN_PATIENCE ?? 1);

// test/live/support/run.ts
var TSRUN = process.env.TSRUN_BIN ?? new URL("../../../dist/tsrun", import.meta.url).pathname;
function launch(command, options = {}) {
  const [file = "", ...args] = [...wrapper(options), ...command];
  const child = spawn(file, args, {
    ...options.cwd === void 0 ? {} : { cwd: options.cwd },
    env: { PATH: process.env.PATH, HOME: "/", ...options.env },
    stdio: ["pipe", "pipe", "pipe", ...options.fds ?? []],
    detached: true
  });
  if (options.stdin === void 0) child.stdin?.end();
  else child.stdin?.end(options.stdin);
  return { child, outcome: outcomeOf(child, (options.timeoutMs ?? 2e4) * PATIENCE) };
}
function wrapper(options) {
  const user = options.as === "user" ? ["setpriv", `--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, "--clear-groups"] : [];
  if (options.prelude === void 0) return user;
  return ["unshare", "--mount", "sh", "-ec", `${options.prelude}
exec "$@"`, "sh", ...user];
}
function outcomeOf(child, timeoutMs) {
  const text = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name]?.setEncoding("utf8").on("data", (chunk) => {
      text[name] += chunk;
    });
  }
  child.stdin?.on("error", () => {
  });
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (child.pid !== void 0) killGroup(child.pid);
      text.stderr += `
(killed after ${timeoutMs} ms)`;
    }, timeoutMs);
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      resolve({ status, signal, ...text });
    });
  });
}
function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

// test/engines/support/cgroups.ts
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
var PATIENCE_MS = 1e4;
var made = 0;
function makeCgroups() {
  made += 1;
  const name = `tsrun-engines-${process.pid}-${made}`;
  const groups = hierarchies().map((own) => join(own, name));
  for (const group of groups) {
    mkdirSync(group);
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (existsSync(join(group, "tasks")) && existsSync(join(group, file))) {
        writeFileSync(join(group, file), readFileSync(join(group, "..", file)));
      }
    }
  }
  return groups;
}
function enterCgroups(groups) {
  return groups.map((group) => `echo $$ >'${group}/cgroup.procs'`).join("\n");
}
async function endCgroups(groups) {
  const late = Date.now() + PATIENCE_MS;
  for (const group of groups) {
    for (; ; ) {
      try {
        removeBelow(group);
        break;
      } catch (error) {
        if (error.code !== "EBUSY" || Date.now() > late) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
}
function removeBelow(group) {
  for (const entry of readdirSync(group, { withFileTypes: true })) {
    if (entry.isDirectory()) removeBelow(join(group, entry.name));
  }
  rmdirSync(group);
}
function hierarchies() {
  const own = readFileSync("/proc/self/cgroup", "utf8").trim().split("\n");
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n");
  return mounts.flatMap((line) => {
    const fields = line.split(" ");
    const [type, , options = ""] = fields.slice(fields.indexOf("-") + 1);
    if (type !== "cgroup" && type !== "cgroup2") return [];
    const controllers = type === "cgroup2" ? "" : options.split(",").filter((word) => word !== "rw" && word !== "ro").join(",");
    const path = own.find((entry) => entry.split(":")[1] === controllers)?.replace(/^\d+:[^:]*:/, "");
    const [root = "/", mountPoint = "/"] = fields.slice(3, 5);
    if (path === void 0) return [];
    const below = root === "/" ? path : path.replace(root, "");
    return [join(mountPoint, below)];
  });
}

// test/engines/support/host.ts
var EMPTY = ["/run", "/tmp", "/home", "/root", "/srv", "/var/lib", "/var/tmp", "/var/log", "/dev/shm"];
var LAID_OVER = ["/etc", "/usr/local"];
var RUNTIMES = { tsrun: "/usr/local/bin/tsrun", runc: "/usr/sbin/runc" };
var BEGIN = `
mount -t tmpfs -o mode=755 tmpfs /mnt
mkdir /mnt/dist && mount --bind "$DIST" /mnt/dist
for dir in ${LAID_OVER.join(" ")}; do
  mkdir -p "/mnt/upper$dir" "/mnt/work$dir"
  mount -t overlay -o "lowerdir=$dir,upperdir=/mnt/upper$dir,workdir=/mnt/work$dir" overlay "$dir"
done
for dir in ${EMPTY.join(" ")}; do
  mount -t tmpfs -o mode=755 tmpfs "$dir"
done
chmod 1777 /tmp /var/tmp /dev/shm
mkdir -p /usr/local/bin && ln -sf "/mnt/dist/$BIN" ${RUNTIMES.tsrun}
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
var PrivateHost = class _PrivateHost {
  #unshare;
  #pid;
  /** Their directories on the machine. */
  cgroups;
  static async begin(view = "v1") {
    const cgroups = makeCgroups();
    const unshare = spawn2("sh", ["-ec", `${enterCgroups(cgroups)}
exec "$@"`, "sh", ...UNSHARE, "sh", "-ec", BEGIN], {
      env: { ...process.env, DIST: dirname(TSRUN), BIN: basename(TSRUN), VIEW: view },
      stdio: ["pipe", "pipe", "pipe"]
    });
    try {
      await said(unshare, "ready");
      return new _PrivateHost(unshare, cgroups);
    } catch (error) {
      unshare.kill("SIGKILL");
      await endCgroups(cgroups);
      throw error;
    }
  }
  constructor(unshare, cgroups) {
    this.#unshare = unshare;
    this.cgroups = cgroups;
    this.#pid = Number(readFileSync2(`/proc/${unshare.pid}/task/${unshare.pid}/children`, "utf8"));
  }
  /** The command that runs `command` inside. */
  command(command) {
    const enter = ["nsenter", `--target=${this.#pid}`, "--mount", "--pid", "--net", "--ipc", "--uts", "--cgroup"];
    return ["sh", "-ec", `${enterCgroups(this.cgroups)}
exec "$@"`, "sh", ...enter, "--wd=/", "--", ...command];
  }
  run(command, options = {}) {
    return this.launch(command, options).outcome;
  }
  launch(command, options = {}) {
    const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME: "/root", ...options.env };
    return launch(this.command(command), { timeoutMs: 6e4, ...options, env });
  }
  /** A path inside, as this process can open it. */
  path(inside) {
    return join2(`/proc/${this.#pid}/root`, inside);
  }
  write(inside, text, mode = 420) {
    mkdirSync2(dirname(this.path(inside)), { recursive: true });
    writeFileSync2(this.path(inside), text);
    chmodSync(this.path(inside), mode);
  }
  /** Kills all that runs inside; throws if cgroups could not be removed. */
  async end() {
    process.kill(this.#pid, "SIGKILL");
    await gone(this.#unshare);
    await endCgroups(this.cgroups);
  }
};
var UNSHARE = "unshare --mount --pid --net --ipc --uts --cgroup --fork --kill-child --mount-proc".split(" ");
function said(child, word) {
  let complaints = "";
  child.stderr?.on("data", (text) => {
    complaints += text;
  });
  return new Promise((resolve, reject) => {
    child.stdout?.once("data", (text) => {
      if (text.toString().trim() === word) resolve();
      else reject(new Error(`the private host says ${text}`));
    });
    child.once("close", (status) => reject(new Error(`the private host ended with ${status}: ${complaints}`)));
  });
}
async function gone(child) {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

// test/engines/support/image.ts
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync as existsSync2, mkdirSync as mkdirSync3, mkdtempSync, rmSync, writeFileSync as writeFileSync3 } from "node:fs";
import { tmpdir } from "node:os";
import { join as join3 } from "node:path";
var ROOTFS = new URL("../../.cache/busybox", import.meta.url).pathname;
var SCRIPT = new URL("../../../scripts/rootfs.mjs", import.meta.url).pathname;
var TYPE = "application/vnd.oci.image";
function rootfsTar() {
  if (!existsSync2(ROOTFS)) execFileSync("node", [SCRIPT]);
  return tar(ROOTFS);
}
function ociArchive(name, config, layer = rootfsTar()) {
  const dir = mkdtempSync(join3(tmpdir(), "tsrun-image-"));
  try {
    mkdirSync3(join3(dir, "blobs/sha256"), { recursive: true });
    const blob = (mediaType, data) => {
      const sha256 = createHash("sha256").update(data).digest("hex");
      writeFileSync3(join3(dir, "blobs/sha256", sha256), data);
      return { mediaType, digest: `sha256:${sha256}`, size: data.length };
    };
    const json = (value) => Buffer.from(JSON.stringify(value));
    const layers = [blob(`${TYPE}.layer.v1.tar`, layer)];
    const rootfs = { type: "layers", diff_ids: layers.map(({ digest }) => digest) };
    const architecture = process.arch === "x64" ? "amd64" : process.arch;
    const image = blob(`${TYPE}.config.v1+json`, json({ architecture, os: "linux", config, rootfs }));
    const manifest = { schemaVersion: 2, mediaType: `${TYPE}.manifest.v1+json`, config: image, layers };
    const annotations = { "org.opencontainers.image.ref.name": name, "io.containerd.image.name": name };
    const index = { schemaVersion: 2, manifests: [{ ...blob(manifest.mediaType, json(manifest)), annotations }] };
    writeFileSync3(join3(dir, "index.json"), json(index));
    writeFileSync3(join3(dir, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
    return tar(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}
function tar(dir) {
  const args = ["--create", "--numeric-owner", "--owner=0", "--group=0", "--sort=name", "-C", dir, "."];
  return execFileSync("tar", args, { maxBuffer: 64 * 1024 * 1024 });
}

// ../../tmp/scratch-docker/play.ts
import { writeFileSync as writeFileSync4 } from "node:fs";
var host = await PrivateHost.begin(process.argv[2] ?? "v1");
host.write("/srv/busybox.tar", ociArchive("docker.io/library/busybox:latest", { Cmd: ["sh"], Env: ["PATH=/bin:/sbin:/usr/bin:/usr/sbin"] }));
host.write("/srv/rootfs.tar", rootfsTar());
var cmd = host.command([]);
writeFileSync4("/tmp/scratch-docker/enter", "#!/bin/sh\n" + cmd[2].replace('exec "$@"', "") + "\nexec " + cmd.slice(4).join(" ") + ' "$@"\n', { mode: 493 });
console.log("up", cmd.join(" "));
process.on("SIGTERM", async () => {
  await host.end();
  process.exit(0);
});
setInterval(() => {
}, 1e3);
