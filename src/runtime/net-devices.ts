// SPDX-License-Identifier: Apache-2.0
/** The move of a network device, which only who has rights over both network namespaces can make. rtnetlink(7). */
import { SyscallError } from "../errors/errors.ts";
import { hintFor } from "../errors/hints.ts";
import { errnoName, errnoText } from "../kernel/errno.ts";
import { errorOf, moveLink } from "../kernel/netlink.ts";
import { rtnetlink } from "../native/netlink.ts";
import { printAct } from "../plan/print-act.ts";
import type { Act } from "../plan/step.ts";

/** SyscallError with the errno of the kernel's answer. */
export function performMove(step: Extract<Act, { act: "move-link" }>, init: number): void {
  const [reply] = rtnetlink(moveLink(step.index, init, step.passing));
  const errno = reply === undefined ? 0 : errorOf(reply);
  if (errno === 0) return;
  const name = errnoName(errno);
  const line = printAct(step, {});
  throw new SyscallError(line, name, {
    text: `${errnoText(name)}, for ${step.from}`,
    hint: hintFor("sendto", name, line),
  });
}
