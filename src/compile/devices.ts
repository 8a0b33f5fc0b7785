// SPDX-License-Identifier: Apache-2.0
/** Device nodes: the default ones, those of the config, and the links of /dev. config-linux.md#devices, mknod(2). */
import type { Device } from "../config/config.ts";
import { MOUNT_ATTR } from "../kernel/mount.ts";
import { AT, S } from "../kernel/open.ts";
import { STATX } from "../kernel/statx.ts";
import { flags, int, out, ref, string } from "../plan/operands.ts";
import { type Call, type Check, NEXT, type Step } from "../plan/step.ts";
import { openTree } from "./bind-mounts.ts";
import { isDev } from "./filesystems.ts";
import { setAttr } from "./mount-attributes.ts";
import { isBind, type MountJob, mountJobs, moveTo, resolveUnderMounts } from "./mount-job.ts";
import { openParent, openTarget } from "./paths.ts";
import { at, canMakeDevices, close, type Make, namespaceOf, type Scope } from "./scope.ts";

/** config-linux.md#default-devices. One that the config lists, or mounts, is the config's to supply. */
const DEFAULT_DEVICES: readonly Device[] = [
  { type: "c", path: "/dev/null", major: 1, minor: 3 },
  { type: "c", path: "/dev/random", major: 1, minor: 8 },
  { type: "c", path: "/dev/full", major: 1, minor: 7 },
  { type: "c", path: "/dev/tty", major: 5, minor: 0 },
  { type: "c", path: "/dev/zero", major: 1, minor: 5 },
  { type: "c", path: "/dev/urandom", major: 1, minor: 9 },
];

/** runtime-linux.md#dev-symbolic-links, and /dev/ptmx of config-linux.md#default-devices. */
const LINKS: readonly (readonly [string, string])[] = [
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
];

interface Dev {
  readonly kind: "fresh" | "bound" | "rootfs";
  readonly job: MountJob | undefined;
}

/** The mount of /dev as the config leaves it: a filesystem of our own making, the host's, or the rootfs's directory. */
function devMount(scope: Scope): Dev {
  const job = mountJobs(scope).findLast(
    ({ path, options }) => path.length === 1 && path[0] === "dev" && !options.remount,
  );
  if (job === undefined) return { kind: "rootfs", job };
  if (isBind(job)) return { kind: "bound", job };
  return { kind: isDev(job) && !job.options.tmpcopyup ? "fresh" : "rootfs", job };
}

/** A /dev bound from the host has its devices already, and is the host's to change: as runc, nothing is made there. */
export function devices(scope: Scope): readonly Step[] {
  const dev = devMount(scope);
  const configured = scope.config.linux?.devices ?? [];
  const supplied = new Set([
    ...configured.map(({ path }) => path),
    ...mountJobs(scope).map(({ path }) => `/${path.join("/")}`),
  ]);
  const standard = DEFAULT_DEVICES.filter(({ path }) => !supplied.has(path)).map((device) => ({ device, pointer: "" }));
  const wanted = configured.map((device, index) => ({ device, pointer: `/linux/devices/${index}` }));
  const made = dev.kind === "bound" ? outsideOfDev(scope, wanted) : [...standard, ...withoutPtmx(scope, wanted)];
  return [...openDev(dev), ...made.flatMap((one) => deviceSteps(scope, dev, one))];
}

function outsideOfDev(scope: Scope, wanted: readonly Wanted[]): readonly Wanted[] {
  const lies = ({ device }: Wanted) => resolveUnderMounts(scope, device.path)[0] === "dev";
  const paths = wanted.filter(lies).map(({ device }) => device.path);
  if (paths.length > 0) {
    scope.warnings.push(`/linux/devices: not made in a /dev that is bound from the host: ${paths.join(" ")}`);
  }
  return wanted.filter((one) => !lies(one));
}

/** Engines list the host's /dev/ptmx for a privileged container; the link to the container's own devpts is that device. */
function withoutPtmx(scope: Scope, wanted: readonly Wanted[]): readonly Wanted[] {
  return wanted.filter(({ device: { type, path, major, minor }, pointer }) => {
    if (resolveUnderMounts(scope, path).join("/") !== "dev/ptmx") return true;
    if (type === "c" && major === 5 && minor === 2) return false;
    const message = "must be the character device 5:2: it is a link to the container's own devpts";
    scope.findings.push({ pointer, message, spec: "config-linux.md#default-devices" });
    return false;
  });
}

/** `$dev`, unless it is open as the mount that was made for it, or nothing is made in it. */
function openDev({ kind, job }: Dev): Step[] {
  if (kind === "bound" || (job !== undefined && isDev(job))) return [];
  return openTarget(at("init", ""), { path: ["dev"], kind: "directory", name: "dev" });
}

interface Wanted {
  readonly device: Device;
  readonly pointer: string;
}

