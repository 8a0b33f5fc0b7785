// SPDX-License-Identifier: Apache-2.0
/** The kernel and the runtime's own rights in it. proc_pid_status(5), capabilities(7). */
import { readFileSync } from "node:fs";
import { HostError } from "../errors/errors.ts";
import type { Facts } from "./facts.ts";

type KernelFacts = Pick<Facts, "arch" | "kernel">;
type SelfFacts = Pick<Facts, "uid" | "gid" | "capabilities" | "bounding" | "capLastCap" | "userns">;

let kernel: KernelFacts | undefined;
let self: SelfFacts | undefined;

/** HostError: a machine without an init image, or Linux before 5.12. */
export function probeKernel(): KernelFacts {
  kernel ??= readKernel(readFileSync("/proc/sys/kernel/osrelease", "utf8").trimEnd(), process.arch);
  return kernel;
}

/** What is told of a kernel by its release, for example `6.1.0-18-amd64`. */
export function readKernel(text: string, arch: string): KernelFacts {
  if (arch !== "x64" && arch !== "arm64") throw new HostError(`tsrun runs on x64 and arm64, not on ${arch}`);
  const [, major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(text) ?? []).map(Number);
  if (major < 5 || (major === 5 && minor < 12)) {
    throw new HostError(`Linux ${text} has no mount_setattr(2): tsrun needs Linux 5.12 or newer`);
  }
  return { arch, kernel: { release: text, major, minor } };
}

/** Read once, as long as the process stays the same user. */
export function probeSelf(): SelfFacts {
  if (self !== undefined && self.uid === process.geteuid?.()) return self;
  self = {
    ...readStatus(readFileSync("/proc/self/status", "utf8")),
    capLastCap: Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8")),
    userns: !isInitialMap(readFileSync("/proc/self/uid_map", "utf8")),
  };
  return self;
}

/** Effective ids and capability sets from the text of /proc/PID/status. */
export function readStatus(status: string): Pick<Facts, "uid" | "gid" | "capabilities" | "bounding"> {
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
  const effective = (ids: string): number => Number(ids.split("\t")[1]);
  return {
    uid: effective(field("Uid")),
    gid: effective(field("Gid")),
    capabilities: BigInt(`0x${field("CapEff")}`),
    bounding: BigInt(`0x${field("CapBnd")}`),
  };
}

/** Whether a uid_map is that of the first user namespace, which maps every id to itself. user_namespaces(7). */
export function isInitialMap(uidMap: string): boolean {
  return /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
}
