// SPDX-License-Identifier: Apache-2.0
/** Finds the sentences of the specification that carry a keyword of RFC 2119. */

export const DOCUMENTS = ["spec.md", "bundle.md", "runtime.md", "runtime-linux.md", "config.md", "config-linux.md"];

/** Plain text of each section: `file.md#heading` -> text. Examples belong to the section that they illustrate. */
export function sections(document: string, markdown: string): ReadonlyMap<string, string> {
  const lines = new Map<string, string[]>();
  let name = `${document}#`;
  let code = false;
  for (const line of markdown.split("\n")) {
    if (/^\s*```/.test(line)) code = !code;
    else if (!code) {
      const heading = /^#+\s+(?:<a name="[^"]*"\s*\/>)?\s*(.+)$/.exec(line)?.[1];
      if (heading === undefined) lines.set(name, [...(lines.get(name) ?? []), line]);
      else if (!/^example|^moving a device/i.test(heading)) name = `${document}#${anchor(heading)}`;
    }
  }
  return new Map([...lines].map(([key, text]) => [key, plain(text.join("\n"))]));
}

/** The keywords of a section's text that no quotation covers, each with the words around it. */
export function uncovered(text: string, quotations: readonly string[]): readonly string[] {
  const covered = quotations.flatMap((quotation) => occurrences(text, quotation));
  return Array.from(text.matchAll(/\b(?:MUST|REQUIRED|SHALL)\b/g))
    .filter(({ index }) => !covered.some(([start, end]) => start <= index && index < end))
    .map(({ index }) => text.slice(Math.max(0, index - 60), index + 80));
}

/** Text without links, emphasis and line ends. */
function plain(markdown: string): string {
  return markdown
    .replace(/\[([^\]^]+)\](?:\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replace(/\*+/g, "")
    .replace(/\s+/g, " ");
}

function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .trim()
    .replace(/ /g, "-");
}

function occurrences(text: string, quotation: string): readonly [number, number][] {
  const found: [number, number][] = [];
  for (let at = text.indexOf(quotation); at >= 0; at = text.indexOf(quotation, at + 1)) {
    found.push([at, at + quotation.length]);
  }
  return found;
}
