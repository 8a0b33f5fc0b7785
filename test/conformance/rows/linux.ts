// SPDX-License-Identifier: Apache-2.0
/** config-linux.md: namespaces, devices, paths and personality. */
import { both, must, type Row, required, section, shown } from "../row.ts";

const SCHEDULING = "live/conformance-scheduling.test.ts";
const NAMESPACES = "live/conformance-namespaces.test.ts";
const DEVICES = "live/conformance-devices.test.ts";
const NET = "live/net-devices.test.ts";
const MOVED = "a device has its new name, is up, and keeps its permanent global addresses";
const INVALID = "conformance/invalid.test.ts";

const NAMESPACE_ROWS = section("config-linux.md#namespaces", [
  must("namespace-type", "`type` (string, REQUIRED)", required("/linux/namespaces/0/type")),
  must(
    "namespace-path-absolute",
    "This value MUST be an absolute path in the runtime mount namespace.",
    shown(INVALID, "a namespace path that is not absolute is refused"),
  ),
  must(
    "namespace-join",
    "The runtime MUST place the container process in the namespace associated with that `path`.",
    shown(
      NAMESPACES,
      "a network namespace is joined by its path",
      "a uts namespace is joined by its path",
      "a ipc namespace is joined by its path",
      "a pid namespace is joined by its path",
    ),
  ),
  must(
    "namespace-wrong-type",
    "The runtime MUST generate an error if `path` is not associated with a namespace of type `type`.",
    shown(
      NAMESPACES,
      "a path to a namespace of another type is refused",
      "a path to a file that is no namespace is refused",
    ),
  ),
  must(
    "namespace-new",
    "If `path` is not specified, the runtime MUST create a new container namespace of type `type`.",
    shown(NAMESPACES, "each namespace without a path is new"),
  ),
  must(
    "namespace-inherit",
    "If a namespace type is not specified in the `namespaces` array, the container MUST inherit the runtime namespace of that type.",
    shown(
      NAMESPACES,
      "a namespace that is not listed is the runtime's: network",
      "a namespace that is not listed is the runtime's: uts",
      "a namespace that is not listed is the runtime's: ipc",
      "a namespace that is not listed is the runtime's: pid",
    ),
  ),
  must(
    "namespace-duplicate",
    "If a `namespaces` field contains duplicated namespaces with same `type`, the runtime MUST generate an error.",
    shown(INVALID, "two namespaces of one type are refused"),
  ),
]);

const MAPPINGS = section("config-linux.md#user-namespace-mappings", [
  must("mapping-container-id", "`containerID` (uint32, REQUIRED)", required("/linux/uidMappings/0/containerID")),
  must("mapping-host-id", "`hostID` (uint32, REQUIRED)", required("/linux/uidMappings/0/hostID")),
  must("mapping-size", "`size` (uint32, REQUIRED)", required("/linux/uidMappings/0/size")),
]);

const DEVICE_ROWS = [
  ...section("config-linux.md#devices", [
    must(
      "devices",
      "`devices` (array of objects, OPTIONAL) lists devices that MUST be available in the container.",
      shown(DEVICES, "devices of the configuration are there"),
    ),
    must("device-type", "`type` (string, REQUIRED)", required("/linux/devices/0/type")),
    must("device-path", "`path` (string, REQUIRED)", required("/linux/devices/0/path")),
    must(
      "device-mismatch",
      "If a file already exists at `path` that does not match the requested device, the runtime MUST generate an error.",
      shown(DEVICES, "a file in the place of a device is refused"),
    ),
    must(
      "device-numbers",
      "`major, minor` (int64, REQUIRED unless `type` is `p`)",
      both(required("/linux/devices/0/major"), required("/linux/devices/0/minor")),
    ),
  ]),
  ...section("config-linux.md#default-devices", [
    must(
      "default-devices",
      "In addition to any devices configured with this setting, the runtime MUST also supply:",
      shown(
        DEVICES,
        "the default devices are there",
        "/dev/ptmx is the container's own",
        "a terminal is /dev/console, too",
      ),
    ),
  ]),
];

const NET_DEVICES = [
  ...section(
    "config-linux.md#network-devices",
    (
      [
        ["A set of network devices that MUST be made available in the container.", MOVED],
        [
          "The runtime MUST check if moving the network interface to the container namespace is possible.",
          "a name that is taken in the container is an error before anything moves",
        ],
        [
          "If a network device with the specified name already exists in the container namespace, the runtime MUST generate an error,",
          "a name that is taken in the container is an error before anything moves",
        ],
        [
          "In that case, the runtime MUST allow the move,",
          "in a joined namespace an index that is taken is no obstacle, and a template is filled in",
        ],
        ["The runtime MUST preserve existing network interface attributes,", MOVED],
        ['The runtime MUST set the network device state to "up" after moving it', MOVED],
      ] as const
    ).map(([text, title], index) => must(`net-devices-${index + 1}`, text, shown(NET, title))),
  ),
  ...section(
    "config-linux.md#namespace-lifecycle-and-container-termination",
    [
      "The runtime MUST NOT actively manage the interface's lifecycle and configuration within the container's network namespace.",
      "The runtime MUST NOT attempt to move the interface out of the namespace before deletion.",
    ].map((text, index) =>
      must(
        `net-devices-end-${index + 1}`,
        text,
        shown(NET, "the runtime leaves the device to the end of the network namespace"),
      ),
    ),
  ),
];

const PATHS = [
  ...section("config-linux.md#memory-policy", [
    must(
      "memory-policy-mode",
      "`mode` (string, REQUIRED)",
      both(required("/linux/memoryPolicy/mode"), shown(SCHEDULING, "the memory policy is what the configuration says")),
    ),
  ]),
  ...section("config-linux.md#masked-paths", [
    must(
      "masked-paths-absolute",
      "The values MUST be absolute paths in the container namespace.",
      shown(INVALID, "a masked path that is not absolute is refused"),
    ),
  ]),
  ...section("config-linux.md#readonly-paths", [
    must(
      "readonly-paths-absolute",
      "The values MUST be absolute paths in the container namespace.",
      shown(INVALID, "a read-only path that is not absolute is refused"),
    ),
  ]),
  ...section("config-linux.md#personality", [
    must("personality-domain", "`domain` (string, REQUIRED)", required("/linux/personality/domain")),
  ]),
];

export const LINUX: readonly Row[] = [...NAMESPACE_ROWS, ...MAPPINGS, ...DEVICE_ROWS, ...NET_DEVICES, ...PATHS];
