// SPDX-License-Identifier: Apache-2.0
/** Configuration of the engines as docs/engines.md has users write it. */
import { readFileSync } from "node:fs";

export function page(): string {
  return readFileSync(new URL("../../../docs/engines.md", import.meta.url), "utf8");
}

/** A piece of configuration in docs/engines.md: the fenced block below the line that names its file. */
export function pageSnippet(file: string): string {
  const [, snippet] = new RegExp(`\`[^\`\n]*${file}\`[^\n]*:\n\n\`\`\`\\w+\n([^]*?)\`\`\``).exec(page()) ?? [];
  if (snippet === undefined) throw new Error(`docs/engines.md has no snippet of ${file}`);
  return snippet;
}
