// SPDX-License-Identifier: Apache-2.0
/** What a file of /proc/PID/ns is. ioctl_ns(2). */
import { ERRNO } from "../kernel/errno.ts";
import { NS } from "../kernel/ioctl.ts";
import { must } from "./call.ts";
import type { Fd } from "./fd.ts";
import { ioctlCall } from "./ioctl.ts";

/** `ioctl(fd, NS_GET_NSTYPE)` → the CLONE_NEW flag of the namespace; undefined if the file is not a namespace. */
export function namespaceType(fd: Fd): number | undefined {
  const result = ioctlCall(fd, NS.NS_GET_NSTYPE, null);
  if (result === -ERRNO.ENOTTY || result === -ERRNO.EINVAL) return undefined;
  return must(result, () => `ioctl(${fd}, NS_GET_NSTYPE)`);
}

/**
 * `ioctl(fd, NS_GET_USERNS)` → the user namespace that owns this one
 *
 * Undefined if the kernel does not tell: EPERM, the owner is outside of the caller's own user namespace.
 */
export function owningUserNamespace(fd: Fd): Fd | undefined {
  const result = ioctlCall(fd, NS.NS_GET_USERNS, null);
  if (result === -ERRNO.EPERM) return undefined;
  return must(result, () => `ioctl(${fd}, NS_GET_USERNS)`) as Fd;
}
