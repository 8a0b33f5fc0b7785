// SPDX-License-Identifier: Apache-2.0
/** config.md: hooks. They are refused until they are implemented. */
import { must, type Row, refused, required, section, shown } from "../row.ts";

const INVALID = "conformance/invalid.test.ts";
const RUNTIME = ["prestart", "createRuntime", "poststart", "poststop"];
const CONTAINER = ["createContainer", "startContainer"];
const BEFORE_PIVOT =
  "after the runtime environment has been created (according to the configuration in config.json) but before the `pivot_root` or any equivalent operation has been executed.";

const ALL = section("config.md#posix-platform-hooks", [
  must("hook-path", "`path` (string, REQUIRED)", required("/hooks/createRuntime/0/path")),
  must(
    "hook-path-absolute",
    "This specification extends the IEEE standard in that `path` MUST be absolute.",
    shown(INVALID, "a hook whose path is not absolute is refused"),
  ),
  must(
    "hook-timeout",
    "If set, `timeout` MUST be greater than zero.",
    shown(INVALID, "a hook whose timeout is zero is refused"),
  ),
  must("hook-path-runtime", "The value of `path` MUST resolve in the runtime namespace.", refused("/hooks")),
  must("hook-path-container", "The value of `path` MUST resolve in the container namespace.", refused("/hooks")),
  ...RUNTIME.map((name) =>
    must(
      `hook-${name}-namespace`,
      `The \`${name}\` hooks MUST be executed in the runtime namespace.`,
      refused("/hooks"),
    ),
  ),
  ...CONTAINER.map((name) =>
    must(
      `hook-${name}-namespace`,
      `The \`${name}\` hooks MUST be executed in the container namespace.`,
      refused("/hooks"),
    ),
  ),
  must("hook-order", "Hooks MUST be called in the listed order.", refused("/hooks")),
  must("hook-state", "The state of the container MUST be passed to hooks over stdin", refused("/hooks")),
]);

const EACH = [
  each("config.md#prestart", "prestart", "runtime", `as part of the \`create\` operation ${BEFORE_PIVOT}`, [
    "The `prestart` hooks MUST be called before the `createRuntime` hooks.",
  ]),
  each(
    "config.md#createruntime-hooks",
    "createRuntime",
    "runtime",
    `as part of the \`create\` operation ${BEFORE_PIVOT}`,
  ),
  each(
    "config.md#createcontainer-hooks",
    "createContainer",
    "container",
    `as part of the \`create\` operation ${BEFORE_PIVOT}`,
    ["The `createContainer` hooks MUST be called after the `createRuntime` hooks."],
    "runtime",
  ),
  each(
    "config.md#startcontainer-hooks",
    "startContainer",
    "container",
    "before the user-specified process is executed as part of the `start` operation.",
  ),
  each(
    "config.md#poststart",
    "poststart",
    "runtime",
    "after the user-specified process is executed but before the `start` operation returns.",
  ),
  each(
    "config.md#poststop",
    "poststop",
    "runtime",
    "after the container is deleted but before the `delete` operation returns.",
  ),
].flat();

export const HOOKS: readonly Row[] = [...ALL, ...EACH];

/** The rows that each kind of hook has in a section of its own. */
function each(where: string, name: string, runsIn: string, when: string, order: readonly string[] = [], path = runsIn) {
  return section(where, [
    must(`${name}-when`, `The \`${name}\` hooks MUST be called ${when}`, refused("/hooks")),
    ...order.map((text) => must(`${name}-order`, text, refused("/hooks"))),
    must(`${name}-path`, `The \`${name}\` hooks' path MUST resolve in the ${path} namespace.`, refused("/hooks")),
    must(`${name}-runs-in`, `The \`${name}\` hooks MUST be executed in the ${runsIn} namespace.`, refused("/hooks")),
  ]);
}
