// SPDX-License-Identifier: Apache-2.0
/** config-linux.md: linux.resources. Some limits come in a later release; the schema checks their shape already. */
import { both, must, partly, type Row, refused, required, section, shown } from "../row.ts";

const LIMITS = "This part of `/linux/resources` is refused until it is implemented, never ignored.";
const LIMITED = "cgroup/limits.test.ts";
const INVALID = "conformance/invalid.test.ts";
const REFUSED = refused("/linux/resources");

export const RESOURCES: readonly Row[] = [
  ...section("config-linux.md#allowed-device-list", [
    must(
      "device-rules-order",
      "The runtime MUST apply entries in the listed order.",
      partly(
        `${LIMITS} One list is accepted with a warning: the single rule that denies every device, which \`spec\` commands write.`,
        both(
          REFUSED,
          shown(
            "conformance/refused.test.ts",
            "the rule that denies all devices, which `spec` writes, is accepted with a warning",
          ),
        ),
      ),
    ),
    must("device-rule-allow", "`allow` (boolean, REQUIRED)", shape("devices/0/allow")),
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
      partly(LIMITS, both(shape("blockIO/weightDevice/0/major"), shape("blockIO/throttleReadBpsDevice/0/minor"))),
    ),
    must(
      "block-io-weight",
      "You MUST specify at least one of `weight` or `leafWeight` in a given entry,",
      shown(INVALID, "a weightDevice without a weight is refused"),
    ),
    must("block-io-rate", "`rate` (uint64, REQUIRED)", shape("blockIO/throttleReadBpsDevice/0/rate")),
  ]),
  ...section("config-linux.md#huge-page-limits", [
    must("hugepage-size", "`pageSize` (string, REQUIRED)", shape("hugepageLimits/0/pageSize")),
    must("hugepage-limit", "`limit` (uint64, REQUIRED)", shape("hugepageLimits/0/limit")),
  ]),
  ...section("config-linux.md#network", [
    must("network-name", "`name` (string, REQUIRED)", shape("network/priorities/0/name")),
    must("network-priority", "`priority` (uint32, REQUIRED)", shape("network/priorities/0/priority")),
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
      REFUSED,
    ),
    must(
      "unified-unknown",
      "Configuration unknown to the runtime MUST still be written to the relevant file.",
      REFUSED,
    ),
    must(
      "unified-absent",
      "The runtime MUST generate an error when the configuration refers to a cgroup controller that is not present or that cannot be enabled.",
      REFUSED,
    ),
    must("unified-conversion", "If the conversion is not possible the runtime MUST generate an error.", REFUSED),
  ]),
];

function shape(property: string) {
  return partly(LIMITS, both(required(`/linux/resources/${property}`), REFUSED));
}
