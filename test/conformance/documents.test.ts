// SPDX-License-Identifier: Apache-2.0
/** What README.md and docs/ show is what tsrun prints, and their links lead somewhere. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;
const PAGES = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`)];

test.for(["README.md", "docs/plan.md"])("the plan that %s shows is part of the plan of bundles/hello", (page) => {
  const plan = readFileSync(join(ROOT, "bundles/hello/plan.txt"), "utf8").split("\n").map(withoutNumber);
  const shown = blocks(read(page), "plan")
    .flatMap((block) => block.split("\n"))
    .filter((line) => /^ *\d/.test(line));
  expect(shown.filter((line) => !plan.includes(withoutNumber(line)))).toEqual([]);
});

test.for(PAGES)("the links of %s lead somewhere", (page) => {
  const links = Array.from(read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g), ([, link = ""]) => link);
  expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([]);
});

test.for(PAGES)("the files that %s names are there", (page) => {
  const rooms = readdirSync(join(ROOT, "src")).join("|");
  const named = Array.from(
    read(page).matchAll(new RegExp(`\`((?:src/)?(?:${rooms})/[\\w-]+\\.ts)`, "g")),
    ([, file = ""]) => (file.startsWith("src/") ? file : `src/${file}`),
  );
  expect(named.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

function read(page: string): string {
  return readFileSync(join(ROOT, page), "utf8");
}

/** The code blocks of a language. */
function blocks(markdown: string, language: string): readonly string[] {
  return Array.from(
    markdown.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm")),
    ([, block = ""]) => block,
  );
}

/** A step's number depends on the host; the columns, on the number. */
function withoutNumber(line: string): string {
  return line
    .replace(/^ *\d+ +/, "")
    .replace(/ {2,}# /, "  # ")
    .trim();
}
