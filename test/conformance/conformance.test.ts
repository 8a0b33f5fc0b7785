// SPDX-License-Identifier: Apache-2.0
/** Holds the conformance table: against the specification, against the tests it names, and against docs/conformance.md. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, type TestContext, test } from "vitest";
import { unmet } from "../requires.ts";
import { exists } from "./exists.ts";
import { render } from "./render.ts";
import { REQUIREMENTS } from "./requirements.ts";
import { EXCLUSIONS } from "./rows/exclusions.ts";
import { DOCUMENTS, sections, uncovered } from "./scan.ts";

const PAGE = new URL("../../docs/conformance.md", import.meta.url).pathname;

describe("the table", () => {
  test("has each id once", () => {
    const ids = REQUIREMENTS.map((row) => row.id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  test("gives each row a test or a reason", () => {
    expect(REQUIREMENTS.filter((row) => row.tests.length === 0 && row.reason === undefined)).toEqual([]);
  });

  test("names tests that exist", () => {
    const named = new Map(
      REQUIREMENTS.flatMap((row) => row.tests.map((name) => [`${name.file}: ${name.title}`, name])),
    );
    expect([...named].filter(([, name]) => !exists(name)).map(([text]) => text)).toEqual([]);
  });

  test("is what docs/conformance.md shows", () => {
    const page = render(REQUIREMENTS, EXCLUSIONS);
    if (process.env.TSRUN_BLESS === "1") writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, "utf8") === page, "docs/conformance.md is stale: node scripts/conformance.mjs").toBe(
      true,
    );
  });
});

describe("the specification", () => {
  test.for(DOCUMENTS)("has no requirement in %s that the table does not have", (document, t) => {
    expect(
      [...read(t, document)].flatMap(([name, body]) =>
        uncovered(body, quotations(name)).map((words) => `${name}: …${words}…`),
      ),
    ).toEqual([]);
  });

  test.for(DOCUMENTS)("has each sentence of %s that the table quotes", (document, t) => {
    const found = read(t, document);
    const quoted = [...REQUIREMENTS, ...EXCLUSIONS].filter((row) => row.section.startsWith(`${document}#`));
    const absent = quoted.filter((row) => !(found.get(row.section)?.includes(row.text) ?? false));
    expect(absent.map((row) => `${row.section}: ${row.text}`)).toEqual([]);
  });
});

test("a keyword outside of the quotations is found", () => {
  const text =
    sections("a.md", '## <a name="x" />B c\nIt MUST [be](#d) so.\nIt MUST NOT\nbe else.').get("a.md#b-c") ?? "";
  expect(uncovered(text, ["It MUST be so."])).toHaveLength(1);
  expect(uncovered(text, ["It MUST be so.", "It MUST NOT be else."])).toEqual([]);
});

/** The sections of a document in the folder that OCI_SPEC_DIR names. */
function read(t: TestContext, document: string): ReadonlyMap<string, string> {
  const dir = process.env.OCI_SPEC_DIR;
  if (dir === undefined) unmet(t, "needs OCI_SPEC_DIR, a folder with the text of the specification");
  return sections(document, readFileSync(join(dir, document), "utf8"));
}

function quotations(section: string): readonly string[] {
  return [...REQUIREMENTS, ...EXCLUSIONS].filter((row) => row.section === section).map((row) => row.text);
}
