// SPDX-License-Identifier: Apache-2.0
/** config-linux.md: linux.resources. */
import { both, must, partly, type Row, required, section, shown } from "../row.ts";

const LIMITED = "cgroup/limits.test.ts";
const PARTS = "cgroup/limits-parts.test.ts";
const INVALID = "conformance/invalid.test.ts";

export const RESOURCES: readonly Row[] = [
  ...section("config-linux.md#allowed-device-list", [
    must(
      "device-rules-order",
      "The runtime MUST apply entries in the listed order.",
      both(
        shown("live/device-rules.test.ts", "v1: the last rule that matches a device counts"),
        shown("bpf/device-filter.test.ts", "the program decides as the last matching rule, for lists of all kinds"),
      ),
    ),
    must("device-rule-allow", "`allow` (boolean, REQUIRED)", required("/linux/resources/devices/0/allow")),
  ]),
  ...section("config-linux.md#memory", [
    must(
      "memory-check",
      "and MUST reject the new limit.",
      shown(LIMITED, "a limit below what the cgroup uses is refused where checkBeforeUpdate asks for it"),
    ),
  ]),
  ...section("config-linux.md#cpu", [
    must(
      "cpu-quota",
      "it MUST be no smaller than `burst` (runtimes MAY generate an error).",
      shown(LIMITED, "a burst above a positive quota is refused"),
    ),
    must(
      "cpu-burst",
      "this value MUST be no larger than any positive `quota` (runtimes MAY generate an error).",
      shown(LIMITED, "a burst above a positive quota is refused"),
    ),
  ]),
  ...section("config-linux.md#block-io", [
    must(
      "block-io-numbers",
      "`major, minor` (int64, REQUIRED)",
      both(
        required("/linux/resources/blockIO/weightDevice/0/major"),
        required("/linux/resources/blockIO/throttleReadBpsDevice/0/minor"),
        shown(PARTS, "the weight of a disk", "throttles"),
      ),
    ),
    must(
      "block-io-weight",
      "You MUST specify at least one of `weight` or `leafWeight` in a given entry,",
      shown(INVALID, "a weightDevice without a weight is refused"),
    ),
    must(
      "block-io-rate",
      "`rate` (uint64, REQUIRED)",
      both(
        required("/linux/resources/blockIO/throttleReadBpsDevice/0/rate"),
        shown("live/resources-parts.test.ts", "blockIO: who writes faster to a disk than the limit has to wait"),
      ),
    ),
  ]),
  ...section("config-linux.md#huge-page-limits", [
    must(
      "hugepage-size",
      "`pageSize` (string, REQUIRED)",
      both(
        required("/linux/resources/hugepageLimits/0/pageSize"),
        shown(PARTS, "a page size that is none of the host's: %j"),
      ),
    ),
    must(
      "hugepage-limit",
      "`limit` (uint64, REQUIRED)",
      both(
        required("/linux/resources/hugepageLimits/0/limit"),
        shown(PARTS, "huge pages, reserved and used"),
        shown("live/resources-parts.test.ts", "hugepageLimits: a reservation above the limit is refused"),
      ),
    ),
  ]),
  ...section("config-linux.md#network", [
    must(
      "network-name",
      "`name` (string, REQUIRED)",
      both(required("/linux/resources/network/priorities/0/name"), shown(PARTS, "the network")),
    ),
    must(
      "network-priority",
      "`priority` (uint32, REQUIRED)",
      both(required("/linux/resources/network/priorities/0/priority"), shown(PARTS, "the network")),
    ),
  ]),
  ...section("config-linux.md#rdma", [
    must(
      "rdma-one",
      "You MUST specify at least one of the `hcaHandles` or `hcaObjects` in a given entry,",
      shown(INVALID, "an rdma entry without a limit is refused"),
    ),
  ]),
  ...section("config-linux.md#unified", [
    must(
      "unified-controllers",
      "The OCI runtime MUST ensure that the needed cgroup controllers are enabled for the cgroup.",
      both(
        shown(PARTS, "has its controllers handed down, which the cgroup's own files do not need"),
        shown("live/resources-unified.test.ts", "unified: the files of v2 say what was asked for"),
      ),
    ),
    must(
      "unified-unknown",
      "Configuration unknown to the runtime MUST still be written to the relevant file.",
      partly(
        "The files by which the runtime itself makes, joins, freezes and kills a cgroup (`cgroup.procs` and the like) are known to it, and refused.",
        shown(PARTS, "a file that this runtime does not know"),
      ),
    ),
    must(
      "unified-absent",
      "The runtime MUST generate an error when the configuration refers to a cgroup controller that is not present or that cannot be enabled.",
      shown(PARTS, "a controller that is not there"),
    ),
    must(
      "unified-conversion",
      "If the conversion is not possible the runtime MUST generate an error.",
      shown(PARTS, "on a hybrid host goes to the controllers of v2, and to those alone"),
    ),
  ]),
];
