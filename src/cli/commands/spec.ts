// SPDX-License-Identifier: Apache-2.0
/** `tsrun spec`: a config.json to begin with. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { HostError } from "../../errors/errors.ts";
import type { Invocation } from "../command.ts";
import { specDocument } from "../spec-document.ts";

export async function perform({ options }: Invocation<"spec">): Promise<number> {
  const { bundle = ".", rootless } = options;
  const ids = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const file = options.file ?? join(bundle, "config.json");
  const text = `${JSON.stringify(specDocument(rootless ? ids : undefined), null, "\t")}\n`;
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o644 });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EEXIST") throw error;
    throw new HostError(`${file} exists: remove it first`);
  }
  return 0;
}
