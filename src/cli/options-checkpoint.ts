// SPDX-License-Identifier: Apache-2.0
/** The options of `checkpoint` and `restore`: those of runc, and what CRIU can do beside them. */
import { BUNDLE, HELP, type OptionSpec } from "./options.ts";

const BOTH = [
  {
    name: "image-path",
    type: "string",
    value: "DIR",
    describe: "the directory of CRIU's images; ./checkpoint by default",
  },
  { name: "work-path", type: "string", value: "DIR", describe: "that of CRIU's log; --image-path by default" },
  { name: "tcp-established", type: "boolean", default: false, describe: "keep connections of TCP" },
  { name: "ext-unix-sk", type: "boolean", default: false, describe: "allow sockets that lead out of the container" },
  { name: "shell-job", type: "boolean", default: false, describe: "allow a terminal that is the caller's" },
  { name: "file-locks", type: "boolean", default: false, describe: "keep locks of files" },
  {
    name: "manage-cgroups-mode",
    type: "string",
    value: "MODE",
    choices: ["soft", "full", "strict", "ignore"],
    describe: "which cgroups and limits are kept: soft, those that are not there when it is restored, by default",
  },
  {
    name: "empty-ns",
    type: "string",
    value: "KIND",
    choices: ["network"],
    describe: "leave out what is in the network namespace; something else has to restore it",
  },
  { name: "auto-dedup", type: "boolean", default: false, describe: "free memory of images that later ones hold again" },
  { name: "lazy-pages", type: "boolean", default: false, describe: "bring memory when it is used, by userfaultfd(2)" },
  {
    name: "network-lock",
    type: "string",
    value: "METHOD",
    choices: ["iptables", "nftables"],
    describe: "what holds packets back meanwhile; iptables by default",
  },
] as const satisfies readonly OptionSpec[];

export const CHECKPOINT_OPTIONS = [
  ...BOTH,
  {
    name: "parent-path",
    type: "string",
    value: "DIR",
    describe:
      "the images of a --pre-dump before, relative to --image-path: memory that has not changed is not written again",
  },
  { name: "pre-dump", type: "boolean", default: false, describe: "write memory alone, and let the container go on" },
  { name: "leave-running", type: "boolean", default: false, describe: "let the container go on; else it is deleted" },
  {
    name: "tcp-skip-in-flight",
    type: "boolean",
    default: false,
    describe: "leave out connections that are being made",
  },
  { name: "link-remap", type: "boolean", default: false, describe: "keep open files that have lost their name" },
  {
    name: "status-fd",
    type: "number",
    value: "FD",
    describe: "with --lazy-pages: the descriptor that gets a NUL when memory can be asked for",
  },
  { name: "page-server", type: "string", value: "ADDRESS:PORT", describe: "where memory is sent, instead of to files" },
  HELP,
] as const satisfies readonly OptionSpec[];

export const RESTORE_OPTIONS = [
  BUNDLE,
  ...BOTH,
  {
    name: "console-socket",
    type: "string",
    value: "PATH",
    describe: "a UNIX socket that is sent the terminal's master side",
  },
  { name: "pid-file", type: "string", value: "FILE", describe: "the file to write the id of the process to" },
  { name: "detach", alias: "d", type: "boolean", default: false, describe: "return as soon as the container runs" },
  {
    name: "no-subreaper",
    type: "boolean",
    default: false,
    describe: "leave orphans of the container to the caller's reaper; tsrun never takes them",
  },
  { name: "no-pivot", type: "boolean", default: false, describe: "refused: CRIU has no other way to the root" },
  { name: "keep", type: "boolean", default: false, describe: "do not delete the container when its process has ended" },
  { name: "tcp-close", type: "boolean", default: false, describe: "restore connections of TCP as closed ones" },
  {
    name: "lsm-profile",
    type: "string",
    value: "TYPE:NAME",
    describe: "apparmor:NAME or selinux:LABEL, in place of what the processes had",
  },
  {
    name: "lsm-mount-context",
    type: "string",
    value: "CONTEXT",
    describe: "in place of the SELinux context that mounts had",
  },
  HELP,
] as const satisfies readonly OptionSpec[];
