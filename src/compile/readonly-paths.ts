// SPDX-License-Identifier: Apache-2.0
/** readonlyPaths: each is cloned through a descriptor, made read-only and put over itself. config-linux.md#readonly-paths. */
import { MOUNT_ATTR, OPEN_TREE } from "../kernel/mount.ts";
import { components } from "../kernel/path.ts";
import { flags, ref, string } from "../plan/operands.ts";
import { setAttr } from "./mount-attributes.ts";
import { moveTo } from "./mount-job.ts";
import { openInRoot } from "./paths.ts";
import { at, close, type Draft, type Scope } from "./scope.ts";

export function readonlyPaths(scope: Scope): readonly Draft[] {
  return (scope.config.linux?.readonlyPaths ?? []).flatMap((path, index): Draft[] => {
    const make = at("init", `/linux/readonlyPaths/${index}`);
    const end = `readonly${index}-end`;
    const how =
      OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | OPEN_TREE.AT_EMPTY_PATH | OPEN_TREE.AT_RECURSIVE;
    return [
      openInRoot(
        make,
        components(path).join("/"),
        { name: "target", flags: 0, resolve: 0 },
        { tolerate: { ENOENT: end } },
      ),
      make("open_tree", [ref("target"), string(""), flags(OPEN_TREE, how)], { result: "tree" }),
      setAttr(make, "tree", { set: MOUNT_ATTR.MOUNT_ATTR_RDONLY, recursive: true }),
      moveTo(make, "tree", "target"),
      close(make, "tree"),
      close(make, "target"),
      { mark: end },
    ];
  });
}
