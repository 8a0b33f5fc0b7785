// SPDX-License-Identifier: Apache-2.0
/** What a checkpoint and a restore may be asked for. The meanings are CRIU's. */

/** Those of both. */
export interface CriuWish {
  /** The directory of CRIU's images; `checkpoint` in the current directory if absent. */
  readonly imagePath?: string;
  /** The directory of CRIU's log and of its other work; that of the images if absent. */
  readonly workPath?: string;
  readonly tcpEstablished?: boolean;
  readonly extUnixSk?: boolean;
  readonly shellJob?: boolean;
  readonly fileLocks?: boolean;
  readonly manageCgroupsMode?: "soft" | "full" | "strict" | "ignore";
  /** The network namespace alone is made: what is in it is for somebody else to restore. */
  readonly emptyNetwork?: boolean;
  readonly autoDedup?: boolean;
  readonly lazyPages?: boolean;
  readonly networkLock?: "iptables" | "nftables";
}

export interface CheckpointOptions extends CriuWish {
  /** The images of an earlier dump of memory, relative to those that are to be made. */
  readonly parentPath?: string;
  /** Dumps memory alone, and the container goes on. */
  readonly preDump?: boolean;
  /** The container goes on; otherwise it is deleted. */
  readonly leaveRunning?: boolean;
  readonly tcpSkipInFlight?: boolean;
  readonly linkRemap?: boolean;
  /** With `lazyPages`: a descriptor that is sent a NUL when pages can be asked for. */
  readonly statusFd?: number;
  readonly pageServer?: { readonly address: string; readonly port: number };
}

export interface RestoreOptions extends CriuWish {
  readonly bundle?: string;
  readonly pidFile?: string;
  readonly consoleSocket?: string;
  readonly onTerminal?: (master: number) => void;
  readonly stdio?: readonly [number, number, number];
  /** The end of the container is not asked for. */
  readonly detached?: boolean;
  readonly tcpClose?: boolean;
  /** `apparmor:NAME` or `selinux:LABEL`, in place of what the processes had. */
  readonly lsmProfile?: string;
  /** In place of the context that mounts of SELinux had. */
  readonly lsmMountContext?: string;
}
