// SPDX-License-Identifier: Apache-2.0
/** config-linux.md: seccomp. */
import { must, type Row, required, section, shown } from "../row.ts";

const LISTENER = "live/seccomp-listener.test.ts";
/** The agent reads one message up to the end of its connection, and counts the pieces that had descriptors. */
const SENT = shown(LISTENER, "the state that the agent is sent is that of the container, as runc sends it");
const INVALID = "conformance/invalid.test.ts";

export const SECCOMP: readonly Row[] = [
  ...section("config-linux.md#seccomp", [
    must("seccomp-default", "`defaultAction` (string, REQUIRED)", shape("defaultAction")),
    must(
      "seccomp-errno",
      "When the action doesn't support an errno, the runtime MUST print and error and fail.",
      shown(INVALID, "an errno for an action that has none is refused"),
    ),
    must("seccomp-socket", "This socket MUST use `AF_UNIX` domain and `SOCK_STREAM` type.", SENT),
    must("seccomp-once", "The runtime MUST send exactly one container process state per connection.", SENT),
    must(
      "seccomp-close",
      "The connection MUST NOT be reused and it MUST be closed after sending a seccomp state.",
      SENT,
    ),
    must(
      "seccomp-send-fails",
      "If sending to this socket fails, the runtime MUST generate an error.",
      shown(LISTENER, "a listener that cannot be handed over is an error, and the end of the process"),
    ),
    must("seccomp-fd", "`seccompFd` (string, REQUIRED)", SENT),
    must(
      "seccomp-metadata",
      "This field MUST NOT be set if `listenerPath` is not set.",
      shown(INVALID, "metadata for a listener without a path are refused"),
    ),
    must("seccomp-names", "`names` (array of strings, REQUIRED)", shape("syscalls/0/names")),
    must(
      "seccomp-names-one",
      "`names` MUST contain at least one entry.",
      shown(INVALID, "a seccomp rule without a name is refused"),
    ),
    must("seccomp-action", "`action` (string, REQUIRED)", shape("syscalls/0/action")),
    must("seccomp-index", "`index` (uint, REQUIRED)", shape("syscalls/0/args/0/index")),
    must("seccomp-value", "`value` (uint64, REQUIRED)", shape("syscalls/0/args/0/value")),
    must("seccomp-op", "`op` (string, REQUIRED)", shape("syscalls/0/args/0/op")),
  ]),
  ...section("config-linux.md#the-container-process-state", [
    must(
      "process-state-payload",
      "The container runtime MUST send the container process state over the UNIX socket as regular payload serialized in JSON and file descriptors MUST be sent using `SCM_RIGHTS`.",
      SENT,
    ),
    must("process-state-first", "the file descriptors MUST be sent only in the first call.", SENT),
    must("process-state-version", "`ociVersion` (string, REQUIRED)", SENT),
    must("process-state-pid", "`pid` (int, REQUIRED)", SENT),
    must("process-state-state", "`state` (state, REQUIRED)", SENT),
  ]),
];

function shape(property: string) {
  return required(`/linux/seccomp/${property}`);
}
