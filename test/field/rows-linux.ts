// SPDX-License-Identifier: Apache-2.0
/** Features of config-linux.md: namespaces, devices, and what else is the container's own. */
import { both, shown } from "../conformance/row.ts";
import { type Chapter, feature, onKernel } from "./row.ts";

const RULES = "config/rules.test.ts";
const SPACES = "live/conformance-namespaces.test.ts";
const MAPPED = "live/differential-namespaces.ts";
const DEVICES = "live/conformance-devices.test.ts";
const KERNEL = "live/differential-kernel.ts";
const ROOTFS = "live/differential-rootfs.ts";
const HOSTILE = "live/hostile-rootfs.test.ts";
const NET = "live/net-devices.test.ts";
const RDT = "compile/intel-rdt.test.ts";
const RESCTRL = "CONFIG_X86_CPU_RESCTRL";

export const LINUX_FEATURES: Chapter = {
  title: "Namespaces, devices and network",
  number: "1.3",
  features: [
    feature(
      ["namespaces: pid, network, mount, ipc, uts, user, cgroup", "namespaces pid net mount"],
      "made in one clone, in the order of their owners",
      both(
        shown(SPACES, "each namespace without a path is new"),
        shown(MAPPED, "all and cgroup", "no mount namespace"),
      ),
    ),
    feature(
      ["time namespace, `timeOffsets`", "time namespace + `timeOffsets`"],
      "its clocks are set while it is empty",
      shown(SPACES, "the clocks of a time namespace are off by the offsets"),
    ),
    feature(
      ["namespaces joined by `path`", "join by `path`"],
      "by a descriptor; one of another type is refused before the start",
      both(
        shown(
          SPACES,
          "a path to a namespace of another type is refused",
          "a path to a file that is no namespace is refused",
        ),
        shown(MAPPED, "several namespaces by path"),
      ),
    ),
    feature(
      ["a type of namespace listed twice", "duplicated namespace type"],
      "is refused",
      shown(RULES, "two namespaces of a type"),
    ),
    feature(
      "uid/gid mappings",
      "up to 340 ranges; an ordinary user's by newuidmap and newgidmap",
      both(
        shown(MAPPED, "many ranges of ids", "an ordinary user and many ids by newuidmap"),
        shown(RULES, "too many ranges", "a range within another"),
      ),
    ),
    feature(
      ["`devices`, default devices, links of /dev", "`devices` c/b/u/p"],
      "made below a descriptor of /dev; bound from the host in a user namespace",
      both(
        shown(DEVICES, "devices of the configuration are there", "the default devices are there"),
        shown(DEVICES, "the links of /dev lead to /proc/self/fd"),
        shown(KERNEL, "devices: characters, blocks, unbuffered and a FIFO, with modes and owners"),
        shown(KERNEL, "devices in a user namespace are the host's"),
      ),
    ),
    feature(
      "`netDevices`",
      "moved and renamed in one request, with their permanent global addresses",
      shown(
        NET,
        "a device has its new name, is up, and keeps its permanent global addresses",
        "a name that is taken in the container is an error before anything moves",
      ),
    ),
    feature(
      "`sysctl`",
      "those of the network, ipc, uts and user namespaces; what is the machine's is refused",
      both(
        shown(KERNEL, "sysctl of the network namespace", "sysctl of the ipc namespace", "sysctl that has no namespace"),
        shown(RULES, "parameters of the machine", "parameters of absent namespaces"),
      ),
    ),
    feature(
      "`rootfsPropagation`",
      "and the recursive ones that engines write",
      both(
        shown("cases/root.md", "a propagation of the config", "unbindable is no recursive propagation"),
        shown(RULES, "propagation without namespace"),
      ),
    ),
    feature(
      "`maskedPaths`",
      "by descriptors; one empty read-only directory serves all, since Linux 6.15",
      both(
        shown(
          ROOTFS,
          "maskedPaths: a file, a directory, one that is missing",
          "maskedPaths and readonlyPaths through symlinks",
        ),
        shown("cases/masks.md", "since Linux 6.15 one serves them all"),
      ),
    ),
    feature(
      "`readonlyPaths`",
      "cloned, changed and put over themselves, on one descriptor",
      both(
        shown(ROOTFS, "readonlyPaths: a file, a directory, one that is missing", "a path that is masked and read-only"),
        shown(HOSTILE, "a directory that turns into a symlink and back while 50 containers start"),
      ),
    ),
    feature(
      "`personality.domain`",
      "flags, of which there are none yet, are refused",
      both(shown("cases/process.md", "a 32-bit personality"), shown(RULES, "flags of the personality")),
    ),
    onKernel(
      RESCTRL,
      feature(
        ["`intelRdt`: closID, l3CacheSchema, memBwSchema", "`intelRdt` closID"],
        "before the first process is cloned, which inherits the class",
        both(
          shown(RDT, "without a closID, a group called like the container is made, and the process is assigned to it"),
          shown(RDT, "the group of a closID without schemata must exist, and is entered as it is"),
          shown(
            "runtime/intel-rdt.test.ts",
            "a group of the container's own ends with it, and its monitoring before it",
          ),
        ),
      ),
    ),
    onKernel(
      RESCTRL,
      feature(
        "`intelRdt.schemata`, `enableMonitoring`",
        "written in the order of the specification",
        both(
          shown(RDT, "schemata are written in the order of the specification, in one piece"),
          shown(RDT, "monitoring has a group of its own, called like the container, inside of the class"),
          shown(
            "runtime/intel-rdt.test.ts",
            "a group is made, gets its schemata and the process, and a group for monitoring",
          ),
        ),
      ),
    ),
    feature(
      "`memoryPolicy`",
      "set_mempolicy(2), in the container's cgroup",
      both(
        shown("live/conformance-scheduling.test.ts", "the memory policy is what the configuration says"),
        shown("field/features.test.ts", "memoryPolicy: each mode and flag compiles, and another is refused"),
      ),
    ),
    feature(
      ["session keyring, `--no-new-keyring`", "session keyring"],
      "one of the container's own, `_ses.ID`",
      shown(
        "live/conformance-process.test.ts",
        "the container has a session keyring of its own, unless --no-new-keyring keeps the caller's",
      ),
    ),
  ],
};
