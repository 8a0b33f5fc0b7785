// SPDX-License-Identifier: Apache-2.0
/** The executable. */
import { isLoaded } from "../native/addon.ts";
import { _exit } from "../native/process.ts";
import { cli } from "./cli.ts";

// What a command prints is out when it returns, and nothing that still waits for input may keep the process.
cli(process.argv.slice(2)).then(leave);

/** As process.exit, but without the engine's tidying up of memory that ends with us anyway, where libc is at hand. */
function leave(code: number): void {
  if (!isLoaded()) process.exit(code);
  process.emit("exit", code);
  _exit(code);
}
