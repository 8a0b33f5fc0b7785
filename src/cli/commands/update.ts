// SPDX-License-Identifier: Apache-2.0
/** `tsrun update`: other limits for a container, as runc has it. */
import { readFileSync } from "node:fs";
import type { Resources } from "../../config/config.ts";
import { parseDocument } from "../../config/parse.ts";
import { UsageError } from "../../errors/errors.ts";
import type { Invocation } from "../command.ts";
import { askedBy, FLAG_NAMES, givenIn } from "../update-options.ts";

export async function perform({ options, args: [id = ""], context }: Invocation<"update">): Promise<number> {
  const { intelRdt = {}, ...limits } = askedBy(options);
  const file = options.resources ?? "";
  if (file === "") {
    const source = { file: "options", names: FLAG_NAMES };
    await (await context.runtime()).update(id, limits as Resources, { source, intelRdt });
    return 0;
  }
  for (const flag of givenIn(options)) {
    if (!flag.endsWith("-schema")) context.log.warn(`--${flag} is ignored: --resources says what is to be`);
  }
  const schemas = Object.entries(FLAG_NAMES).filter(([place]) => place.startsWith("/intelRdt/"));
  const source = { file: file === "-" ? "standard input" : file, names: Object.fromEntries(schemas) };
  const resources = parseDocument(read(file), source.file) as Resources;
  await (await context.runtime()).update(id, resources, { source, intelRdt });
  return 0;
}

const STDIN = 0;

function read(file: string): string {
  try {
    return readFileSync(file === "-" ? STDIN : file, "utf8");
  } catch (error) {
    throw new UsageError(
      "--resources",
      `--resources ${file}: cannot be read: ${(error as NodeJS.ErrnoException).code}`,
    );
  }
}
