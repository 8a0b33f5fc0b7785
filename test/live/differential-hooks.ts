// SPDX-License-Identifier: Apache-2.0
/** Differential cases of hooks: what they leave behind in the container, and what becomes of it when they fail. */
import type { Case, Scene } from "./differential.ts";
import type { HookName, Spec } from "./support/spec.ts";

/** A hook of the host's shell. */
function hook(kind: HookName, script: (scene: Scene) => string, env: string[] = []) {
  return (spec: Spec, scene: Scene) => {
    spec.hooks = {
      [kind]: [{ path: "/bin/sh", args: ["sh", "-c", script(scene), "zero"], env: ["PATH=/usr/bin:/bin", ...env] }],
    };
  };
}

/** One of the container's busybox. */
function inside(script: string) {
  return (spec: Spec) => {
    spec.hooks = { startContainer: [{ path: "/bin/busybox", args: ["sh", "-c", script], env: ["A=1"] }] };
  };
}

const OF_RUNTIME: readonly HookName[] = ["prestart", "createRuntime"];

export const HOOK_CASES: readonly Case[] = [
  ...OF_RUNTIME.map(
    (kind): Case => ({
      name: `hooks: ${kind} is given arguments and environment, and leaves a file`,
      edit: hook(kind, ({ rootfs }) => `echo "$0 $B" > ${rootfs}/left`, ["B=two words"]),
      ask: ["read=/left"],
    }),
  ),
  ...OF_RUNTIME.map(
    (kind): Case => ({
      name: `hooks: ${kind} is given the state`,
      edit: hook(kind, ({ rootfs }) => `grep -o '"status":"[a-z]*"' > ${rootfs}/left`),
      ask: ["read=/left"],
    }),
  ),
  {
    name: "hooks: createContainer is in the namespaces of the container",
    edit: hook(
      "createContainer",
      ({ rootfs }) => `hostname > ${rootfs}/left; mount -t tmpfs -o nosuid hooked ${rootfs}/opt`,
    ),
    ask: ["read=/left", "try=/opt"],
  },
  {
    name: "hooks: createContainer and a read-only root",
    edit: (spec, scene) => {
      hook("createContainer", ({ rootfs }) => `echo made > ${rootfs}/left`)(spec, scene);
      spec.root.readonly = true;
    },
    ask: ["read=/left", "try=/"],
  },
  {
    name: "hooks: startContainer is the container's own program",
    edit: inside(`echo "$A $(/bin/busybox pwd) $(/bin/busybox hostname)" > /tmp/left`),
    ask: ["read=/tmp/left"],
  },
  ...[...OF_RUNTIME, "createContainer" as const].map(
    (kind): Case => ({
      name: `hooks: ${kind} that fails is the end of the container`,
      edit: hook(kind, () => "exit 3"),
      refused: true,
    }),
  ),
  {
    name: "hooks: startContainer that fails is the end of the container (runc 1.1.5 does not tell the caller)",
    edit: inside("exit 3"),
    refused: true,
    expects: {},
  },
  {
    name: "hooks: one that runs past its timeout",
    edit: (spec) => {
      spec.hooks = { createRuntime: [{ path: "/bin/sleep", args: ["sleep", "15"], timeout: 1 }] };
    },
    refused: true,
  },
];
