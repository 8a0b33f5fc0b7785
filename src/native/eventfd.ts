// SPDX-License-Identifier: Apache-2.0
/** Counters that the kernel adds to, and whose readers can be woken. eventfd(2). */
import { readSync } from "node:fs";
import { O } from "../kernel/open.ts";
import { libcCall, must } from "./call.ts";
import type { Fd } from "./fd.ts";

const eventfdCall = libcCall("eventfd", "int", ["uint", "int"]);

/** `eventfd(0, EFD_CLOEXEC|EFD_NONBLOCK)` → fd, readable while the counter is not 0. The flags are those of open(2). */
export function eventfd(): Fd {
  return must(eventfdCall(0, O.O_CLOEXEC | O.O_NONBLOCK), () => "eventfd(0, EFD_CLOEXEC|EFD_NONBLOCK)") as Fd;
}

/** `read(fd, &counter, 8)` → what was added since the last time. */
export function readEvents(fd: Fd): bigint {
  const counter = Buffer.alloc(8);
  try {
    readSync(fd, counter, 0, counter.length, null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
  }
  return counter.readBigUInt64LE();
}
