// SPDX-License-Identifier: Apache-2.0
/** Features of config.md. */
import { both, shown } from "../conformance/row.ts";
import { type Chapter, feature, onKernel } from "./row.ts";

const RULES = "config/rules.test.ts";
const OPTIONS = "live/conformance-mount-options.test.ts";
const MOUNTS = "live/conformance-mounts.test.ts";
const BINDS = "live/differential-mounts.ts";
const ROOTFS = "live/differential-rootfs.ts";
const PROCESS = "live/conformance-process.test.ts";
const LIKE_RUNC = "live/differential-process.ts";
const PROGRAM = "live/differential-program.ts";
const NAMES = "live/differential-kernel.ts";
const SCHEDULING = "live/conformance-scheduling.test.ts";
const IDMAP = "live/idmap.test.ts";
const TERMINAL = "live/terminal.test.ts";
const HOOKS = "live/hooks.test.ts";
const FAILING_HOOKS = "live/hooks-failure.test.ts";
const FIELD = "live/field.test.ts";
const FEATURES = "field/features.test.ts";
const LSM = "cases/lsm.md";

export const MOUNT_FEATURES: Chapter = {
  title: "Root and mounts",
  number: "1.1",
  features: [
    feature(
      ["`ociVersion`", "`ociVersion` check"],
      "SemVer, any 1.x; a newer minor version is warned of",
      shown(RULES, "the version is no SemVer", "the version is 0.x", "a version to come"),
    ),
    feature(
      "`root.path`, `root.readonly`",
      "a directory, opened once; read-only by the attributes of its mount",
      both(
        shown(MOUNTS, "a read-only root cannot be written", "a root that is not a directory is refused: a file"),
        shown(ROOTFS, "root.readonly", "root.path is absolute"),
      ),
    ),
    feature("`mounts` absent", "no mount but the root", shown(BINDS, "no mounts at all")),
    feature(
      "relative mount destination",
      "taken as relative to /, with a warning",
      both(shown(MOUNTS, "a relative destination is relative to /"), shown(RULES, "a relative destination")),
    ),
    feature(
      ["bind mount with options for a filesystem", "bind mount with fs data options"],
      "refused: they would change the filesystem for all who have it mounted",
      shown(RULES, "a bind mount with data"),
    ),
    feature(
      ["mount options that are a MUST", "MUST mount options, plain set"],
      "each is an attribute of the mount or a flag of the filesystem; of two opposites the later counts",
      both(
        shown(OPTIONS, "the option nosuid", "the option strictatime", "the option dirsync", "the option rbind"),
        shown(OPTIONS, "the option ro is taken back by the later rw", "the option remount"),
        shown(FEATURES, "each validates and compiles, on a bind mount and on a filesystem"),
      ),
    ),
    feature(
      ["propagation, alone and recursive", "propagation options (8)"],
      "in the listed order, after the mount is made",
      shown(OPTIONS, "the option rslave", "the option shared", "the option unbindable", "the option runbindable"),
    ),
    feature(
      ["`iversion`, `noiversion`", "`iversion/noiversion"],
      "by mount(2), which alone can say them",
      both(
        shown(OPTIONS, "the option iversion", "the option noiversion"),
        shown("cases/mount-options.md", "what only mount(2) can say goes by mount(2)"),
      ),
    ),
    feature(
      ["`lazytime`, `nolazytime`", "`lazytime/nolazytime"],
      "a flag of the filesystem",
      shown(
        OPTIONS,
        "the option lazytime",
        "the option nolazytime",
        "the option lazytime is taken back by the later nolazytime",
      ),
    ),
    feature(
      ["`silent`, `loud`", "`silent/loud"],
      "by mount(2)",
      shown(OPTIONS, "the option silent", "the option loud"),
    ),
    feature(
      ["`nosymfollow`, `symfollow`", "`nosymfollow/symfollow"],
      "an attribute of the mount",
      shown(FIELD, "nosymfollow lets no symlink of a filesystem be followed, and symfollow takes it back"),
    ),
    feature(
      ["recursive attributes: `rro`, `rnosuid`, `rnoexec`, `rnoatime` and the others", "recursive `rro rrw rnosuid"],
      "mount_setattr(2) with AT_RECURSIVE",
      both(
        shown(FIELD, "recursive options change a mount and what is mounted below it"),
        shown(BINDS, "rbind and rro", "rbind with rnosuid, rnodev and rnoexec"),
      ),
    ),
    feature(
      ["`rnosymfollow`, `rsymfollow`", "`rnosymfollow/rsymfollow"],
      "the same",
      shown(FIELD, "recursive options change a mount and what is mounted below it"),
    ),
    feature(
      ["`tmpcopyup`", "`tmpcopyup` (MAY)"],
      "what the tmpfs covers is copied into it, with owners and modes",
      both(
        shown(BINDS, "tmpfs with tmpcopyup"),
        shown(
          "live/mount-corners.test.ts",
          "tmpcopyup keeps owners and modes, and a set-group-ID directory has it to itself",
        ),
      ),
    ),
    feature(
      ["`idmap`, `ridmap`, `uidMappings` and `gidMappings` of a mount", "`idmap` / `ridmap`"],
      "bind mounts and filesystems, with mappings of their own or the container's; an ordinary user's filesystems, too",
      both(
        shown(IDMAP, "a bind mount with mappings of its own shows and takes the mapped owners"),
        shown(IDMAP, "without mappings of its own, idmap takes those of the container's user namespace"),
        shown(
          IDMAP,
          "a tmpfs with mapped ids is made, and belongs to the container's root",
          "crun sees the same owners",
        ),
        shown(IDMAP, "an ordinary user maps a tmpfs, in the ids that the container has"),
      ),
    ),
    onKernel(
      "CONFIG_SECURITY_SELINUX",
      feature(
        ["`mountLabel`", "`mountLabel`/SELinux"],
        "the context of each filesystem that is mounted",
        both(shown(LSM, "a label of SELinux for what is mounted", "no label for mounts without SELinux")),
      ),
    ),
  ],
};

