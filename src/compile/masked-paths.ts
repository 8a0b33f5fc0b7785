// SPDX-License-Identifier: Apache-2.0
/** maskedPaths: each is opened once inside the root, and covered through that descriptor. config-linux.md#masked-paths. */
import { MOUNT_ATTR, OPEN_TREE } from "../kernel/mount.ts";
import { O } from "../kernel/open.ts";
import { components } from "../kernel/path.ts";
import { flags, ref, string } from "../plan/operands.ts";
import { type Call, NEXT } from "../plan/step.ts";
import { checkDevice } from "./devices.ts";
import { makeFilesystem } from "./filesystems.ts";
import { HERE, moveTo } from "./mount-job.ts";
import { labelOf } from "./mount-label.ts";
import { openInRoot } from "./paths.ts";
import { at, close, type Draft, type Make, type Scope } from "./scope.ts";

/** Files are covered by the host's /dev/null, checked to be it (CVE-2025-31133); directories by an empty tmpfs. */
export function maskedPaths(scope: Scope): readonly Draft[] {
  const paths = scope.config.linux?.maskedPaths ?? [];
  if (paths.length === 0) return [];
  const make = at("init", "/linux/maskedPaths");
  const shared = clonesDetached(scope);
  const label = labelOf(scope, "tmpfs");
  return [
    make("openat", [HERE, string("/dev/null"), flags(O, O.O_PATH | O.O_NOFOLLOW | O.O_CLOEXEC)], { result: "null" }),
    checkDevice(make, { type: "c", major: 1, minor: 3 }, { at: "null", path: "" }),
    ...(shared ? emptyDirectory(make, "empty", label) : []),
    ...paths.flatMap((path, index) =>
      maskSteps(at("init", `/linux/maskedPaths/${index}`), { path, index, shared, label }),
    ),
    ...(shared ? [close(make, "empty")] : []),
    close(make, "null"),
  ];
}

/** Since Linux 6.15 a mount that is attached nowhere can be cloned: one tmpfs then serves all masked directories. */
function clonesDetached({ facts }: Scope): boolean {
  return facts.kernel.major > 6 || (facts.kernel.major === 6 && facts.kernel.minor >= 15);
}

function emptyDirectory(make: Make, name: string, label: Label): Call[] {
  const parameters = [["ro"], ["nr_blocks", "1"], ["nr_inodes", "2"], ...label] as const;
  const attributes = MOUNT_ATTR.MOUNT_ATTR_RDONLY;
  return makeFilesystem(make, { type: "tmpfs", source: "tmpfs", parameters, attributes }, name);
}

type Label = ReturnType<typeof labelOf>;

interface Masked {
  readonly path: string;
  readonly index: number;
  /** `$empty` covers all directories. */
  readonly shared: boolean;
  readonly label: Label;
}

/** A path that is missing needs no mask. Opened as a directory first, it tells what it is by ENOTDIR. */
function maskSteps(make: Make, { path, index, shared, label }: Masked): Draft[] {
  const [file, covered, end] = [`masked${index}-file`, `masked${index}-covered`, `masked${index}-end`];
  const open = (bits: number, tolerate: Record<string, string>) =>
    openInRoot(make, components(path).join("/"), { name: "target", flags: bits, resolve: 0 }, { tolerate });
  return [
    open(O.O_DIRECTORY, { ENOENT: end, ENOTDIR: file }),
    ...(shared ? [cloneOf(make, "empty")] : emptyDirectory(make, "cover", label)),
    moveTo(make, "cover", "target", { branch: { value: 0, equal: covered, other: NEXT } }),
    { mark: file },
    open(0, { ENOENT: end }),
    cloneOf(make, "null"),
    moveTo(make, "cover", "target"),
    { mark: covered },
    close(make, "cover"),
    close(make, "target"),
    { mark: end },
  ];
}

function cloneOf(make: Make, name: string): Call {
  const how = OPEN_TREE.OPEN_TREE_CLONE | OPEN_TREE.OPEN_TREE_CLOEXEC | OPEN_TREE.AT_EMPTY_PATH;
  return make("open_tree", [ref(name), string(""), flags(OPEN_TREE, how)], { result: "cover" });
}
