// SPDX-License-Identifier: Apache-2.0
/** The executable. */
import { cli } from "./cli.ts";

// What a command prints is out when it returns, and nothing that still waits for input may keep the process.
cli(process.argv.slice(2)).then((code) => process.exit(code));
