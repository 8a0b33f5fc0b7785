// SPDX-License-Identifier: Apache-2.0
/** `tsrun features`: features.md. */

import type { Invocation } from "../command.ts";
import { featuresDocument } from "../features-document.ts";
import { print } from "../output.ts";

export async function perform(_: Invocation<"features">): Promise<number> {
  print(`${JSON.stringify(featuresDocument(), null, 4)}\n`);
  return 0;
}
