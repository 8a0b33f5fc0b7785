// SPDX-License-Identifier: Apache-2.0
/** The options of `checkpoint` and `restore` as the runtime takes them. */
import { UsageError } from "../errors/errors.ts";
import type { CheckpointOptions, CriuWish, RestoreOptions } from "../runtime/checkpoint-options.ts";
import type { CommandValues } from "./table.ts";

/** UsageError: a page server without a port. */
export function checkpointOptions(values: CommandValues<"checkpoint">): CheckpointOptions {
  const { "parent-path": parentPath, "status-fd": statusFd, "page-server": server } = values;
  return {
    ...common(values),
    ...(parentPath === undefined ? {} : { parentPath }),
    ...(statusFd === undefined ? {} : { statusFd }),
    ...(server === undefined ? {} : { pageServer: pageServer(server) }),
    preDump: values["pre-dump"],
    leaveRunning: values["leave-running"],
    tcpSkipInFlight: values["tcp-skip-in-flight"],
    linkRemap: values["link-remap"],
  };
}

/** UsageError: what CRIU cannot do. */
export function restoreOptions(values: CommandValues<"restore">): RestoreOptions {
  if (values["no-pivot"]) {
    throw new UsageError("--no-pivot", "--no-pivot cannot be done: CRIU switches to the root by pivot_root(2) alone");
  }
  const { bundle, "pid-file": pidFile, "console-socket": consoleSocket } = values;
  const { "lsm-profile": lsmProfile, "lsm-mount-context": lsmMountContext } = values;
  return {
    ...common(values),
    ...(bundle === undefined ? {} : { bundle }),
    ...(pidFile === undefined ? {} : { pidFile }),
    ...(consoleSocket === undefined ? {} : { consoleSocket }),
    ...(lsmProfile === undefined ? {} : { lsmProfile: checkProfile(lsmProfile) }),
    ...(lsmMountContext === undefined ? {} : { lsmMountContext }),
    tcpClose: values["tcp-close"],
  };
}

function common(values: CommandValues<"checkpoint"> | CommandValues<"restore">): CriuWish {
  const { "image-path": imagePath, "work-path": workPath } = values;
  const { "manage-cgroups-mode": manageCgroupsMode, "network-lock": networkLock } = values;
  return {
    ...(imagePath === undefined ? {} : { imagePath }),
    ...(workPath === undefined ? {} : { workPath }),
    ...(manageCgroupsMode === undefined ? {} : { manageCgroupsMode }),
    ...(networkLock === undefined ? {} : { networkLock }),
    tcpEstablished: values["tcp-established"],
    extUnixSk: values["ext-unix-sk"],
    shellJob: values["shell-job"],
    fileLocks: values["file-locks"],
    emptyNetwork: values["empty-ns"] === "network",
    autoDedup: values["auto-dedup"],
    lazyPages: values["lazy-pages"],
  };
}

/** An IPv6 address may stand in brackets. */
function pageServer(text: string): { address: string; port: number } {
  const [, address, digits] = /^(?:\[(.+)\]|(.+)):(\d{1,5})$/.exec(text)?.filter((part) => part !== undefined) ?? [];
  const port = Number(digits);
  if (address !== undefined && port > 0 && port < 65_536) return { address, port };
  throw new UsageError("--page-server", `--page-server is ADDRESS:PORT, not ${JSON.stringify(text)}`);
}

function checkProfile(profile: string): string {
  if (/^(?:apparmor|selinux):./.test(profile)) return profile;
  throw new UsageError(
    "--lsm-profile",
    `--lsm-profile is apparmor:NAME or selinux:LABEL, not ${JSON.stringify(profile)}`,
  );
}
