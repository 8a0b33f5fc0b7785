// SPDX-License-Identifier: Apache-2.0
/** runtime.md: the operations. */
import { must, partly, type Row, section, shown } from "../row.ts";

const LIVE = "live/lifecycle.test.ts";
const STATE = "live/conformance-state.test.ts";
const FAILURE = "live/conformance-failure.test.ts";

export const OPERATIONS: readonly Row[] = [
  ...section("runtime.md#operations", [
    must(
      "operations",
      "Unless otherwise stated, runtimes MUST support the following operations.",
      shown(LIVE, "create, state, start, kill and delete lead a container through its life"),
    ),
  ]),
  ...section("runtime.md#query-state", [
    must(
      "state-needs-id",
      "This operation MUST generate an error if it is not provided the ID of a container.",
      shown(LIVE, "state asks for an id"),
    ),
    must(
      "state-unknown",
      "Attempting to query a container that does not exist MUST generate an error.",
      shown(LIVE, "state of a container that does not exist is an error"),
    ),
    must(
      "state-returns",
      "This operation MUST return the state of a container as specified in the State section.",
      shown(STATE, "the state of a container that is running follows the schema"),
    ),
  ]),
  ...section("runtime.md#create", [
    must(
      "create-needs",
      "This operation MUST generate an error if it is not provided a path to the bundle and the container ID to associate with the container.",
      partly(
        "Without --bundle the current directory is the bundle, as with runc; it is an error if that has no config.json.",
        shown(LIVE, "create asks for a bundle with a config.json, and for an id"),
      ),
    ),
    must(
      "create-id",
      "If the ID provided is not unique across all containers within the scope of the runtime, or is not valid in any other way, the implementation MUST generate an error and a new container MUST NOT be created.",
      shown(
        LIVE,
        "an id in use is refused, and its container stays as it is",
        "the id ../escape is not valid",
        "the id a/b is not valid",
      ),
    ),
    must(
      "create-creates",
      "This operation MUST create a new container.",
      shown(LIVE, "create makes the container and does not run the program"),
    ),
    must(
      "create-applies",
      "All of the properties configured in `config.json` except for `process` MUST be applied.",
      shown(LIVE, "create makes the container and does not run the program"),
    ),
    must(
      "create-not-args",
      "`process.args` MUST NOT be applied until triggered by the `start` operation.",
      shown(LIVE, "create makes the container and does not run the program"),
    ),
    must(
      "create-cannot-apply",
      "If the runtime cannot apply a property as specified in the configuration, it MUST generate an error and a new container MUST NOT be created.",
      shown(
        FAILURE,
        "a create that fails at a mount whose source is missing leaves nothing",
        "a create that fails at a sysctl that does not exist leaves nothing",
      ),
    ),
  ]),
  ...section("runtime.md#start", [
    must(
      "start-needs-id",
      "This operation MUST generate an error if it is not provided the container ID.",
      shown(LIVE, "start asks for an id"),
    ),
    must(
      "start-not-created",
      "Attempting to `start` a container that is not `created` MUST have no effect on the container and MUST generate an error.",
      shown(
        LIVE,
        "start of a container that is running has no effect and is an error",
        "start of a container that is stopped has no effect and is an error",
      ),
    ),
    must(
      "start-runs",
      "This operation MUST run the user-specified program as specified by `process`.",
      shown(LIVE, "create, state, start, kill and delete lead a container through its life"),
    ),
    must(
      "start-no-process",
      "This operation MUST generate an error if `process` was not set.",
      shown(LIVE, "without process no container starts"),
    ),
  ]),
  ...section("runtime.md#kill", [
    must(
      "kill-needs-id",
      "This operation MUST generate an error if it is not provided the container ID.",
      shown(LIVE, "kill asks for an id"),
    ),
    must(
      "kill-not-running",
      "Attempting to send a signal to a container that is neither `created` nor `running` MUST have no effect on the container and MUST generate an error.",
      shown(LIVE, "kill of a container that is stopped has no effect and is an error"),
    ),
    must(
      "kill-sends",
      "This operation MUST send the specified signal to the container process.",
      shown(LIVE, "kill sends the signal to the process"),
    ),
  ]),
  ...section("runtime.md#delete", [
    must(
      "delete-needs-id",
      "This operation MUST generate an error if it is not provided the container ID.",
      shown(LIVE, "delete asks for an id"),
    ),
    must(
      "delete-not-stopped",
      "Attempting to `delete` a container that is not `stopped` MUST have no effect on the container and MUST generate an error.",
      partly(
        "A container that is only created is deleted, as by runc and crun: container engines count on it.",
        shown(LIVE, "delete of a container that is running has no effect and is an error"),
      ),
    ),
    must(
      "delete-removes",
      "Deleting a container MUST delete the resources that were created during the `create` step.",
      shown(LIVE, "delete removes what create made, and nothing else"),
    ),
    must(
      "delete-keeps",
      "Note that resources associated with the container, but not created by this container, MUST NOT be deleted.",
      shown(LIVE, "delete removes what create made, and nothing else"),
    ),
  ]),
];
