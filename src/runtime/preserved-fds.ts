// SPDX-License-Identifier: Apache-2.0
/** `--preserve-fds`: the descriptors that the caller passed must be there, and be the caller's. */
import { readlinkSync } from "node:fs";
import { UsageError } from "../errors/errors.ts";

// What Node opens for itself while it starts. A caller has no use for passing one of these on.
const OWN = /^anon_inode:\[(eventpoll|eventfd|io_uring|timerfd)\]$/;

/** UsageError: one of the descriptors 3 to 2+count is not open, or is one of Node's own. */
export function checkPreserved(count: number): void {
  const links = Array.from({ length: count }, (_, index) => linkOf(3 + index));
  const pipes = new Set(count === 0 ? [] : selfPipes());
  links.forEach((link, index) => {
    if (link !== undefined && !OWN.test(link) && !pipes.has(link)) return;
    throw new UsageError("--preserve-fds", `--preserve-fds ${count}: file descriptor ${3 + index} was not passed`);
  });
}

/** Pipes of which both ends are ours: Node's way of waking itself. */
function selfPipes(): string[] {
  const seen = new Map<string, number>();
  for (let fd = 3; fd < 64; fd++) {
    const link = linkOf(fd);
    if (link?.startsWith("pipe:")) seen.set(link, (seen.get(link) ?? 0) + 1);
  }
  return [...seen].filter(([, times]) => times > 1).map(([link]) => link);
}

function linkOf(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}
