// SPDX-License-Identifier: Apache-2.0
import { expect, test } from "vitest";
import { hintFor } from "../../src/errors/hints.ts";

const TOLD: readonly (readonly [line: string, errno: string, hint: RegExp])[] = [
  ['mount("a", "/b", NULL, MS_BIND, NULL)', "ENOSPC", /too many mounts.*not a full disk.*fs\.mount-max/],
  ["clone(child_stack=NULL, flags=CLONE_NEWUSER|SIGCHLD)", "EPERM", /user namespaces/],
  ["unshare(CLONE_NEWNS|CLONE_NEWPID)", "EPERM", /CAP_SYS_ADMIN.*\{"type": "user"\}/],
  ["unshare(CLONE_NEWTIME)", "EINVAL", /built without/],
  ["clone3({flags=CLONE_NEWUSER}, 88)", "ENOSPC", /user\.max_\*_namespaces/],
  ["clone3({flags=CLONE_NEWUSER}, 88)", "EUSERS", /user\.max_\*_namespaces/],
  ["clone3({flags=CLONE_NEWPID}, 88)", "EAGAIN", /pids\.max/],
  ['fsopen("proc", FSOPEN_CLOEXEC)', "EPERM", /pid namespace/],
  ['mount("sysfs", "/sys", "sysfs", MS_NOSUID, NULL)', "EPERM", /network namespace/],
  ['mount("mqueue", "/dev/mqueue", "mqueue", 0, NULL)', "EPERM", /ipc namespace/],
  ['write("/proc/7/uid_map", "0 1000 2\\n", 9)', "EPERM", /newuidmap/],
  ['execve("/bin/app", ["/bin/app"], [])', "ENOENT", /interpreter.*loader.*CRLF/],
  ['execveat(3, "", [], [], AT_EMPTY_PATH)', "ENOEXEC", /another architecture/],
  ['pivot_root(".", ".")', "EINVAL", /--no-pivot/],
  ['openat(5, "cgroup.procs", O_WRONLY)', "EACCES", /deleg/],
  ['write(5</sys/fs/cgroup/x/cgroup.procs>, "0", 1)', "EBUSY", /passed on to its children/],
  ['write(5</sys/fs/cgroup/x/cgroup.procs>, "0", 1)', "EOPNOTSUPP", /threaded/],
  ['mknodat($dev, "null", S_IFCHR|0666, makedev(0x1, 0x3))', "EPERM", /user namespace/],
  [
    'move_mount($tree, "", $target, "", MOVE_MOUNT_F_EMPTY_PATH)  # /mounts/3',
    "EINVAL",
    /other kind.*rootfsPropagation/,
  ],
  ['move_mount($tree, "", $target, "", MOVE_MOUNT_F_EMPTY_PATH)  # /process/terminal', "EINVAL", /\/dev\/console/],
  ['statx($dev, "null", AT_SYMLINK_NOFOLLOW, STATX_TYPE, {...})  # ', "EEXIST", /in the rootfs already/],
  ['statx($tree, "", AT_EMPTY_PATH, STATX_TYPE, {...})  # ', "EEXIST", /from the host.*1:3 is null/],
  ['statx($null, "", AT_EMPTY_PATH, STATX_TYPE, {...})  # /linux/maskedPaths', "EEXIST", /\/dev\/null of the host/],
  ['statx($master, "", AT_EMPTY_PATH, STATX_TYPE, {...})  # /process/terminal', "EEXIST", /devpts/],
  ['unlinkat($dev, "ptmx", 0)  # ', "EISDIR", /\/dev\/ptmx of the rootfs is a directory/],
  ["setgroups(1, [5])", "EPERM", /setgroups is denied/],
  ['memfd_create("init", MFD_EXEC)', "EACCES", /vm\.memfd_noexec/],
  ['fsconfig($fs, FSCONFIG_SET_STRING, "sise", "1k", 0)', "EINVAL", /does not know this option/],
  ["fsconfig($fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)", "EINVAL", /together/],
  ['write($file, "exec none", 9) # /process/apparmorProfile', "ENOENT", /not loaded/],
  ['write($file, "a:b:c", 5) # /process/selinuxLabel', "EINVAL", /policy/],
  ["sched_setattr(0, {size=56, sched_policy=SCHED_RR}, 0)", "EPERM", /realtimeRuntime/],
  ["sched_setattr(0, {size=56, sched_policy=SCHED_OTHER}, 0)", "EPERM", /nice/],
  ["ioprio_set(IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_RT, 0))", "EPERM", /IOPRIO_CLASS_BE/],
  ["set_mempolicy(MPOL_BIND, [0x00000000000002], 65)", "EINVAL", /cpuset/],
  ["prlimit64(0, RLIMIT_NOFILE, {rlim_cur=1, rlim_max=9}, NULL)", "EPERM", /CAP_SYS_RESOURCE/],
  ['sethostname("a", 1)', "EPERM", /uts/],
  ["fsconfig($fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0)", "EPERM", /proc needs a pid namespace/],
  ["fsmount($fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID)", "EPERM", /visible/],
  ['faccessat2(AT_FDCWD, "/bin/app", X_OK, AT_EACCESS)', "ENOENT", /no such program/],
  ['write($file, "-500", 4)  # /process/oomScoreAdj', "EACCES", /CAP_SYS_RESOURCE/],
  ['write($file, "0", 1)  # /linux/sysctl/net.ipv4.ip_forward', "EINVAL", /value/],
  ['openat2($proc, "sys/kernel/domainname", {flags=O_WRONLY}, 24)', "EROFS", /belongs to the host/],
  ['write($procs, "0", 1)  # /linux/cgroupsPath', "EBUSY", /passed on to its children/],
  ['write("/sys/fs/cgroup/cgroup.subtree_control", "+pids")', "EACCES", /Delegate=yes/],
  ['write("/sys/fs/cgroup/devices/a/devices.allow", "c 1:11 r")', "EPERM", /devices\.list/],
  ['write("/sys/fs/cgroup/devices/a/devices.deny", "a *:* rwm")', "EINVAL", /cgroups below/],
  ["bpf(BPF_PROG_LOAD, {insn_cnt=57}, 128)", "EPERM", /CAP_SYS_ADMIN/],
  ["bpf(BPF_PROG_LOAD, {insn_cnt=57}, 128)", "E2BIG", /too many rules/],
  ['write("/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "1")', "ENOENT", /does not offer/],
  ['write("/sys/fs/cgroup/cpuset/a/cpuset.cpus", "99")', "EINVAL", /does not accept this value/],
  ['write("/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1")', "EBUSY", /uses more memory/],
  ['write("/sys/fs/cgroup/a/io.max", "8:0 rbps=1")', "ENODEV", /no block device/],
  ['write("/sys/fs/cgroup/blkio/a/blkio.bfq.weight_device", "8:0 1")', "EOPNOTSUPP", /BFQ/],
  ['net_prio.ifpriomap("eth9 1")', "ENODEV", /interface/],
  ['memory.swap.max("0")', "ENOENT", /does not count swap/],
  ['write("/sys/fs/cgroup/a/hugetlb.3MB.max", "0")', "ENOENT", /does not offer/],
  ['cgroup.subtree_control("+io")', "EOPNOTSUPP", /threaded/],
];

test.each(TOLD)("%s = -1 %s is explained", (line, errno, hint) => {
  expect(hintFor(line.slice(0, line.indexOf("(")), errno, line)).toMatch(hint);
});

test.each([
  ["mount", "ENOENT", 'mount("a", "/b", NULL, MS_BIND, NULL)'],
  ["close", "EPERM", "close(3)"],
  ["write", "EBUSY", 'write(5, "x", 1)'],
  ["openat", "EACCES", 'openat(AT_FDCWD, "/home/me/file", O_RDONLY)'],
  ["", "", ""],
])("%s with %s speaks for itself", (call, errno, line) => {
  expect(hintFor(call, errno, line)).toBeUndefined();
});
