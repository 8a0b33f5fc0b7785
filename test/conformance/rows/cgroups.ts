// SPDX-License-Identifier: Apache-2.0
/** config-linux.md: the cgroup of the container. */
import { must, type Row, section, shown } from "../row.ts";

const LIVE = "live/conformance-cgroup.test.ts";
const DELEGATE = "cgroup/delegate.test.ts";

export const CGROUPS: readonly Row[] = [
  ...section("config-linux.md#control-groups", [
    must(
      "cgroup-fit",
      "check if the container cgroup is fit for purpose, and MUST generate an error if such a check fails.",
      shown(LIVE, "a cgroup that is not empty is refused"),
    ),
  ]),
  ...section("config-linux.md#cgroups-path", [
    must(
      "cgroups-path",
      "The value of `cgroupsPath` MUST be either an absolute path or a relative path.",
      shown(LIVE, "an absolute cgroupsPath is relative to the mount point", "a relative cgroupsPath is consistent"),
    ),
    must(
      "cgroups-path-absolute",
      "In the case of an absolute path (starting with `/`), the runtime MUST take the path to be relative to the cgroups mount point.",
      shown(LIVE, "an absolute cgroupsPath is relative to the mount point"),
    ),
    must(
      "cgroups-path-consistent",
      "If the value is specified, the runtime MUST consistently attach to the same place in the cgroups hierarchy given the same value of `cgroupsPath`.",
      shown(LIVE, "an absolute cgroupsPath is relative to the mount point", "a relative cgroupsPath is consistent"),
    ),
    must(
      "cgroups-path-invalid",
      "Runtimes MAY consider certain `cgroupsPath` values to be invalid, and MUST generate an error if this is the case.",
      shown(
        LIVE,
        "a cgroupsPath that climbs out is refused or stays inside: /../../NAME",
        "a cgroupsPath that climbs out is refused or stays inside: ../../NAME",
      ),
    ),
  ]),
  ...section("config-linux.md#cgroup-ownership", [
    must(
      "cgroup-owner-missing-file",
      "Runtimes MUST NOT fail in this scenario,",
      shown("live/resources-unified.test.ts", "the cgroup is given to the process's user, %d inside"),
    ),
    must(
      "cgroup-owner-fallback",
      "If the `/sys/kernel/cgroup/delegate` file does not exist, the runtime MUST fall back to using the following list of files:",
      shown(
        DELEGATE,
        "the files are those that the kernel lists, or the three of the specification where it lists none",
      ),
    ),
  ]),
];
