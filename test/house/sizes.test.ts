// SPDX-License-Identifier: Apache-2.0
/** A file fits two screens, has a name that says what it knows, and is finished. Each test lists all who offend. */
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { filesIn, ROOMS, ROOT, read, roomOf, SOURCES, withoutComments } from "./tree.ts";

const MAX_LINES = 300;
const MAX_README_LINES = 15;

/** The library's door: the one file that only passes on what others export. */
const DOOR = "runtime/index.ts";

test(`a source has at most ${MAX_LINES} lines, but for the tables of kernel/`, () => {
  const long = SOURCES.filter((file) => roomOf(file) !== "kernel" && linesOf(`src/${file}`) > MAX_LINES);
  expect(long.map((file) => `${file}: ${linesOf(`src/${file}`)}`)).toEqual([]);
});

test("a source has a name that says what it knows", () => {
  const vague = /^(?:utils?|helpers?|common|misc|types?|shared|lib|index)$/;
  const wrong = SOURCES.filter((file) => {
    const name = basename(file).replace(/(?:\.d)?\.[cm]?[jt]s$/, "");
    return file !== DOOR && (vague.test(name) || !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name));
  });
  expect(wrong).toEqual([]);
});

test("no class or type is named after nothing in particular", () => {
  expect(matches(/\b(?:class|interface|type)\s+\w*(?:Manager|Helper|Builder|Impl|Base|Common|Utils?)\b/g)).toEqual([]);
});

test("there is no default export", () => {
  expect(matches(/^\s*export\s+default\b.*|\bas default\b/gm)).toEqual([]);
});

test("no file but the library's door passes on names of others", () => {
  const found = matches(/^\s*export\s+(?:type\s+)?[*{][^;]*?\sfrom\s+".*"/gm);
  expect(found.filter((match) => !match.startsWith(`${DOOR}: `))).toEqual([]);
});

test("everything is finished", () => {
  const words = /\b(?:TODO|FIXME|XXX|HACK|[Ss]tub|[Uu]nimplemented|[Nn]ot (?:yet )?implemented)\b/g;
  const found = SOURCES.flatMap((file) =>
    Array.from(read(`src/${file}`).matchAll(words), ([word]) => `${file}: ${word}`),
  );
  // What strerror(3) says of ENOSYS is no confession.
  expect(found.filter((match) => match !== "kernel/errno.ts: not implemented")).toEqual([]);
});

test(`every room has a README.md of at most ${MAX_README_LINES} lines`, () => {
  const pages = ROOMS.map((room) => `src/${room}/README.md`);
  expect(pages.filter((page) => !existsSync(join(ROOT, page)))).toEqual([]);
  expect(pages.filter((page) => existsSync(join(ROOT, page)) && linesOf(page) > MAX_README_LINES)).toEqual([]);
});

const CODE = ["src", "test", "scripts"].flatMap((top) => filesIn(top, /\.[cm]?[jt]s$/).map((file) => `${top}/${file}`));

test("every file of code says its licence in its first line", () => {
  // A program that the kernel starts by its interpreter says it in the second.
  const first = (file: string) =>
    read(file)
      .replace(/^#!.*\n/, "")
      .split("\n")[0];
  expect(CODE.filter((file) => first(file) !== "// SPDX-License-Identifier: Apache-2.0")).toEqual([]);
});

test("no file of code names a place of the machine that it was written on", () => {
  // A checkout right below "/" has a name that a path in a container may have as well.
  const here = ROOT.split("/").length > 2 ? [ROOT] : [];
  const places = [...here, "/Users/", "C:\\"];
  expect(
    CODE.filter((file) => file !== "test/house/sizes.test.ts" && places.some((place) => read(file).includes(place))),
  ).toEqual([]);
});

/** Every match in the code of src/, with the file that has it. */
function matches(pattern: RegExp): readonly string[] {
  return SOURCES.flatMap((file) =>
    Array.from(withoutComments(read(`src/${file}`)).matchAll(pattern), ([text]) => `${file}: ${text.trim()}`),
  );
}

function linesOf(path: string): number {
  return read(path).replace(/\n$/, "").split("\n").length;
}
