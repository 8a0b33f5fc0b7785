// SPDX-License-Identifier: Apache-2.0
/** config.md: the version, the root and the mounts. */
import { both, must, type Row, required, section, shown } from "../row.ts";

const LIVE = "live/conformance-mounts.test.ts";
const OPTIONS = "live/conformance-mount-options.test.ts";
const IDMAPPED = "live/idmap.test.ts";
const INVALID = "conformance/invalid.test.ts";

const VERSION_AND_ROOT = [
  ...section("config.md#specification-version", [
    must(
      "oci-version",
      "`ociVersion` (string, REQUIRED) MUST be in SemVer v2.0.0 format",
      both(required("/ociVersion"), shown(INVALID, "an ociVersion that is no SemVer is refused")),
    ),
  ]),
  ...section("config.md#root", [
    must("root", "On all other platforms, this field is REQUIRED.", required("/root")),
    must("root-path", "`path` (string, REQUIRED)", required("/root/path")),
    must(
      "root-exists",
      "A directory MUST exist at the path declared by the field.",
      shown(
        LIVE,
        "a root that is not a directory is refused: a file",
        "a root that is not a directory is refused: absent",
      ),
    ),
    must(
      "root-readonly",
      "If true then the root filesystem MUST be read-only inside the container, defaults to false.",
      shown(LIVE, "a read-only root cannot be written", "a root is writable unless told otherwise"),
    ),
  ]),
];

const MOUNT = [
  ...section("config.md#mounts", [
    must(
      "mounts-in-order",
      "The runtime MUST mount entries in the listed order.",
      shown(LIVE, "mounts are made in the listed order"),
    ),
    must("mounts-destination", "`destination` (string, REQUIRED)", required("/mounts/0/destination")),
    must(
      "mounts-relative",
      'For compatibility with old tools and configurations, it MAY be a relative path, in which case it MUST be interpreted as relative to "/".',
      shown(LIVE, "a relative destination is relative to /"),
    ),
  ]),
];

/** Options of the table in config.md that stand alone, and those that ask for a bind mount. */
const PLAIN = [
  ...["async", "atime", "defaults", "dev", "diratime", "dirsync", "exec", "iversion", "lazytime", "loud", "noatime"],
  ...["nodev", "nodiratime", "noexec", "noiversion", "nolazytime", "norelatime", "nostrictatime", "nosuid"],
  ...["relatime", "remount", "ro", "rw", "shared", "silent", "strictatime", "suid", "sync"],
];
const BIND = ["bind"];
const RBIND = ["rbind"];
const PROPAGATION = ["private", "rprivate", "rshared", "rslave", "runbindable", "slave", "unbindable"];

const TABLE = section("config.md#linux-mount-options", [
  ...[...PLAIN.map((name) => [name, "[^1]"]), ...BIND.map((name) => [name, "Bind mount [^2]"])].map(option),
  ...[...RBIND.map((name) => [name, "Recursive bind mount [^2]"])].map(option),
  ...PROPAGATION.map((name) => [name, "Bind mount propagation [^2]"]).map(option),
]);

const IDMAP = section("config.md#linux-mount-options", [
  must(
    "idmap",
    "`idmap` | SHOULD | Indicates that the mount MUST have an idmapping applied.",
    shown(IDMAPPED, "idmap and what is mounted below"),
  ),
  must(
    "ridmap",
    "`ridmap` | SHOULD | Indicates that the mount MUST have an idmapping applied, and the mapping is applied recursively",
    shown(IDMAPPED, "ridmap and what is mounted below"),
  ),
  must(
    "idmap-own-mappings",
    "If `uidMappings` or `gidMappings` are specified for the mount, the runtime MUST use those values for the mount's mapping.",
    shown(
      IDMAPPED,
      "a bind mount with mappings of its own shows and takes the mapped owners",
      "mappings of its own go before those of the container's user namespace",
    ),
  ),
  must(
    "idmap-userns-mappings",
    "If they are not specified, the runtime MAY use the container's user namespace mapping, otherwise an error MUST be returned.",
    shown(IDMAPPED, "without mappings of its own, idmap takes those of the container's user namespace"),
  ),
  must(
    "idmap-no-mappings",
    "If there are no `uidMappings` and `gidMappings` specified and the container isn't using user namespaces, an error MUST be returned.",
    shown(INVALID, "idmap without mappings and without a user namespace is refused"),
  ),
]);

const MAPPINGS = section("config.md#posix-platform-mounts", [
  must(
    "mount-gid-mappings",
    "If specified, it MUST be specified along with `gidMappings`.",
    shown(INVALID, "uidMappings of a mount without gidMappings are refused"),
  ),
  must(
    "mount-uid-mappings",
    "If specified, it MUST be specified along with `uidMappings`.",
    shown(INVALID, "gidMappings of a mount without uidMappings are refused"),
  ),
]);

export const MOUNTS: readonly Row[] = [...VERSION_AND_ROOT, ...MOUNT, ...TABLE, ...IDMAP, ...MAPPINGS];

function option([name = "", description = ""]: readonly string[]) {
  return must(`mount-option-${name}`, `\`${name}\` | MUST | ${description}`, shown(OPTIONS, `the option ${name}`));
}
