// SPDX-License-Identifier: Apache-2.0
/** Features of seccomp, of runtime.md and of features.md. */
import { both, shown } from "../conformance/row.ts";
import { type Chapter, feature } from "./row.ts";

const FILTER = "runtime/seccomp.test.ts";
const LIVE = "live/seccomp.test.ts";
const LISTENER = "live/seccomp-listener.test.ts";
const FEATURES = "field/features.test.ts";
const LIFE = "live/lifecycle.test.ts";

export const SECCOMP_FEATURES: Chapter = {
  title: "System call filters",
  number: "1.5",
  features: [
    feature(
      ["actions, operators, `defaultErrnoRet`, `errnoRet`", "actions (9), operators (7)"],
      "nine and seven, made by libseccomp",
      both(
        shown(FEATURES, "each action, operator, architecture and flag builds a filter"),
        shown(FILTER, "has the errno that is asked for, 0 and the highest, too"),
        shown(LIVE, "podman's profile judges the first 500 calls as under runc"),
      ),
    ),
    feature(
      ["`errnoRet` for an action that returns none", "errnoRet on an action without errno"],
      "is refused",
      both(
        shown("config/rules.test.ts", "an errno too many"),
        shown("conformance/invalid.test.ts", "an errno for an action that has none is refused"),
      ),
    ),
    feature(
      "architectures",
      "all 23 names; those that no program on the machine can be of are told",
      shown(
        FILTER,
        "of all names are taken; those of other machines are told of",
        "that are not named may make no call",
      ),
    ),
    feature(
      ["flags TSYNC, LOG, SPEC_ALLOW, WAIT_KILLABLE_RECV", "flags TSYNC"],
      "SPEC_ALLOW where `flags` is absent, as with runc and crun",
      shown(FILTER, "flags are those of the profile; without any, the processor is not slowed down"),
    ),
    feature(
      ["`SCMP_ACT_NOTIFY`, `listenerPath`, `listenerMetadata`", "`SCMP_ACT_NOTIFY` + listenerPath"],
      "any call may be told of, those included by which the start goes on",
      shown(
        LISTENER,
        "the agent is told of a call, and its answer is what the call returns",
        "the state that the agent is sent is that of the container, as runc sends it",
        "a filter that lets nothing of the image through may tell of something else",
      ),
    ),
    feature(
      ["ENOSYS for calls newer than the profile", "ENOSYS stub"],
      "where the default would deny them",
      shown(FILTER, "where the default is SCMP_ACT_ERRNO: ERRNO(ENOSYS)"),
    ),
    feature(
      ["a filter as a binary tree", "binary-tree filter"],
      "of more than 32 rules",
      shown(FEATURES, "a filter of many calls is a tree: none takes as long as a list would"),
    ),
    feature(
      ["filters kept from one start to the next", "BPF cache"],
      "by the profile, the machine and libseccomp; warnings are kept with them",
      shown(
        FILTER,
        "is believed if only its user can have written it",
        "is not believed if it is cut off",
        "belongs to one profile",
      ),
    ),
    feature(
      ["a name of a call that is unknown", "unknown syscall name"],
      "is told, and the others are filtered",
      shown(FILTER, "names that libseccomp does not know are told of once, and the others work"),
    ),
  ],
};

export const RUNTIME_FEATURES: Chapter = {
  title: "Operations and the features document",
  number: "1.6",
  features: [
    feature(
      ["create, start, state, kill, delete", "create/start/state/kill/delete lifecycle"],
      "a container that is only created can be deleted, as with runc and crun",
      shown(
        LIFE,
        "create, state, start, kill and delete lead a container through its life",
        "a container that is only created can be deleted, and by force a running one and none at all",
      ),
    ),
    feature(
      ["config.json is read once", "config.json frozen after create"],
      "by create",
      shown(LIFE, "changes to config.json after create have no effect"),
    ),
    feature(
      ["a poststop hook that fails", "poststop failure only warns"],
      "is warned of, and the others are run",
      shown("live/hooks-failure.test.ts", "poststop hooks that fail are warned of, and the others are run"),
    ),
    feature(
      ["stdio, LISTEN_FDS, `--preserve-fds`", "stdio + LISTEN_FDS"],
      "descriptors that were not passed are refused, and none of the runtime's own is passed on",
      both(
        shown("live/differential-program.ts", "LISTEN_FDS of the caller"),
        shown("live/field.test.ts", "a descriptor that was not passed cannot be preserved, and nothing is created"),
        shown("live/conformance-process.test.ts", "only the standard streams are open"),
      ),
    ),
    feature(
      ["/dev/fd, /dev/stdin, /dev/stdout, /dev/stderr", "`/dev/fd,stdin"],
      "links to /proc/self/fd",
      shown("live/conformance-devices.test.ts", "the links of /dev lead to /proc/self/fd"),
    ),
    feature(
      "features: `ociVersionMax`",
      "1.3.0",
      shown("cli/documents.test.ts", "the features document is valid, and promises what the tables do"),
    ),
    feature(
      ["features: `mountOptions`", "features.mountOptions"],
      "every option that the runtime itself understands",
      shown(
        FEATURES,
        "each is the runtime's own, and what is not listed is left to the filesystem",
        "what runc claims of itself, tsrun can claim, too",
      ),
    ),
    feature(
      ["features: `seccomp`", "features.linux.seccomp"],
      "actions, operators, archs, knownFlags, supportedFlags",
      shown(FEATURES, "supported flags are known ones, and what is not listed is refused"),
    ),
    feature(
      ["features: `intelRdt`, `cgroup.rdma`", "features intelRdt.schemata"],
      "told",
      shown(FEATURES, "cgroup: the controller of RDMA has its file in both versions"),
    ),
    feature(
      ["features: `memoryPolicy`, `netDevices`", "features memoryPolicy"],
      "told",
      shown(
        FEATURES,
        "memoryPolicy: each mode and flag compiles, and another is refused",
        "intelRdt, netDevices, mountExtensions and the security modules: what is true compiles",
      ),
    ),
    feature(
      ["features: `potentiallyUnsafeConfigAnnotations`", "potentiallyUnsafeConfigAnnotations"],
      "every key of an annotation that the sources have",
      shown(FEATURES, "potentiallyUnsafeConfigAnnotations: the keys that the sources have, and no others"),
    ),
  ],
};
