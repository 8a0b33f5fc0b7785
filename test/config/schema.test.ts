// SPDX-License-Identifier: Apache-2.0
/** The schemas: our own examples, and the reference schemas of the specification in the folder OCI_SPEC_DIR. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { describe, expect, type TestContext, test } from "vitest";
import { checkFeatures, checkState, configSchema } from "../../src/config/check.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { overlap } from "../../src/config/pointer.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { unmet } from "../requires.ts";
import { changed } from "./changed.ts";
import { type Complaint, type Difference, type Document, type Judge, LAXER, reference, STRICTER } from "./reference.ts";

/** Milliseconds, for tests that do much on a busy machine. */
const SLOW = 60_000;

const HERE = new URL(".", import.meta.url).pathname;
const DOCUMENTS: readonly Document[] = ["config", "state", "features"];
const OURS = { config: configSchema, state: checkState, features: checkFeatures };

describe("our examples", () => {
  const text = (path: string) => readFileSync(join(HERE, `${path}.json`), "utf8");

  test.each(names(join(HERE, "good")))("good: %s", (name) => {
    expect(parseConfig(text(`good/${name}`), "config.json")).toBeTypeOf("object");
  });
  test.each(names(join(HERE, "bad")))("bad: %s has one fault", (name) => {
    expect(findingsOf(text(`bad/${name}`))).toHaveLength(1);
  });
  test("a config with every property of Linux keeps to the schema", () => {
    expect(configSchema(everything())).toEqual([]);
  });
});

describe("the reference schemas", () => {
  test.for(DOCUMENTS)("their examples of %s are judged alike", (document, t) => {
    const judge = reference(specification(t))[document];
    const examples = examplesOf(specification(t), document);
    expect(examples.map(([name, value]) => [name, disagreement(document, value, judge)])).toEqual(
      examples.map(([name]) => [name, undefined]),
    );
    // The folder is the verdict of the reference; what tsrun ignores on Linux is no fault to it.
    const refused = examples.filter(([, value]) => OURS[document](value).length > 0).map(([name]) => name);
    const bad = examples.map(([name]) => name).filter((name) => name.startsWith("bad/") && !/freebsd/.test(name));
    expect(refused).toEqual(bad);
  });

  test.for(DOCUMENTS)("variations of %s are judged alike", { timeout: SLOW }, (document, t) => {
    const judge = reference(specification(t))[document];
    const good = examplesOf(specification(t), document).filter(([name]) => name.startsWith("good/"));
    const documents = [
      ...good.map(([, value]) => value),
      ...(document === "config" ? [everything(), everything()] : []),
    ];
    const alike = fc.property(changed(documents), (value) => {
      expect(disagreement(document, value, judge)).toBeUndefined();
    });
    fc.assert(alike, { numRuns: Number(process.env.TSRUN_FUZZ_RUNS ?? 1500) });
  });

  test.for(STRICTER)("ours are stricter: $reason", (difference, t) => {
    const judge = reference(specification(t))[difference.document];
    expect(judge(difference.example)).toEqual([]);
    expect(OURS[difference.document](difference.example)).not.toEqual([]);
    expect(disagreement(difference.document, difference.example, judge)).toBeUndefined();
  });

  test.for(LAXER)("ours are laxer: $reason", (difference, t) => {
    const judge = reference(specification(t))[difference.document];
    expect(judge(difference.example)).not.toEqual([]);
    expect(OURS[difference.document](difference.example)).toEqual([]);
    expect(disagreement(difference.document, difference.example, judge)).toBeUndefined();
  });

  test("examples that are no JSON are refused", (t) => {
    for (const document of ["config", "state"]) {
      const path = join(specification(t), "schema/test", document, "bad/invalid-json.json");
      expect(findingsOf(readFileSync(path, "utf8"))).toEqual([
        `: not JSON: line 1, column 2: expected a property name in double quotes or }, found "]"`,
      ]);
    }
  });
});

/** What only one side complains of, besides the differences that are meant; undefined when both agree. */
function disagreement(document: Document, value: unknown, judge: Judge): string | undefined {
  const ours = OURS[document](value).map(({ place, message }) => ({ place, words: message }));
  const theirs = judge(value);
  const meant = { ours: unmeant(STRICTER, document, ours), theirs: unmeant(LAXER, document, theirs) };
  if (meant.ours.length > 0 === meant.theirs.length > 0) return undefined;
  // A place may be outside a meant difference and yet refused by both, for reasons of their own.
  const [who, alone, others] =
    meant.ours.length > 0 ? ["ours", meant.ours, theirs] : ["the reference", meant.theirs, ours];
  const left = alone.filter(({ place }) => !others.some((other) => overlap(place, other.place)));
  return left.length === 0
    ? undefined
    : `only ${who} refuses ${left.map(({ place, words }) => `${place}: ${words}`).join("; ")}`;
}

function unmeant<T extends Complaint>(
  list: readonly Difference[],
  document: Document,
  complaints: readonly T[],
): readonly T[] {
  return complaints.filter(({ place, words }) => {
    return !list.some((one) => one.document === document && one.place.test(place) && (one.words ?? /^/).test(words));
  });
}

/** Of one document: `good/minimal` and its value, for those that are JSON. */
function examplesOf(folder: string, document: Document): readonly (readonly [name: string, value: unknown])[] {
  return ["bad", "good"].flatMap((verdict) => {
    const path = join(folder, "schema/test", document, verdict);
    if (document === "state" && verdict === "bad") return [];
    return names(path)
      .filter((name) => name !== "invalid-json")
      .map((name) => [`${verdict}/${name}`, JSON.parse(readFileSync(join(path, `${name}.json`), "utf8"))] as const);
  });
}

function specification(t: TestContext): string {
  return process.env.OCI_SPEC_DIR ?? unmet(t, "needs the runtime specification: OCI_SPEC_DIR names its folder");
}

function names(folder: string): readonly string[] {
  return readdirSync(folder).map((name) => basename(name, ".json"));
}

function findingsOf(text: string): readonly string[] {
  try {
    parseConfig(text, "config.json");
  } catch (error) {
    if (error instanceof ConfigError) return error.findings.map(({ pointer, message }) => `${pointer}: ${message}`);
    throw error;
  }
  return [];
}

function everything(): unknown {
  return JSON.parse(readFileSync(join(HERE, "everything.json"), "utf8"));
}