export const PROCESS_FEATURES: Chapter = {
  title: "Process, hooks and the rest",
  number: "1.2",
  features: [
    feature(
      ["`process.terminal`, `--console-socket`", "`process.terminal` + `--console-socket`"],
      "a pty of the container's own devpts; in the foreground it is relayed, and follows the size",
      both(
        shown(TERMINAL, "the container has a terminal at stdin, stdout and stderr, and controls it"),
        shown(TERMINAL, "the container's terminal has our size from the start, and follows it"),
        shown(TERMINAL, "create sends the terminal, of the size that config.json asks for, to the console socket"),
      ),
    ),
    feature(
      "`consoleSize`",
      "set before the program starts; ignored without a terminal",
      both(
        shown(TERMINAL, "run sends the terminal, of the size that config.json asks for, to the console socket"),
        shown(PROCESS, "consoleSize without a terminal is ignored"),
      ),
    ),
    feature(
      ["`cwd`, made if it is missing", "`cwd` (create if missing)"],
      "entered as root, and checked again as the user",
      shown(PROGRAM, "a cwd that does not exist is made", "a cwd that does not exist is made for an ordinary uid"),
    ),
    feature(
      "`env`, `args`, PATH lookup",
      "in the container, as the user",
      both(
        shown(
          PROGRAM,
          "a program is looked up in the PATH of the container",
          "of two values for a variable the last one counts",
        ),
        shown(PROCESS, "the program is looked up in PATH"),
      ),
    ),
    feature(
      "`rlimits`",
      "64 bits; a type that is listed twice is refused; hard limits are raised with the host's capabilities",
      both(
        shown(PROCESS, "rlimits are what the configuration says"),
        shown(RULES, "limits, unknown and doubled"),
        shown(LIKE_RUNC, "RLIM_INFINITY, 18446744073709551615"),
        shown("vm/rlimits.test.ts", "hard limits are raised above those of the runtime"),
      ),
    ),
    onKernel(
      "CONFIG_SECURITY_APPARMOR",
      feature(
        "`apparmorProfile`",
        "written through the host's procfs, for execve(2)",
        both(
          shown(LSM, "a profile of AppArmor", "a kernel without them"),
          shown(
            "vm/apparmor.test.ts",
            "a profile that is not loaded ends the start, and the error tells where to look",
          ),
        ),
      ),
    ),
    onKernel(
      "CONFIG_SECURITY_SELINUX",
      feature(
        "`selinuxLabel`",
        "of the process and of its keys",
        both(
          shown(LSM, "a label of SELinux, of the process and of its keys"),
          shown(PROCESS, "a profile or label of a security module that the kernel does not have is refused"),
        ),
      ),
    ),
    feature(
      ["`capabilities`, five sets", "`capabilities` 5 sets"],
      "exactly those listed; an unknown one is warned of",
      both(
        shown(PROCESS, "capability sets are what the configuration says"),
        shown(PROCESS, "an unknown capability is warned of, and the container runs"),
        shown(LIKE_RUNC, "one ambient capability among several", "inheritable without ambient"),
      ),
    ),
    feature(
      "`noNewPrivileges`",
      "true sets it; false is as good as absent",
      both(
        shown(LIKE_RUNC, "noNewPrivileges true", "noNewPrivileges false"),
        shown(
          "live/seccomp.test.ts",
          "the program has the capabilities of config.json, whether or not the filter needed another",
        ),
      ),
    ),
    feature(
      "`oomScoreAdj`",
      "written with the host's capabilities; absent, it is the caller's",
      both(shown(LIKE_RUNC, "oomScoreAdj 500"), shown(PROCESS, "oomScoreAdj is set when the configuration says so")),
    ),
    feature(
      ["`scheduler`, flags and SCHED_DEADLINE included", "`scheduler` incl. flags"],
      "sched_setattr(2), in the container's cgroup",
      both(
        shown(
          SCHEDULING,
          "the scheduler is what the configuration says",
          "real-time policies are what the configuration says",
        ),
        shown("cases/scheduling.md", "a deadline", "a policy that stays as it is"),
      ),
    ),
    feature("`ioPriority`", "ioprio_set(2)", shown(SCHEDULING, "the I/O priority is what the configuration says")),
    feature(
      ["`execCPUAffinity`", "`execCPUAffinity` initial/final"],
      "initial before the cgroup is joined, final after it; the init's CPUs stay",
      both(
        shown("live/exec-options.test.ts", "execCPUAffinity is for those that join, and not for the init"),
        shown("compile/exec.test.ts", "CPUs are chosen before the cgroup is joined, and again after it"),
        shown(SCHEDULING, "execCPUAffinity does not change the CPUs of the container's init"),
      ),
    ),
    feature(
      ["`user`: uid, gid, additionalGids, umask", "`user.uid/gid/additionalGids/umask`"],
      "an absent umask is 0022, as with runc and crun",
      both(
        shown(LIKE_RUNC, "user.uid and user.gid", "user.additionalGids", "user.umask 0077"),
        shown(LIKE_RUNC, "the caller's umask is not the container's"),
      ),
    ),
    feature(
      "`hostname`, `domainname`",
      "only in a UTS namespace of the container's",
      both(
        shown(NAMES, "hostname of 64 letters", "no hostname"),
        shown("cases/namespaces.md", "names of the host and the domain"),
        shown(RULES, "a host name without namespace"),
      ),
    ),
    feature(
      ["hooks of all six kinds", "hooks: prestart"],
      "each at its moment, in its namespaces, with the state on stdin",
      both(
        shown(HOOKS, "hooks are called in the listed order, each kind at its moment", "hooks see what runc's see"),
        shown(HOOKS, "hooks are executed in the namespaces of their kind"),
        shown(HOOKS, "what createContainer hooks mount is in the container, whose root is read-only by then"),
      ),
    ),
    feature(
      "hook `timeout`",
      "the hook and what it has begun are killed",
      shown(FAILING_HOOKS, "a poststart hook that runs past its timeout is killed, with what it has begun"),
    ),
    feature(
      ["poststart failure ends the container", "poststart failure"],
      "stop, delete and the poststop hooks, as runtime-spec 1.3 has it",
      shown(
        FAILING_HOOKS,
        "a poststart hook that fails is an error and the end of the container, and poststop hooks follow",
      ),
    ),
    feature(
      "annotations",
      "kept in the state; org.systemd.property. sets properties of the unit",
      both(
        shown("live/conformance-state.test.ts", "annotations are in the state as the configuration has them"),
        shown("vm/systemd.test.ts", "annotations set properties of the unit"),
        shown("cgroup/systemd-variant.test.ts", "of that prefix are properties, others are not"),
      ),
    ),
    feature(
      "unknown properties ignored",
      "wherever they are",
      both(
        shown(PROCESS, "unknown properties are ignored"),
        shown("conformance/invalid.test.ts", "unknown properties are ignored"),
      ),
    ),
    feature(
      ["`vm`", "`vm` object"],
      "told to have no effect: it is for runtimes that start virtual machines",
      shown(RULES, "virtual machines and other platforms"),
    ),
    feature(
      "`org.opencontainers.image.stopSignal`",
      "what `kill` sends when it is told no signal",
      both(
        shown("live/lifecycle.test.ts", "kill without a signal sends the one that the image wants to be ended by"),
        shown(RULES, "a stop signal that is none"),
      ),
    ),
  ],
};
