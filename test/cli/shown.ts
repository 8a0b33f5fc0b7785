// SPDX-License-Identifier: Apache-2.0
/** Command, or command and option -> the tests that see what it does. The rest of a file's name is `.test.ts`, unless it has an ending. */

export type Shown = Readonly<Record<string, readonly (readonly [file: string, title: string])[]>>;

const REST = [
  "live/cli-flags",
  "update sets weights, real time and the kernel's own memory where this kernel has them",
] as const;
const RDT = [
  "runtime/update-rdt",
  "the group's schemata are written, and kept; taken back, they are as before",
] as const;
const LSM = [
  "live/cli-flags",
  "exec refuses a profile or label of a security module that the kernel does not have",
] as const;
const ON = ["vm/checkpoint", "a container goes on where it was, as another one, and leaves nothing"] as const;
const LEAVE = ["vm/checkpoint", "with --leave-running it goes on, and can be restored from where it was"] as const;
const PRE = ["vm/checkpoint", "memory that was written before is not written again"] as const;
const LOG = ["vm/checkpoint", "what CRIU does not do is told from its log, and the container goes on"] as const;
const FORE = ["vm/checkpoint", "in the foreground it has the caller's output, and ends as its process does"] as const;
const RESTORED = [
  "cli/checkpoint-options",
  "restore --tcp-established --ext-unix-sk --shell-job --auto-dedup --network-lock iptables",
] as const;
const FILES = ["live/update", "the files of the cgroups say the same as with runc, whatever is asked for"] as const;
const PLAN = [
  "live/cli-reading",
  "plan prints what a start would do, as text or JSON, and does nothing of it",
] as const;
const EXPLAIN = ["live/cli-reading", "explain tells the verdict of a bundle's profile, as text or JSON"] as const;
const VALIDATE = [
  "live/cli-reading",
  "validate tells every finding at once, and exits with 1; warnings alone are none",
] as const;
const EXEC = "live/exec-cases.ts";

export const GLOBAL_SHOWN: Shown = {
  "--root": [["live/cli", "without a root directory there are no containers"]],
  "--log": [["live/cli", "a failure is an error in the log, and told on stderr"]],
  "--log-format": [["live/cli", "a failure is an error in the log, and told on stderr"]],
  "--debug": [["live/cli-flags", "--debug has the log tell what was done, and how long it took"]],
  "--cgroup-manager": [["live/cli-flags", "--cgroup-manager disabled leaves the container in the caller's cgroup"]],
  "--systemd-cgroup": [
    ["live/systemd", "the container is in the unit's cgroup in every hierarchy, and nothing of it is left"],
  ],
  "--rootless": [
    ["live/cli-flags", "--rootless says whether a container may go without the cgroup that it may not have"],
  ],
  "--help": [["cli/help-bundle", "help is on stdout, with exit code 0, by every way to ask for it"]],
  "--version": [["live/cli-flags", "--version has a line each for name, commit and specification"]],
};

/** Those of create and run. */
const CREATE: Shown = {
  "--bundle": [["live/cli", "bundle and pid file are relative to the caller's directory"]],
  "--config": [["live/cli-flags", "--config is read in place of the bundle's config.json"]],
  "--console-socket": [
    ["live/terminal", "create sends the terminal, of the size that config.json asks for, to the console socket"],
  ],
  "--pid-file": [["live/conformance-state", "the pid of the state is the pid of the process, as in the pid file"]],
  "--pidfd-socket": [["live/cli-flags", "create sends a pidfd of the process to --pidfd-socket"]],
  "--preserve-fds": [["live/differential-program.ts", "--preserve-fds 2"]],
  "--no-pivot": [["live/differential-rootfs.ts", "--no-pivot"]],
  "--no-new-keyring": [
    [
      "live/conformance-process",
      "the container has a session keyring of its own, unless --no-new-keyring keeps the caller's",
    ],
  ],
};

