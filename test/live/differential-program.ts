// SPDX-License-Identifier: Apache-2.0
/** Differential cases of config.md#process: program, environment, working directory, and the streams it gets. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./differential.ts";

const PLACE_CASES: readonly Case[] = [
  {
    name: "a cwd that exists",
    edit: (spec) => {
      spec.process.cwd = "/home/user";
    },
  },
  {
    name: "a cwd that does not exist is made",
    edit: (spec) => {
      spec.process.cwd = "/srv/a/b/c";
    },
    ask: ["list=/srv"],
  },
  {
    name: "a cwd that does not exist is made for an ordinary uid",
    edit: (spec) => {
      spec.process.cwd = "/srv/a/b";
      spec.process.user = { uid: 1000, gid: 1000 };
    },
    ask: ["list=/srv", "try=/srv/a/b"],
  },
  {
    name: "a cwd in a mount",
    edit: (spec) => {
      spec.mounts.push({ destination: "/mnt", type: "tmpfs", source: "tmpfs" });
      spec.process.cwd = "/mnt/inside";
    },
    ask: ["list=/mnt"],
  },
  {
    name: "of two values for a variable the last one counts",
    edit: (spec) => {
      spec.process.env = ["PATH=/bin", "A=1", "B=2", "A=3", "EMPTY=", "EQUALS=a=b=c"];
    },
  },
  {
    name: "HOME comes from /etc/passwd",
    edit: (spec) => {
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  {
    name: "HOME of a uid that has no entry",
    edit: (spec) => {
      spec.process.user = { uid: 4242, gid: 4242 };
    },
  },
  {
    name: "HOME that is given stays",
    edit: (spec) => {
      spec.process.env?.push("HOME=/elsewhere");
    },
  },
  {
    name: "HOME that is empty",
    edit: (spec) => {
      spec.process.env?.push("HOME=");
    },
  },
  {
    name: "HOME without an /etc/passwd",
    edit: (spec, { rootfs }) => {
      renameSync(join(rootfs, "etc/passwd"), join(rootfs, "etc/passwd-"));
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  {
    name: "no env property",
    edit: (spec) => {
      delete spec.process.env;
    },
  },
  {
    name: "a program is looked up in the PATH of the container",
    edit: (spec, { rootfs }) => {
      renameSync(join(rootfs, "witness"), join(rootfs, "opt/witness"));
      mkdirSync(join(rootfs, "srv/witness"));
      spec.process.env = ["PATH=/srv:/nowhere:/opt:/bin"];
      spec.process.args[0] = "witness";
    },
  },
  {
    name: "a file that is not executable is passed over in the PATH",
    edit: (spec, { rootfs }) => {
      renameSync(join(rootfs, "witness"), join(rootfs, "opt/witness"));
      writeFileSync(join(rootfs, "srv/witness"), "", { mode: 0o644 });
      spec.process.env = ["PATH=/srv:/opt"];
      spec.process.args[0] = "witness";
    },
  },
  {
    name: "a relative program is looked up in the cwd",
    edit: (spec, { rootfs }) => {
      renameSync(join(rootfs, "witness"), join(rootfs, "opt/witness"));
      spec.process.cwd = "/opt";
      spec.process.args[0] = "./witness";
    },
  },
  {
    name: "arguments with spaces, quotes and other alphabets",
    ask: ["two words", 'a "quoted" one', "back\\slash", "žluťoučký kůň", ""],
  },
  {
    name: "a program that does not exist",
    edit: (spec) => {
      spec.process.args = ["/no/such/program"];
    },
    refused: true,
  },
  {
    name: "a directory as program",
    edit: (spec) => {
      spec.process.args = ["/etc"];
    },
    refused: true,
  },
];

/** The container is detached: its last line is waited for. */
const FILES = `"$@" < config.json > out 2> err; status=$?; cat err >&2
for i in 1 2 3 4 5 6 7 8 9; do if tail -n 1 out | grep -q '}$'; then break; fi; sleep 0.1; done
cat out; exit $status`;

/** crun gives even the host's /dev/null to the user of the container, for all who look at it then. */
const OWN_NULL = "mknod --mode=666 null c 1 3; mount --bind null /dev/null";

const STREAM_CASES: readonly Case[] = [
  { name: "standard input is /dev/null", prelude: OWN_NULL, wrap: 'exec "$@" < /dev/null' },
  { name: "standard streams are pipes", wrap: ': | "$@" 2>&1 | cat' },
  { name: "standard streams are files", wrap: FILES },
  {
    name: "standard streams are pipes and the uid is an ordinary one",
    wrap: ': | "$@" 2>&1 | cat',
    edit: (spec) => {
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  {
    name: "standard streams are /dev/null and the uid is an ordinary one",
    prelude: OWN_NULL,
    wrap: 'exec "$@" < /dev/null 2> /dev/null',
    edit: (spec) => {
      spec.process.user = { uid: 1000, gid: 1000 };
    },
  },
  { name: "other files of the caller are closed", wrap: 'exec 3< /etc/passwd 7< /; exec "$@"' },
  { name: "--preserve-fds 2", wrap: 'exec 3< /etc/passwd 4> /dev/null; exec "$@"', options: ["--preserve-fds", "2"] },
  {
    name: "LISTEN_FDS of the caller",
    wrap: 'exec 3< /etc/passwd; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"',
  },
  { name: "the caller's environment stays outside", wrap: 'SECRET=1 exec "$@"' },
];

export const PROGRAM_CASES: readonly Case[] = [...PLACE_CASES, ...STREAM_CASES];
