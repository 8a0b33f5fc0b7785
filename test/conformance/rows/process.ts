// SPDX-License-Identifier: Apache-2.0
/** config.md: process, user, and the rules about properties and values. */
import { both, must, partly, type Row, required, section, shown } from "../row.ts";

const LIVE = "live/conformance-process.test.ts";
const SCHEDULING = "live/conformance-scheduling.test.ts";
const LIFECYCLE = "live/lifecycle.test.ts";
const INVALID = "conformance/invalid.test.ts";

const COMMON = section("config.md#process", [
  must(
    "process",
    "This property is REQUIRED when `start` is called.",
    shown(LIFECYCLE, "without process no container starts"),
  ),
  must(
    "console-size-ignored",
    "Runtimes MUST ignore `consoleSize` if `terminal` is `false` or unset.",
    shown(LIVE, "consoleSize without a terminal is ignored"),
  ),
  must("console-height", "`height` (uint, REQUIRED)", required("/process/consoleSize/height")),
  must("console-width", "`width` (uint, REQUIRED)", required("/process/consoleSize/width")),
  must("cwd", "`cwd` (string, REQUIRED)", required("/process/cwd")),
  must("cwd-absolute", "This value MUST be an absolute path.", shown(INVALID, "a cwd that is not absolute is refused")),
  must(
    "args",
    "at least one entry is REQUIRED (non-Windows), and that entry is used with the same semantics as `execvp`'s file.",
    both(
      shown(INVALID, "args without an entry are refused"),
      shown(LIVE, "the program is looked up in PATH", "a program with a slash in its name is not looked up"),
    ),
  ),
]);

const POSIX = section("config.md#posix-process", [
  must("rlimit-type", "`type` (string, REQUIRED)", required("/process/rlimits/0/type")),
  must(
    "rlimit-unknown",
    "The runtime MUST generate an error for any values which cannot be mapped to a relevant kernel interface.",
    shown(INVALID, "an unknown rlimit is refused"),
  ),
  must(
    "rlimit-getrlimit",
    "For each entry in `rlimits`, a `getrlimit(3)` on `type` MUST succeed.",
    shown(LIVE, "rlimits are what the configuration says"),
  ),
  must("rlimit-soft", "`soft` (uint64, REQUIRED)", required("/process/rlimits/0/soft")),
  must(
    "rlimit-cur",
    "`rlim.rlim_cur` MUST match the configured value.",
    shown(LIVE, "rlimits are what the configuration says"),
  ),
  must("rlimit-hard", "`hard` (uint64, REQUIRED)", required("/process/rlimits/0/hard")),
  must(
    "rlimit-max",
    "`rlim.rlim_max` MUST match the configured value.",
    shown(LIVE, "rlimits are what the configuration says"),
  ),
  must(
    "rlimit-duplicate",
    "If `rlimits` contains duplicated entries with same `type`, the runtime MUST generate an error.",
    shown(INVALID, "two rlimits of one type are refused"),
  ),
]);

const LINUX = section("config.md#linux-process", [
  must(
    "capability-unknown",
    "Any value which cannot be mapped to a relevant kernel interface, or cannot be granted otherwise MUST be logged as a warning by the runtime.",
    shown(
      LIVE,
      "an unknown capability is warned of, and the container runs",
      "capability sets are what the configuration says",
    ),
  ),
  must(
    "oom-score-set",
    "If `oomScoreAdj` is set, the runtime MUST set `oom_score_adj` to the given value.",
    shown(LIVE, "oomScoreAdj is set when the configuration says so"),
  ),
  must(
    "oom-score-unset",
    "If `oomScoreAdj` is not set, the runtime MUST NOT change the value of `oom_score_adj`.",
    shown(LIVE, "oom_score_adj is the caller's when the configuration says nothing"),
  ),
  must(
    "scheduler-policy",
    "`policy` (string, REQUIRED)",
    both(required("/process/scheduler/policy"), shown(SCHEDULING, "the scheduler is what the configuration says")),
  ),
  must(
    "io-priority-class",
    "`class` (string, REQUIRED)",
    both(required("/process/ioPriority/class"), shown(SCHEDULING, "the I/O priority is what the configuration says")),
  ),
  must(
    "io-priority-priority",
    "`priority` (int, REQUIRED)",
    both(
      required("/process/ioPriority/priority"),
      shown(SCHEDULING, "the I/O priority is what the configuration says"),
    ),
  ),
]);

const USER = section("config.md#posix-platform-user", [
  must("uid", "`uid` (int, REQUIRED)", required("/process/user/uid")),
  must("gid", "`gid` (int, REQUIRED)", required("/process/user/gid")),
]);

const VALUES = [
  ...section("config.md#extensibility", [
    must(
      "unknown-properties",
      "Runtimes MAY log unknown properties but MUST otherwise ignore them.",
      both(shown(INVALID, "unknown properties are ignored"), shown(LIVE, "unknown properties are ignored")),
    ),
  ]),
  ...section("config.md#valid-values", [
    must(
      "invalid-values",
      "Runtimes MUST generate an error when invalid or unsupported values are encountered.",
      partly(
        "test/config holds the whole schema against the reference.",
        both(
          shown(
            INVALID,
            "a namespace of an unknown type is refused",
            "an unknown rootfsPropagation is refused",
            "an unknown personality is refused",
          ),
          shown(LIVE, "a profile or label of a security module that the kernel does not have is refused"),
        ),
      ),
    ),
  ]),
];

export const PROCESS: readonly Row[] = [...COMMON, ...POSIX, ...LINUX, ...USER, ...VALUES];