export const COMMANDS_SHOWN: Readonly<Record<string, Shown>> = {
  create: { "": [["live/lifecycle", "create makes the container and does not run the program"]], ...CREATE },
  run: {
    "": [["live/cli", "signals to a run in the foreground reach the container's init"]],
    ...CREATE,
    "--detach": [["live/cli", "run --detach returns when the process runs"]],
    "--keep": [["live/cli", "run --keep leaves a stopped container, run without it leaves none"]],
    "--no-subreaper": [
      ["live/cli-flags", "--no-subreaper: an orphan is left to the caller's reaper, as it is without"],
    ],
  },
  start: { "": [["live/lifecycle", "create, state, start, kill and delete lead a container through its life"]] },
  state: { "": [["live/cli", "list and state have the keys of runc"]] },
  kill: {
    "": [["live/cli", "kill sends SIGTERM unless told, and refuses what is no signal"]],
    "--all": [["live/cli-flags", "kill --all reaches every process of the container, and kill the first alone"]],
    "--regex": [["live/cli-flags", "kill and delete with --regex mean every container that matches, and no other"]],
  },
  delete: {
    "": [["live/lifecycle", "delete removes what create made, and nothing else"]],
    "--force": [
      ["live/lifecycle", "a container that is only created can be deleted, and by force a running one and none at all"],
    ],
    "--regex": [["live/cli-flags", "kill and delete with --regex mean every container that matches, and no other"]],
  },
  exec: {
    "": [["live/exec", "the exit status is the process's, 128+n if signal n ended it, and 255 if there is none"]],
    "--console-socket": [
      [
        "live/console",
        "the terminal of a detached process goes to the console socket, of the size that its process asks for",
      ],
    ],
    "--pid-file": [["live/exec", "--detach returns at once, and --pid-file names the process"]],
    "--pidfd-socket": [["live/cli-flags", "exec sends a pidfd of the process to --pidfd-socket"]],
    "--preserve-fds": [["live/exec", "nothing but stdio and preserved descriptors is open, and all must be there"]],
    "--process": [[EXEC, "a process with a user of its own"]],
    "--tty": [["live/console", "keys reach the process, lines end as they should, and its exit status comes back"]],
    "--detach": [["live/exec", "--detach returns at once, and --pid-file names the process"]],
    "--cwd": [[EXEC, "--cwd"]],
    "--env": [[EXEC, "--env adds to the environment"]],
    "--user": [[EXEC, "--user UID:GID"]],
    "--additional-gids": [[EXEC, "--additional-gids are added"]],
    "--cap": [[EXEC, "--cap"]],
    "--no-new-privs": [[EXEC, "--no-new-privs"]],
    "--apparmor": [LSM],
    "--process-label": [LSM],
    "--cgroup": [
      ["live/exec-hostile", "a sub-cgroup is joined where it is asked for, and none outside of the container's"],
    ],
    "--ignore-paused": [["live/exec", "a paused container is joined only on request, and the process waits with it"]],
  },
  list: {
    "": [["live/cli", "without a root directory there are no containers"]],
    "--format": [["live/cli", "list and state have the keys of runc"]],
    "--quiet": [["live/cli-flags", "kill and delete with --regex mean every container that matches, and no other"]],
  },
  ps: {
    "": [["live/ps", "the table is that of ps(1), with the options that are asked for"]],
    "--format": [["live/ps", "JSON and table have runc's shape"]],
  },
  pause: { "": [["live/pause", "a paused container says so, does nothing, and goes on when it is resumed"]] },
  resume: { "": [["live/pause", "a paused container says so, does nothing, and goes on when it is resumed"]] },
  update: {
    "": [FILES],
    "--resources": [["live/update", "findings about resources name the file and the place in it, all at once"]],
    "--memory": [["live/update", "a raised memory limit lets a program live that was killed before"]],
    "--memory-reservation": [FILES],
    "--memory-swap": [FILES],
    "--pids-limit": [["live/update", "a raised pids limit lets a fork succeed"]],
    "--cpu-share": [FILES],
    "--cpu-quota": [["live/update", "a quota throttles who works longer"]],
    "--cpu-period": [FILES],
    "--cpu-rt-runtime": [REST],
    "--cpu-rt-period": [REST],
    "--cpuset-cpus": [["live/update", "a program is moved to the CPUs that are left"]],
    "--cpuset-mems": [FILES],
    "--blkio-weight": [REST],
    "--kernel-memory": [REST],
    "--kernel-memory-tcp": [REST],
    "--cpu-burst": [
      ["live/update", "burst and idle are in their files, and a weight goes back when it is idle no more"],
    ],
    "--cpu-idle": [
      ["live/update", "burst and idle are in their files, and a weight goes back when it is idle no more"],
    ],
    "--l3-cache-schema": [RDT],
    "--mem-bw-schema": [RDT],
  },
  events: {
    "": [["live/events", "use is told from time to time, memory that runs out each time, until the container ends"]],
    "--interval": [
      ["live/events", "use is told from time to time, memory that runs out each time, until the container ends"],
    ],
    "--stats": [["live/events", "events --stats is one line, and the container's own"]],
  },
  checkpoint: {
    "": [ON],
    "--image-path": [ON],
    "--work-path": [LOG],
    "--leave-running": [LEAVE],
    "--pre-dump": [PRE],
    "--parent-path": [PRE],
    "--file-locks": [LOG],
    "--tcp-established": [["cli/checkpoint-options", "checkpoint --tcp-established --tcp-skip-in-flight"]],
    "--tcp-skip-in-flight": [["cli/checkpoint-options", "checkpoint --tcp-established --tcp-skip-in-flight"]],
    "--ext-unix-sk": [["cli/checkpoint-options", "checkpoint --ext-unix-sk --shell-job --file-locks"]],
    "--shell-job": [["cli/checkpoint-options", "checkpoint --ext-unix-sk --shell-job --file-locks"]],
    "--lazy-pages": [["cli/checkpoint-options", "checkpoint --lazy-pages --status-fd 9"]],
    "--status-fd": [["cli/checkpoint-options", "checkpoint --lazy-pages --status-fd 9"]],
    "--page-server": [["cli/checkpoint-options", "checkpoint --page-server 10.0.0.1:27"]],
    "--manage-cgroups-mode": [["cli/checkpoint-options", "checkpoint --manage-cgroups-mode strict"]],
    "--empty-ns": [["cli/checkpoint-options", "checkpoint --empty-ns network --auto-dedup --link-remap"]],
    "--auto-dedup": [["cli/checkpoint-options", "checkpoint --empty-ns network --auto-dedup --link-remap"]],
    "--link-remap": [["cli/checkpoint-options", "checkpoint --empty-ns network --auto-dedup --link-remap"]],
    "--network-lock": [["cli/checkpoint-options", "checkpoint --network-lock nftables"]],
  },
  restore: {
    "": [ON],
    "--bundle": [ON],
    "--image-path": [ON],
    "--work-path": [LOG],
    "--file-locks": [LOG],
    "--detach": [ON],
    "--pid-file": [FORE],
    "--tcp-close": [["cli/checkpoint-options", "restore --tcp-close --lazy-pages"]],
    "--lazy-pages": [["cli/checkpoint-options", "restore --tcp-close --lazy-pages"]],
    "--lsm-profile": [["cli/checkpoint-options", "restore --lsm-profile apparmor:x --lsm-mount-context y"]],
    "--lsm-mount-context": [["cli/checkpoint-options", "restore --lsm-profile apparmor:x --lsm-mount-context y"]],
    "--manage-cgroups-mode": [["cli/checkpoint-options", "restore --manage-cgroups-mode ignore --empty-ns network"]],
    "--empty-ns": [["cli/checkpoint-options", "restore --manage-cgroups-mode ignore --empty-ns network"]],
    "--console-socket": [["cli/checkpoint-options", "restore --bundle b --pid-file p --console-socket s"]],
    "--tcp-established": [RESTORED],
    "--ext-unix-sk": [RESTORED],
    "--shell-job": [RESTORED],
    "--auto-dedup": [RESTORED],
    "--network-lock": [RESTORED],
    "--no-subreaper": [
      ["live/cli-flags", "--no-subreaper: an orphan is left to the caller's reaper, as it is without"],
    ],
    "--keep": [FORE],
    "--no-pivot": [["cli/checkpoint-options", "what CRIU does not know is refused (%#)"]],
  },
  spec: {
    "": [["live/cli-reading", "a container of what spec --rootless writes runs"]],
    "--bundle": [["live/cli-reading", "a container of what spec --rootless writes runs"]],
    "--file": [["live/cli-flags", "spec --file writes there, and nothing that is there already"]],
    "--rootless": [["live/cli-reading", "a container of what spec --rootless writes runs"]],
  },
  features: { "": [["live/cli", "a reader that goes away early is no error of ours to talk about"]] },
  plan: {
    "": [["live/plan-strace", "strace sees the plan of a terminal"]],
    "--bundle": [PLAN],
    "--exec": [["live/cli-reading", "plan --exec prints what an exec would do, and does nothing of it"]],
    "--format": [PLAN],
  },
  explain: { "": [EXPLAIN], "--bundle": [EXPLAIN], "--format": [EXPLAIN] },
  validate: { "": [VALIDATE], "--bundle": [VALIDATE] },
  completion: { "": [["cli/divided-bundle", "the parts share classes: an error of one is known to the other"]] },
};
