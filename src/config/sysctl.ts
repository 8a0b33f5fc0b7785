// SPDX-License-Identifier: Apache-2.0
/** Kernel parameters and the namespaces that they belong to. config-linux.md#sysctl, sysctl(8), namespaces(7). */
import type { NamespaceKind } from "./config.ts";

/** Parameters of the IPC namespace that do not lie under fs/mqueue. ipc_namespaces(7). */
const IPC: ReadonlySet<string> = new Set([
  "kernel/msgmax",
  "kernel/msgmnb",
  "kernel/msgmni",
  "kernel/sem",
  "kernel/shmall",
  "kernel/shmmax",
  "kernel/shmmni",
  "kernel/shm_rmid_forced",
]);

/**
 * `net.ipv4.conf.eth0/1.rp_filter` -> `net/ipv4/conf/eth0.1/rp_filter`, the path under /proc/sys
 *
 * The separator is the first dot or slash; when it is a dot, a slash stands for a dot in a name. sysctl(8).
 */
export function sysctlPath(key: string): string {
  const dot = key.indexOf(".");
  const slash = key.indexOf("/");
  if (slash >= 0 && (dot < 0 || slash < dot)) return key;
  return key.replace(/[./]/g, (separator) => (separator === "." ? "/" : "."));
}

/** The namespace whose parameter lies at a path under /proc/sys; undefined for those of the whole machine. */
export function sysctlNamespace(path: string): NamespaceKind | undefined {
  if (path.startsWith("net/")) return "network";
  if (path.startsWith("fs/mqueue/") || IPC.has(path)) return "ipc";
  if (path === "kernel/domainname" || path === "kernel/hostname") return "uts";
  if (path.startsWith("user/")) return "user";
  return undefined;
}
