// SPDX-License-Identifier: Apache-2.0
/** Names of kernel parameters. */
import { expect, test } from "vitest";
import { sysctlNamespace, sysctlPath } from "../../src/config/sysctl.ts";

test.each([
  ["net.ipv4.ip_forward", "net/ipv4/ip_forward", "network"],
  ["net/ipv4/ip_forward", "net/ipv4/ip_forward", "network"],
  ["net/ipv4/conf/eth0.1/rp_filter", "net/ipv4/conf/eth0.1/rp_filter", "network"],
  ["net.ipv4.conf.eth0/1.rp_filter", "net/ipv4/conf/eth0.1/rp_filter", "network"],
  ["kernel.shmmax", "kernel/shmmax", "ipc"],
  ["kernel.shm_rmid_forced", "kernel/shm_rmid_forced", "ipc"],
  ["fs.mqueue.msg_max", "fs/mqueue/msg_max", "ipc"],
  ["kernel.domainname", "kernel/domainname", "uts"],
  ["user.max_pid_namespaces", "user/max_pid_namespaces", "user"],
  ["kernel.core_pattern", "kernel/core_pattern", undefined],
  ["fs.file-max", "fs/file-max", undefined],
  ["network.x", "network/x", undefined],
  ["vm.overcommit_memory", "vm/overcommit_memory", undefined],
])("%s", (key, path, kind) => {
  expect(sysctlPath(key)).toBe(path);
  expect(sysctlNamespace(path)).toBe(kind);
});