function deviceSteps(scope: Scope, dev: Dev, { device, pointer }: Wanted): Step[] {
  const make = at("init", pointer);
  const path = resolveUnderMounts(scope, device.path);
  if (path.length === 0) {
    const message = 'must lie below "/"';
    scope.findings.push({ pointer: `${pointer}/path`, message, spec: "config-linux.md#devices" });
    return [];
  }
  const inDev = path.length === 2 && path[0] === "dev";
  const { steps, parent } = inDev ? { steps: [], parent: "dev" } : openParent(make, path);
  const name = path.at(-1) ?? "";
  const made =
    canMakeDevices(scope) || device.type === "p"
      ? makeNode(make, device, { parent, name, fresh: inDev && dev.kind === "fresh" })
      : bindNode(make, device, path);
  return [...steps, ...made, ...(parent === "directory" ? [close(make, "directory")] : [])];
}

interface Place {
  readonly parent: string;
  readonly name: string;
  /** Nothing can be there yet. */
  readonly fresh: boolean;
}

const TYPES = { c: S.S_IFCHR, u: S.S_IFCHR, b: S.S_IFBLK, p: S.S_IFIFO } as const;

function makeNode(make: Make, device: Device, { parent, name, fresh }: Place): Call[] {
  const { type, major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = device;
  const number = type === "p" ? 0 : deviceNumber(major, minor);
  const operands = [
    ref(parent),
    string(name),
    flags(S, TYPES[type] | (fileMode & 0o7777)),
    { kind: "int", value: number } as const,
  ];
  const node = make("mknodat", operands, fresh ? {} : { tolerate: { EEXIST: NEXT } });
  const owned = uid !== 0 || gid !== 0;
  const chown = make("fchownat", [ref(parent), string(name), int(uid), int(gid), flags(AT, AT.AT_SYMLINK_NOFOLLOW)]);
  // A file that was there already must be that very device: config-linux.md#devices.
  return [node, ...(fresh ? [] : [checkDevice(make, device, { at: parent, path: name })]), ...(owned ? [chown] : [])];
}

/** dev_t as mknod(2) takes it: 12 bits of major, 20 bits of minor, interleaved. makedev(3). */
export function deviceNumber(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n);
}

interface Looked {
  /** The descriptor's name. */
  readonly at: string;
  /** What it is in that directory; "": the descriptor itself. */
  readonly path: string;
}

/** `statx($at, path, …)`: the type and the number are both asked for; a regular file has number 0, too. */
export function checkDevice(make: Make, device: Pick<Device, "type" | "major" | "minor">, { at, path }: Looked): Call {
  const { type, major = 0, minor = 0 } = device;
  const checks: Check[] = [{ field: "stx_mode", mask: BigInt(S.S_IFMT), value: BigInt(TYPES[type]), errno: "EEXIST" }];
  if (type !== "p") {
    checks.push({ field: "stx_rdev_major", value: BigInt(major), errno: "EEXIST" });
    checks.push({ field: "stx_rdev_minor", value: BigInt(minor), errno: "EEXIST" });
  }
  const how = flags(AT, path === "" ? AT.AT_EMPTY_PATH : AT.AT_SYMLINK_NOFOLLOW);
  const mask = flags(STATX, STATX.STATX_TYPE);
  return make("statx", [ref(at), string(path), how, mask, out("statx")], { checks });
}

/** In a user namespace nodes cannot be made: the host's is bound, after a look at what it is. */
function bindNode(make: Make, device: Device, path: readonly string[]): Call[] {
  return [
    openTree(make, device.path, "tree", false),
    checkDevice(make, device, { at: "tree", path: "" }),
    ...openTarget(make, { path, kind: "file", name: "target" }),
    moveTo(make, "tree", "target"),
    close(make, "target"),
    close(make, "tree"),
  ];
}

export function devLinks(scope: Scope): readonly Step[] {
  const { kind, job } = devMount(scope);
  if (kind === "bound") return [];
  const make = at("init", "");
  const link = (name: string, text: string) =>
    make("symlinkat", [string(text), ref("dev"), string(name)], kind === "fresh" ? {} : { tolerate: { EEXIST: NEXT } });
  const links = scope.facts.kcore ? [...LINKS, ["core", "/proc/kcore"] as const] : LINKS;
  return [
    ...links.map(([name, text]) => link(name, text)),
    ...(kind === "fresh"
      ? []
      : [make("unlinkat", [ref("dev"), string("ptmx"), flags(AT, 0)], { tolerate: { ENOENT: NEXT } })]),
    link("ptmx", "pts/ptmx"),
    ...readonlyDev(scope, job),
  ];
}

/** `ro` of a filesystem on /dev, which had to wait for the devices. */
function readonlyDev(scope: Scope, job: MountJob | undefined): Call[] {
  if (job === undefined || !isDev(job) || (job.options.attributes.set & MOUNT_ATTR.MOUNT_ATTR_RDONLY) === 0) return [];
  if (namespaceOf(scope, "mount") === "inherited") return [];
  return [setAttr(job.make, "dev", { set: MOUNT_ATTR.MOUNT_ATTR_RDONLY, recursive: false })];
}

/** The working directory is made before the root may turn read-only; runc makes a missing one, too. */
export function workingDirectory(scope: Scope): readonly Step[] {
  const make = at("init", "/process/cwd");
  const path = resolveUnderMounts(scope, scope.config.process?.cwd ?? "/");
  if (path.length === 0) return [];
  const steps = openTarget(make, { path, kind: "directory", name: "target" });
  return [...steps, close(make, "target")];
}
