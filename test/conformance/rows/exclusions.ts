// SPDX-License-Identifier: Apache-2.0
/** Sentences of the specification that ask nothing of a runtime on Linux, each with the reason. */
import type { Exclusion } from "../row.ts";

const WORDS = "It says what the keywords mean.";
const WINDOWS = "It concerns Windows only.";

export const EXCLUSIONS: readonly Exclusion[] = [
  {
    section: "spec.md#notational-conventions",
    text: 'The key words "MUST", "MUST NOT", "REQUIRED", "SHALL", "SHALL NOT",',
    reason: WORDS,
  },
  {
    section: "spec.md#notational-conventions",
    text: "An implementation is not compliant for a given CPU architecture if it fails to satisfy one or more of the MUST, REQUIRED, or SHALL requirements",
    reason: WORDS,
  },
  {
    section: "spec.md#notational-conventions",
    text: "An implementation is compliant for a given CPU architecture if it satisfies all the MUST, REQUIRED, and SHALL requirements",
    reason: WORDS,
  },
  {
    section: "config.md#root",
    text: "On Windows, for Windows Server Containers, this field is REQUIRED.",
    reason: WINDOWS,
  },
  { section: "config.md#root", text: "For Hyper-V Containers, this field MUST NOT be set.", reason: WINDOWS },
  { section: "config.md#root", text: "On Windows, `path` MUST be a volume GUID path.", reason: WINDOWS },
  { section: "config.md#root", text: "On Windows, this field MUST be omitted or false.", reason: WINDOWS },
  {
    section: "config.md#mounts",
    text: "Windows: This value MUST be an absolute path. One mount destination MUST NOT be nested within another mount",
    reason: WINDOWS,
  },
  {
    section: "config.md#mounts",
    text: "Solaris: This value MUST be an absolute path.",
    reason: "It concerns Solaris only.",
  },
  {
    section: "config.md#mounts",
    text: "For all other platforms: This value MUST be an absolute path.",
    reason: "Linux has a sentence of its own, which allows relative paths.",
  },
  {
    section: "config.md#mounts",
    text: "Windows: runtimes MUST support `ro`, mounting the filesystem read-only when `ro` is given.",
    reason: WINDOWS,
  },
  {
    section: "config.md#linux-mount-options",
    text: "Runtimes MUST/SHOULD/MAY implement the following option strings for Linux:",
    reason: "It introduces the table; each option has its own row.",
  },
  {
    section: "config.md#linux-mount-options",
    text: 'The "MUST" options correspond to `mount(8)`.',
    reason: "It explains the table; each option has its own row.",
  },
  {
    section: "config.md#process",
    text: "This field is OPTIONAL on Windows, and `commandLine` is REQUIRED if this field is omitted.",
    reason: WINDOWS,
  },
  {
    section: "config.md#platform-specific-configuration",
    text: "This MUST be set if the target platform of this spec is `windows`.",
    reason: WINDOWS,
  },
  {
    section: "config.md#annotations",
    text: "not specified in this above table are reserved and MUST NOT be used by subsequent specifications.",
    reason: "It binds specifications, not runtimes.",
  },
];
