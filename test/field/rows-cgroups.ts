// SPDX-License-Identifier: Apache-2.0
/** Features of config-linux.md: cgroups. */
import { both, shown } from "../conformance/row.ts";
import { type Chapter, feature, onKernel } from "./row.ts";

const TABLE = "cgroup/limits.test.ts";
const PARTS = "cgroup/limits-parts.test.ts";
const LIVE = "live/resources.test.ts";
const LIVE_PARTS = "live/resources-parts.test.ts";
const UNIFIED = "live/resources-unified.test.ts";
const MACHINE = "vm/limits-v2.test.ts";
const CASES = "cases/cgroups.md";
const MAKE = "cgroup/make.test.ts";
const SYSTEMD = "vm/systemd.test.ts";
const RULES = "config/rules.test.ts";

export const CGROUP_FEATURES: Chapter = {
  title: "Control groups",
  number: "1.4",
  features: [
    feature(
      ["cgroup version 1, version 2", "cgroup v1 / v2"],
      "joined before anything can be charged elsewhere",
      both(
        shown(MAKE, "makes it in each hierarchy, with its parents, and processes can join"),
        shown(CASES, "version 2 in a cgroup namespace", "version 1 in a cgroup namespace"),
        shown("vm/limits.test.ts", "memory.limit: who takes more is killed, and the cgroup has counted it"),
        shown(LIVE, "memory.limit: who takes more is killed"),
      ),
    ),
    feature(
      "hybrid hierarchy",
      "each limit goes where its controller is",
      both(
        shown(TABLE, "on a hybrid host each limit goes where its controller is"),
        shown(CASES, "a hybrid host shows its version 1 hierarchies"),
        shown("live/conformance-cgroup.test.ts", "an absolute cgroupsPath is relative to the mount point"),
      ),
    ),
    feature(
      ["drivers: cgroupfs, systemd, disabled", "cgroupfs / systemd / disabled drivers"],
      "`--systemd-cgroup`, `--cgroup-manager`",
      both(
        shown(SYSTEMD, "the container is a scope in its slice, and is gone with it"),
        shown(SYSTEMD, "a user's container is a scope of the user's own systemd, with the limits that it was given"),
        shown("cgroup/place.test.ts", "is made when cgroups are disabled, and nobody is warned"),
      ),
    ),
    feature(
      ["`cgroupsPath`: absolute, relative, `slice:prefix:name`", "`cgroupsPath` absolute/relative"],
      "as runc places it; a path that climbs out is refused",
      both(
        shown("live/conformance-cgroup.test.ts", "an absolute cgroupsPath is relative to the mount point"),
        shown("live/conformance-cgroup.test.ts", "a relative cgroupsPath is consistent"),
        shown(SYSTEMD, "it lies where runc would have put it"),
      ),
    ),
    feature(
      ["a cgroup that is frozen or not empty", "refuse frozen / non-empty cgroup"],
      "is refused",
      both(
        shown(MAKE, "refuses one that holds a process, and makes none of the others"),
        shown(MAKE, "refuses one that is frozen, and undoes what was made"),
        shown("live/conformance-cgroup.test.ts", "a cgroup that is not empty is refused"),
      ),
    ),
    feature(
      ["ownership of the cgroup", "cgroup ownership"],
      "the files that /sys/kernel/cgroup/delegate lists, to the process's user",
      both(
        shown(UNIFIED, "a cgroup that the container sees read-only is not given away"),
        shown("vm/cgroup-mount.test.ts", "the root of a user namespace is the owner of its cgroup"),
        shown(
          "cgroup/delegate.test.ts",
          "the files are those that the kernel lists, or the three of the specification where it lists none",
        ),
      ),
    ),
    feature(
      ["`devices`, the allowed list", "`devices` allow-list"],
      "files on version 1, an eBPF program on version 2",
      both(
        shown(
          "live/device-rules.test.ts",
          "v2: the last rule that matches a device counts",
          "v1: the same as with runc",
        ),
        shown("vm/devices.test.ts", "a device that the rules deny cannot be opened, and the default ones can be used"),
        shown("bpf/device-filter.test.ts", "the program decides as the last matching rule, for lists of all kinds"),
      ),
    ),
    feature(
      ["memory limit, reservation, swap", "memory limit / reservation / swap"],
      "in the order that the kernel takes",
      both(
        shown(TABLE, "memory and swap", "all unlimited"),
        shown(LIVE, "the files say the same as with runc: memory and swap", "memory.limit: who takes more is killed"),
      ),
    ),
    feature(
      "memory kernel, kernelTCP",
      "kernelTCP on version 1; kernel is told to have no effect, as no kernel since Linux 5.16 counts it apart",
      shown(TABLE, "what v2 has not", "a limit of the kernel's own memory is told to have no effect"),
    ),
    feature(
      "memory swappiness, disableOOMKiller, useHierarchy",
      "on version 1; refused by name where the kernel has no such file",
      both(
        shown(TABLE, "what v2 has not", "no hierarchy"),
        shown(
          LIVE,
          "the files say the same as with runc: swappiness",
          "the files say the same as with runc: no OOM killer",
        ),
      ),
    ),
    feature(
      "memory `checkBeforeUpdate`",
      "a limit below what is used is refused",
      shown(TABLE, "a limit below what the cgroup uses is refused where checkBeforeUpdate asks for it"),
    ),
    feature(
      ["cpu shares, quota, period, cpus, mems", "cpu shares/quota/period/cpus/mems"],
      "shares become a weight by the curve of runc 1.3.2",
      both(
        shown(LIVE, "cpu.quota: who works longer is throttled", "cpu.cpus: the program is let on those alone"),
        shown(LIVE, "the files say the same as with runc: shares"),
        shown(MACHINE, "cpuset"),
      ),
    ),
    feature(
      "cpu `burst`, `idle`",
      "a burst fits into the quota at every moment",
      both(
        shown(LIVE, "cpu.burst and cpu.idle are in their files"),
        shown(MACHINE, "an idle cgroup"),
        shown(TABLE, "a burst above a positive quota is refused"),
      ),
    ),
    feature(
      ["cpu realtimeRuntime, realtimePeriod", "cpu realtime"],
      "on version 1; refused by name on version 2, which has no such file",
      both(shown(TABLE, "real time"), shown(LIVE, "the files say the same as with runc: real time")),
    ),
    feature(
      ["blockIO weights and throttles, of all and of single devices", "blockIO weight/throttle"],
      "BFQ, or blk-iocost on version 2",
      both(
        shown(LIVE_PARTS, "blockIO: who writes faster to a disk than the limit has to wait"),
        shown(PARTS, "the weight of a disk", "throttles"),
        shown("vm/limits-of-devices.test.ts", "blockIO.throttleWriteBpsDevice: who writes past the cache waits"),
      ),
    ),
    feature(
      "hugepageLimits",
      "of pages and of reservations, on both versions",
      both(
        shown(LIVE_PARTS, "hugepageLimits: a reservation above the limit is refused"),
        shown("vm/limits-of-devices.test.ts", "hugepageLimits: no more huge pages than that"),
        shown(PARTS, "huge pages, reserved and used"),
      ),
    ),
    onKernel(
      "CONFIG_CGROUP_NET_CLASSID, CONFIG_CGROUP_NET_PRIO",
      feature(
        ["network classID, priorities", "network classID/priorities"],
        "on version 1; refused by name on version 2",
        both(
          shown(PARTS, "the network", "a class of network packets is missed with the advice to leave it out"),
          shown(LIVE_PARTS, "network: a host without the controller is told before anything is made"),
        ),
      ),
    ),
    feature(
      ["pids `limit`, of which 0 is one", "pids `limit`"],
      "set when the start's own processes are done, so that the smallest lets the program begin",
      both(
        shown(LIVE, "pids.limit: no more processes than that"),
        shown(TABLE, "pids 0 is a limit", "the number of processes is limited last"),
        shown(SYSTEMD, "a limit of one process leaves room for the start, and bites then"),
      ),
    ),
    onKernel(
      "CONFIG_CGROUP_RDMA",
      feature(
        "`rdma`",
        "rdma.max, on both versions",
        shown("field/features.test.ts", "cgroup: the controller of RDMA has its file in both versions"),
      ),
    ),
    feature(
      "`unified`",
      "names that could be a path, or the runtime's own files, are refused; so is a controller that is not there",
      both(
        shown(UNIFIED, "unified: the files of v2 say what was asked for"),
        shown(UNIFIED, "refused, and nothing is left: a controller that the host has not"),
        shown(RULES, "files of cgroups that are none, or the runtime's"),
      ),
    ),
  ],
};
