// SPDX-License-Identifier: Apache-2.0
/** The commands of runc 1.5 and crun 1.29 with their options, as their sources have them; those that do nothing are left out. */

interface Peers {
  readonly runc: string;
  readonly crun: string;
}

/** "" has the global options. */
export const PEERS: Readonly<Record<string, Peers>> = {
  "": {
    runc: "debug log log-format root systemd-cgroup rootless version help",
    crun: "debug log log-format log-level root systemd-cgroup rootless cgroup-manager version help",
  },
  create: {
    runc: "bundle console-socket pid-file no-pivot no-new-keyring preserve-fds pidfd-socket",
    crun: "bundle console-socket pid-file no-pivot no-new-keyring preserve-fds config",
  },
  run: {
    runc: "bundle console-socket pid-file no-pivot no-new-keyring preserve-fds pidfd-socket detach keep no-subreaper",
    crun: "bundle console-socket pid-file no-pivot no-new-keyring preserve-fds config detach keep",
  },
  start: { runc: "", crun: "" },
  state: { runc: "", crun: "" },
  exec: {
    runc: "console-socket cwd env tty user process detach pid-file apparmor no-new-privs cap preserve-fds cgroup process-label additional-gids ignore-paused pidfd-socket",
    crun: "console-socket cwd env tty user process detach pid-file apparmor no-new-privs cap preserve-fds cgroup process-label",
  },
  kill: { runc: "all", crun: "all regex" },
  delete: { runc: "force", crun: "force regex" },
  list: { runc: "format quiet", crun: "format quiet" },
  ps: { runc: "format", crun: "format" },
  pause: { runc: "", crun: "" },
  resume: { runc: "", crun: "" },
  events: { runc: "interval stats", crun: "" },
  update: {
    runc: "resources blkio-weight cpu-period cpu-quota cpu-burst cpu-share cpu-rt-period cpu-rt-runtime cpuset-cpus cpuset-mems cpu-idle memory memory-reservation memory-swap pids-limit l3-cache-schema mem-bw-schema",
    crun: "resources blkio-weight cpu-period cpu-quota cpu-share cpu-rt-period cpu-rt-runtime cpuset-cpus cpuset-mems memory memory-reservation memory-swap pids-limit l3-cache-schema mem-bw-schema kernel-memory kernel-memory-tcp",
  },
  spec: { runc: "bundle rootless", crun: "bundle rootless file" },
  features: { runc: "", crun: "" },
  checkpoint: {
    runc: "image-path work-path parent-path leave-running tcp-established tcp-skip-in-flight link-remap ext-unix-sk shell-job lazy-pages status-fd page-server file-locks pre-dump manage-cgroups-mode empty-ns auto-dedup",
    crun: "image-path work-path parent-path leave-running tcp-established ext-unix-sk shell-job file-locks pre-dump manage-cgroups-mode network-lock",
  },
  restore: {
    runc: "bundle image-path work-path tcp-established ext-unix-sk shell-job file-locks manage-cgroups-mode detach pid-file console-socket lsm-profile lsm-mount-context no-subreaper no-pivot empty-ns auto-dedup lazy-pages",
    crun: "bundle image-path work-path tcp-established ext-unix-sk shell-job file-locks manage-cgroups-mode detach pid-file console-socket lsm-profile lsm-mount-context tcp-close network-lock",
  },
};

/** What of that tsrun has not, and why. */
export const ABSENT: Readonly<Record<string, string>> = {
  "--log-level": "`--debug` and the level of each message in the log do the same",
};
