// SPDX-License-Identifier: Apache-2.0
/** config-linux.md: intelRdt. It is refused until it is implemented. */
import { must, type Row, refused, section, shown, untested } from "../row.ts";

const INVALID = "conformance/invalid.test.ts";

const SENTENCES: readonly (readonly [string, string])[] = [
  ["tasks", "If `intelRdt` is set, the runtime MUST write the container process ID to the `tasks` file"],
  [
    "no-resctrl",
    "If no mounted `resctrl` pseudo-filesystem is available in the runtime mount namespace, the runtime MUST generate an error.",
  ],
  ["root-clos", "As a special case, value `/` means that the container MUST be assigned to the default CLOS"],
  ["rules", "The following rules on parameters MUST be applied:"],
  ["both", "If both `l3CacheSchema` and `memBwSchema` are set, runtimes MUST write the values to the `schemata` file"],
  ["both-order", "The runtimes MUST write `l3CacheSchema` first and `memBwSchema` last."],
  ["either", "If either `l3CacheSchema` or `memBwSchema` is set, runtimes MUST write the value to the `schemata` file"],
  ["schemata", "If `schemata` field is set, runtimes MUST write the value to the `schemata` file"],
  ["none", "is set, runtimes MUST NOT write to `schemata` files in any `resctrl` pseudo-filesystems."],
  [
    "container-id",
    "If `closID` is not set, runtimes MUST use the container ID from `start` and create the `<container-id>` directory.",
  ],
  [
    "clos-absent",
    "if `closID` directory in a mounted `resctrl` pseudo-filesystem doesn't exist, the runtimes MUST create it.",
  ],
  ["clos-present", "if `closID` directory in a mounted `resctrl` pseudo-filesystem exists, runtimes MUST compare"],
  [
    "clos-alone",
    "runtime MUST check if corresponding pre-configured directory `closID` is present in mounted `resctrl`.",
  ],
  ["clos-assign", "If such pre-configured directory `closID` exists, runtime MUST assign container to this `closID`"],
  ["remove", "the runtime MUST remove the sub-directory when the container is deleted."],
  ["keep", "the runtime MUST NOT remove the sub-directory when the container is deleted."],
  ["monitoring", "If `enableMonitoring` is set, the runtime MUST create a dedicated MON group for the container."],
  ["monitoring-name", "The runtime MUST use the container ID from `start` as the name of the MON group,"],
  ["monitoring-delete", "The runtime MUST delete the MON group after the container is deleted."],
  ["monitoring-fails", "the runtime MUST return an error."],
];

export const INTEL_RDT: readonly Row[] = section("config-linux.md#intelrdt", [
  ...SENTENCES.map(([name, text]) => must(`intel-rdt-${name}`, text, refused("/linux/intelRdt"))),
  must(
    "intel-rdt-mb-prefix",
    "The value MUST start with `MB:` and MUST NOT contain newlines.",
    shown(INVALID, "a memBwSchema that is none is refused", "a memBwSchema with a newline is refused"),
  ),
  must(
    "intel-rdt-schemata-newline",
    "The value MUST NOT contain newlines.",
    shown(INVALID, "a line of schemata with a newline is refused"),
  ),
  must(
    "intel-rdt-unset",
    "If `intelRdt` is not set, the runtime MUST NOT manipulate any `resctrl` pseudo-filesystems.",
    untested("No code of tsrun touches a resctrl filesystem, and the test machines have none."),
  ),
]);
