// SPDX-License-Identifier: Apache-2.0
/** config.md: hooks. */
import { both, must, type Row, required, section, shown } from "../row.ts";

const INVALID = "conformance/invalid.test.ts";
const LIVE = "live/hooks.test.ts";
const RUNTIME = ["prestart", "createRuntime", "poststart", "poststop"];
const CONTAINER = ["createContainer", "startContainer"];
const BEFORE_PIVOT =
  "after the runtime environment has been created (according to the configuration in config.json) but before the `pivot_root` or any equivalent operation has been executed.";

const MOMENT = shown(LIVE, "hooks are called in the listed order, each kind at its moment");
const NAMESPACES = shown(LIVE, "hooks are executed in the namespaces of their kind");
const PATHS = shown(LIVE, "paths of hooks are those of the host, but for startContainer");
const INSIDE = shown(LIVE, "a symlink in a hostile root does not lead a startContainer hook out of it");

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
  must("hook-path-runtime", "The value of `path` MUST resolve in the runtime namespace.", PATHS),
  must("hook-path-container", "The value of `path` MUST resolve in the container namespace.", both(PATHS, INSIDE)),
  ...RUNTIME.map((name) =>
    must(`hook-${name}-namespace`, `The \`${name}\` hooks MUST be executed in the runtime namespace.`, NAMESPACES),
  ),
  ...CONTAINER.map((name) =>
    must(`hook-${name}-namespace`, `The \`${name}\` hooks MUST be executed in the container namespace.`, NAMESPACES),
  ),
  must("hook-order", "Hooks MUST be called in the listed order.", MOMENT),
  must(
    "hook-state",
    "The state of the container MUST be passed to hooks over stdin",
    shown(LIVE, "the state on stdin is that of the moment"),
  ),
]);

const MOUNTED = shown(
  LIVE,
  "a hook of the runtime finds the mounts under the rootfs in the container's mount namespace",
);

const EACH = [
  each({
    where: "config.md#prestart",
    name: "prestart",
    runsIn: "runtime",
    when: `as part of the \`create\` operation ${BEFORE_PIVOT}`,
    shownBy: both(MOMENT, MOUNTED),
    order: "The `prestart` hooks MUST be called before the `createRuntime` hooks.",
  }),
  each({
    where: "config.md#createruntime-hooks",
    name: "createRuntime",
    runsIn: "runtime",
    when: `as part of the \`create\` operation ${BEFORE_PIVOT}`,
    shownBy: both(MOMENT, MOUNTED),
  }),
  each({
    where: "config.md#createcontainer-hooks",
    name: "createContainer",
    runsIn: "container",
    path: "runtime",
    when: `as part of the \`create\` operation ${BEFORE_PIVOT}`,
    shownBy: both(
      MOMENT,
      shown(LIVE, "what createContainer hooks mount is in the container, whose root is read-only by then"),
    ),
    order: "The `createContainer` hooks MUST be called after the `createRuntime` hooks.",
  }),
  each({
    where: "config.md#startcontainer-hooks",
    name: "startContainer",
    runsIn: "container",
    when: "before the user-specified process is executed as part of the `start` operation.",
    shownBy: MOMENT,
  }),
  each({
    where: "config.md#poststart",
    name: "poststart",
    runsIn: "runtime",
    when: "after the user-specified process is executed but before the `start` operation returns.",
    shownBy: both(MOMENT, shown(LIVE, "a poststart hook finds the program where the image was")),
  }),
  each({
    where: "config.md#poststop",
    name: "poststop",
    runsIn: "runtime",
    when: "after the container is deleted but before the `delete` operation returns.",
    shownBy: both(MOMENT, shown(LIVE, "a poststop hook finds nothing of the container")),
  }),
].flat();

export const HOOKS: readonly Row[] = [...ALL, ...EACH];

interface Kind {
  readonly where: string;
  readonly name: string;
  readonly runsIn: string;
  /** Where its path resolves, if elsewhere. */
  readonly path?: string;
  readonly when: string;
  readonly shownBy: Pick<Row, "tests">;
  readonly order?: string;
}

/** The rows that each kind of hook has in a section of its own. */
function each({ where, name, runsIn, path = runsIn, when, shownBy, order }: Kind) {
  return section(where, [
    must(`${name}-when`, `The \`${name}\` hooks MUST be called ${when}`, shownBy),
    ...(order === undefined ? [] : [must(`${name}-order`, order, MOMENT)]),
    must(`${name}-path`, `The \`${name}\` hooks' path MUST resolve in the ${path} namespace.`, PATHS),
    must(`${name}-runs-in`, `The \`${name}\` hooks MUST be executed in the ${runsIn} namespace.`, NAMESPACES),
  ]);
}
