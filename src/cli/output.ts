// SPDX-License-Identifier: Apache-2.0
/** Writing text to a descriptor so that it is out when the call returns: process.exit(3) may follow. write(2). */
import { writeSync } from "node:fs";

export function print(text: string): void {
  writeAll(STDOUT, text);
}

const STDOUT = 1;

/** Writes all of it, whatever the pipe takes at a time. Errors are those of write(2), but EAGAIN. */
export function writeAll(fd: number, text: string | Uint8Array): void {
  let bytes = typeof text === "string" ? Buffer.from(text, "utf8") : text;
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      // Somebody shares the pipe and made it non-blocking. Wait a little for the reader.
      if (!(error instanceof Error) || !("code" in error) || error.code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

const RETRY_MS = 2;
