// SPDX-License-Identifier: Apache-2.0
/** bundle.md, runtime.md but its operations, and runtime-linux.md. */
import { both, must, partly, type Row, section, shown, untested } from "../row.ts";

const LIVE = "live/lifecycle.test.ts";
const STATE = "live/conformance-state.test.ts";
const FAILURE = "live/conformance-failure.test.ts";
const DEVICES = "live/conformance-devices.test.ts";
const PROCESS = "live/conformance-process.test.ts";
const HOOKS = "live/hooks.test.ts";
const HOOKS_FAIL = "live/hooks-failure.test.ts";

const BUNDLE = section("bundle.md#container-format", [
  must(
    "bundle-config-json",
    "This REQUIRED file MUST reside in the root of the bundle directory and MUST be named `config.json`.",
    shown(LIVE, "create asks for a bundle with a config.json, and for an id"),
  ),
  must(
    "bundle-one-directory",
    "When supplied, while these artifacts MUST all be present in a single directory on the local filesystem,",
    untested(
      "It binds whoever packs the bundle: config.md#root allows a root filesystem elsewhere, and so does tsrun.",
    ),
  ),
]);

const STATES = [
  ...section("runtime.md#scope-of-a-container", [
    must(
      "scope-same-entity",
      "The entity using a runtime to create a container MUST be able to use the operations defined in this specification against that same container.",
      shown(LIVE, "create, state, start, kill and delete lead a container through its life"),
    ),
  ]),
  ...section("runtime.md#state", [
    must(
      "state-oci-version",
      "`ociVersion` (string, REQUIRED)",
      shown(STATE, "the state of a container that is created follows the schema"),
    ),
    must(
      "state-id",
      "`id` (string, REQUIRED)",
      shown(STATE, "the state of a container that is created follows the schema"),
    ),
    must(
      "state-id-unique",
      "This MUST be unique across all containers on this host.",
      partly(
        "Ids are unique in one state directory (--root), as with every runtime on the command line.",
        shown(LIVE, "an id in use is refused, and its container stays as it is"),
      ),
    ),
    must(
      "state-status",
      "`status` (string, REQUIRED)",
      shown(LIVE, "create, state, start, kill and delete lead a container through its life"),
    ),
    must(
      "state-status-values",
      "Additional values MAY be defined by the runtime, however, they MUST be used to represent new runtime states not defined above.",
      shown(LIVE, "create, state, start, kill and delete lead a container through its life"),
    ),
    must(
      "state-pid",
      "`pid` (int, REQUIRED when `status` is `created` or `running` on Linux, OPTIONAL on other platforms)",
      shown(STATE, "the pid of the state is the pid of the process, as in the pid file"),
    ),
    must("state-bundle", "`bundle` (string, REQUIRED)", shown(STATE, "the bundle of the state is an absolute path")),
    must(
      "state-schema",
      "When serialized in JSON, the format MUST adhere to the JSON Schema `schema/state-schema.json`.",
      shown(
        STATE,
        "the state of a container that is created follows the schema",
        "the state of a container that is running follows the schema",
        "the state of a container that is stopped follows the schema",
      ),
    ),
  ]),
];

const HOOK_NAMES = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart"] as const;

const INVOKED = shown(HOOKS, "hooks are called in the listed order, each kind at its moment");

const STEPS = section("runtime.md#lifecycle", [
  must(
    "lifecycle-environment",
    "The container's runtime environment MUST be created according to the configuration in `config.json`.",
    shown(LIVE, "create makes the container and does not run the program"),
  ),
  must(
    "lifecycle-unable",
    "If the runtime is unable to create the environment specified in the `config.json`, it MUST generate an error.",
    shown(FAILURE, "a create that fails at a mount whose source is missing leaves nothing"),
  ),
  must(
    "lifecycle-not-run",
    "While the resources requested in the `config.json` MUST be created, the user-specified program (from `process`) MUST NOT be run at this time.",
    shown(LIVE, "create makes the container and does not run the program"),
  ),
  must(
    "lifecycle-frozen-config",
    "Any updates to `config.json` after this step MUST NOT affect the container.",
    shown(LIVE, "changes to config.json after create have no effect"),
  ),
  ...HOOK_NAMES.flatMap((name) => [
    must(`lifecycle-${name}`, `The \`${name}\` hooks MUST be invoked by the runtime.`, INVOKED),
    must(
      `lifecycle-${name}-fails`,
      `If any \`${name}\` hook fails, the runtime MUST generate an error, stop the container, and continue the lifecycle at step 12.`,
      shown(
        HOOKS_FAIL,
        `a ${name} hook that fails is an error and the end of the container, and poststop hooks follow`,
        `a ${name} hook that cannot be executed is told with the error`,
        `a ${name} hook that runs past its timeout is killed, with what it has begun`,
      ),
    ),
  ]),
  must(
    "lifecycle-run",
    "The runtime MUST run the user-specified program, as specified by `process`.",
    shown(LIVE, "create, state, start, kill and delete lead a container through its life"),
  ),
  must(
    "lifecycle-destroyed",
    "The container MUST be destroyed by undoing the steps performed during create phase (step 2).",
    shown(LIVE, "delete removes what create made, and nothing else"),
  ),
  must("lifecycle-poststop", "The `poststop` hooks MUST be invoked by the runtime.", INVOKED),
  must(
    "lifecycle-poststop-fails",
    "If any `poststop` hook fails, the runtime MUST log a warning, but the remaining hooks and lifecycle continue as if the hook had succeeded.",
    shown(HOOKS_FAIL, "poststop hooks that fail are warned of, and the others are run"),
  ),
]);

const ERRORS = [
  ...section("runtime.md#errors", [
    must(
      "errors-leave-nothing",
      "Unless otherwise stated, generating an error MUST leave the state of the environment as if the operation were never attempted",
      both(
        shown(
          FAILURE,
          "a create that fails at a mount whose source is missing leaves nothing",
          "a create that fails at a mount of an unknown filesystem leaves nothing",
          "a create that fails at a sysctl that does not exist leaves nothing",
        ),
        shown(
          "live/conformance-killed.test.ts",
          "a create killed after some milliseconds leaves nothing that delete --force does not remove",
          "a create of much killed after some milliseconds leaves as little",
          "a create killed at any step of its image leaves nothing that delete --force does not remove",
          "a create killed at each mkdir of its own leaves nothing that delete --force does not remove",
        ),
        shown(LIVE, "start of a container that is running has no effect and is an error"),
      ),
    ),
  ]),
  ...section("runtime.md#warnings", [
    must(
      "warnings-go-on",
      "Unless otherwise stated, logging a warning does not change the flow of the operation; it MUST continue as if the warning had not been logged.",
      shown(PROCESS, "an unknown capability is warned of, and the container runs"),
    ),
  ]),
];

const LINUX = section("runtime-linux.md#dev-symbolic-links", [
  must(
    "dev-links",
    "runtimes MUST create the following symlinks if the source file exists after processing `mounts`:",
    shown(DEVICES, "the links of /dev lead to /proc/self/fd"),
  ),
]);

export const LIFECYCLE: readonly Row[] = [...BUNDLE, ...STATES, ...STEPS, ...ERRORS, ...LINUX];
