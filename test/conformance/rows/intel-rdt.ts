// SPDX-License-Identifier: Apache-2.0
/** config-linux.md: intelRdt. No test machine has the hardware: plans are compared, and directories stand for resctrl. */
import { must, partly, type Row, section, shown } from "../row.ts";

const INVALID = "conformance/invalid.test.ts";

const COMPILE = "compile/intel-rdt.test.ts";
const RUNTIME = "runtime/intel-rdt.test.ts";
const NO_HARDWARE =
  "The test machines have no resctrl: the plan is compared, and a directory stands for the filesystem.";

const SENTENCES: readonly (readonly [name: string, text: string, file: string, title: string])[] = [
  [
    "tasks",
    "If `intelRdt` is set, the runtime MUST write the container process ID to the `tasks` file",
    COMPILE,
    "without a closID, a group called like the container is made, and the process is assigned to it",
  ],
  [
    "no-resctrl",
    "If no mounted `resctrl` pseudo-filesystem is available in the runtime mount namespace, the runtime MUST generate an error.",
    COMPILE,
    "a host without resctrl, and an ordinary user, are told what is missing",
  ],
  [
    "root-clos",
    "As a special case, value `/` means that the container MUST be assigned to the default CLOS",
    COMPILE,
    "the closID / is the root of resctrl",
  ],
  [
    "rules",
    "The following rules on parameters MUST be applied:",
    COMPILE,
    "schemata are written in the order of the specification, in one piece",
  ],
  [
    "both",
    "If both `l3CacheSchema` and `memBwSchema` are set, runtimes MUST write the values to the `schemata` file",
    COMPILE,
    "schemata are written in the order of the specification, in one piece",
  ],
  [
    "both-order",
    "The runtimes MUST write `l3CacheSchema` first and `memBwSchema` last.",
    COMPILE,
    "schemata are written in the order of the specification, in one piece",
  ],
  [
    "either",
    "If either `l3CacheSchema` or `memBwSchema` is set, runtimes MUST write the value to the `schemata` file",
    COMPILE,
    "the group of a closID that does not exist is made if there are schemata for it",
  ],
  [
    "schemata",
    "If `schemata` field is set, runtimes MUST write the value to the `schemata` file",
    COMPILE,
    "schemata are written in the order of the specification, in one piece",
  ],
  [
    "none",
    "is set, runtimes MUST NOT write to `schemata` files in any `resctrl` pseudo-filesystems.",
    COMPILE,
    "the group of a closID without schemata must exist, and is entered as it is",
  ],
  [
    "container-id",
    "If `closID` is not set, runtimes MUST use the container ID from `start` and create the `<container-id>` directory.",
    COMPILE,
    "without a closID, a group called like the container is made, and the process is assigned to it",
  ],
  [
    "clos-absent",
    "if `closID` directory in a mounted `resctrl` pseudo-filesystem doesn't exist, the runtimes MUST create it.",
    COMPILE,
    "the group of a closID that does not exist is made if there are schemata for it",
  ],
  [
    "clos-present",
    "if `closID` directory in a mounted `resctrl` pseudo-filesystem exists, runtimes MUST compare",
    COMPILE,
    "a group that exists with other schemata is an error, each difference told",
  ],
  [
    "clos-alone",
    "runtime MUST check if corresponding pre-configured directory `closID` is present in mounted `resctrl`.",
    COMPILE,
    "the group of a closID without schemata must exist, and is entered as it is",
  ],
  [
    "clos-assign",
    "If such pre-configured directory `closID` exists, runtime MUST assign container to this `closID`",
    COMPILE,
    "the group of a closID without schemata must exist, and is entered as it is",
  ],
  [
    "remove",
    "the runtime MUST remove the sub-directory when the container is deleted.",
    RUNTIME,
    "a group of the container's own ends with it, and its monitoring before it",
  ],
  [
    "keep",
    "the runtime MUST NOT remove the sub-directory when the container is deleted.",
    RUNTIME,
    "a group with a closID stays, whoever made it; only its monitoring ends",
  ],
  [
    "monitoring",
    "If `enableMonitoring` is set, the runtime MUST create a dedicated MON group for the container.",
    COMPILE,
    "monitoring has a group of its own, called like the container, inside of the class",
  ],
  [
    "monitoring-name",
    "The runtime MUST use the container ID from `start` as the name of the MON group,",
    COMPILE,
    "monitoring has a group of its own, called like the container, inside of the class",
  ],
  [
    "monitoring-delete",
    "The runtime MUST delete the MON group after the container is deleted.",
    RUNTIME,
    "a group with a closID stays, whoever made it; only its monitoring ends",
  ],
  [
    "monitoring-fails",
    "the runtime MUST return an error.",
    RUNTIME,
    "what resctrl refuses is an error, with what it says itself",
  ],
];

export const INTEL_RDT: readonly Row[] = section("config-linux.md#intelrdt", [
  ...SENTENCES.map(([name, text, file, title]) =>
    must(`intel-rdt-${name}`, text, partly(NO_HARDWARE, shown(file, title))),
  ),
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
    shown(COMPILE, "without intelRdt nothing is done in resctrl"),
  ),
]);
