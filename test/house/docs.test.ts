// SPDX-License-Identifier: Apache-2.0
/** What the pages point to is there. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesIn, ROOT, read } from "./tree.ts";

const PAGES = filesIn(".", /\.md$/);

describe.each(PAGES)("%s", (page) => {
  const text = withoutCode(read(page));

  test("has links that lead somewhere", () => {
    const missing = linksIn(text).filter((link) => !leadsSomewhere(page, link));
    expect(missing).toEqual([]);
  });

  test("names no place of the machine that it was written on", () => {
    if (ROOT.split("/").length > 2) expect(read(page)).not.toContain(ROOT);
  });
});

test("each npm script that a page names exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = PAGES.flatMap((page) => Array.from(read(page).matchAll(/\bnpm run ([\w:-]+)/g), (m) => m[1] ?? ""));
  expect([...new Set(named)].filter((name) => !(name in scripts))).toEqual([]);
});

test("links and headings are read as a page shows them", () => {
  expect(linksIn("[a](b.md) and ![c](d.png 'e') and [f][g]\n\n[g]: h.md#i\n")).toEqual(["b.md", "d.png", "h.md#i"]);
  expect(linksIn(withoutCode("`[a](b.md)`\n```\n[c](d.md)\n```\n"))).toEqual([]);
  expect(anchorsOf("# The *plan*, readable\n## The plan\n## The plan\n")).toEqual([
    "the-plan-readable",
    "the-plan",
    "the-plan-1",
  ]);
});

function linksIn(text: string): readonly string[] {
  const inline = /\]\(\s*<?([^)\s>]+)>?(?:\s+["'][^)]*)?\)/g;
  const references = /^\[[^\]]+\]:\s+(\S+)/gm;
  return [...text.matchAll(inline), ...text.matchAll(references)].map((m) => m[1] ?? "");
}

function leadsSomewhere(page: string, link: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return true;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), decodeURI(path));
  if (!existsSync(target)) return false;
  if (anchor === undefined || !target.endsWith(".md")) return true;
  return anchorsOf(withoutCode(readFileSync(target, "utf8"))).includes(anchor);
}

/** The anchors of a page's headings, as code hosts make them: the second of a name gets a number. */
function anchorsOf(text: string): readonly string[] {
  const counts = new Map<string, number>();
  return Array.from(text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm), ([, heading = ""]) => {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-");
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** Code is quoted, not linked; what stays keeps a heading's words. */
function withoutCode(text: string): string {
  return text
    .replace(/^(```+|~~~+)[\s\S]*?^\1\s*$/gm, "")
    .replace(/`([^`\n]*)`/g, (_all, inner: string) => inner.replace(/[[\]()]/g, ""));
}
