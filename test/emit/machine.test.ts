// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { ANCHOR_SIZE, CODE, emitImage, listingOf } from "../../src/emit/image.ts";
import { type Listing, parseListing } from "../../src/emit/listing.ts";
import { type Need, requires, unmet } from "../requires.ts";
import { exit, plan } from "./images.ts";

const MACHINES = [
  ["x64", "objdump", ["-m", "i386:x86-64", "-M", "intel"]],
  ["arm64", "aarch64-linux-gnu-objdump", ["-m", "aarch64"]],
] as const satisfies readonly (readonly ["x64" | "arm64", Need, readonly string[]])[];

test.for(MACHINES)("each line of the %s listing is what %s makes of its bytes", ([arch, objdump, options], t) => {
  requires(t, objdump);
  const listing = listingOf(arch);
  const labels = new Map(listing.labels);
  labels.set("anchor", listing.code.length).set("records", listing.code.length + ANCHOR_SIZE);
  const written = listing.instructions.map(({ offset, text }) => `${offset.toString(16)}: ${resolve(text, labels)}`);
  expect(disassemble(t, listing, objdump, options)).toEqual(written);
});

test.each(MACHINES)("an image for %s has the code of the listing", (arch) => {
  const { code } = listingOf(arch);
  expect(emitImage(plan([exit(0)], { arch })).bytes.slice(CODE, CODE + code.length)).toEqual(code);
});

test.each(MACHINES)("the records of %s begin at a multiple of 8", (arch) => {
  expect(listingOf(arch).code.length % 8).toBe(0);
});

test("the x64 machine finds the anchor and the records behind its code", () => {
  const { code, instructions } = listingOf("x64");
  const targets = instructions.flatMap(({ offset, bytes, text }) => {
    const distance = /\[rip\+(0x[0-9a-f]+)\]/.exec(text)?.[1];
    return distance === undefined ? [] : [offset + bytes.length + Number(distance)];
  });
  expect(targets).toEqual([code.length + ANCHOR_SIZE, code.length]);
});

test.each(MACHINES)("every label of the %s listing is jumped to, but for its start", (arch) => {
  const { labels, instructions } = listingOf(arch);
  for (const label of labels.keys()) {
    const used = instructions.some(({ text }) => text.endsWith(` ${label}`));
    expect(used, label).toBe(label !== "start");
  }
});

test("a line that is not of a listing is refused", () => {
  expect(() => parseListing("  0f 0g  syscall")).toThrow("not a line");
  expect(() => parseListing("syscall")).toThrow("not a line");
});

function disassemble(
  t: TestContext,
  { code }: Listing,
  objdump: string,
  options: readonly string[],
): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), "tsrun-emit-"));
  try {
    const file = join(directory, "code");
    writeFileSync(file, code);
    const { stdout, status } = spawnSync(objdump, ["-b", "binary", "-D", "-z", ...options, file], { encoding: "utf8" });
    if (status !== 0) unmet(t, `needs an objdump that knows ${options.join(" ")}`);
    return Array.from(stdout.matchAll(/^\s*([0-9a-f]+):\t[0-9a-f ]+\t(.+)$/gm), ([, offset, text = ""]) => {
      // objdump adds addresses and other names of a condition as comments.
      return `${offset}: ${text
        .replace(/\s+(# |\/\/ ).*$/, "")
        .replace(/\s+/g, " ")
        .trim()}`;
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A label in place of an address is the address for objdump. */
function resolve(text: string, labels: ReadonlyMap<string, number>): string {
  const address = (label: string) => `0x${labels.get(label)?.toString(16)}`;
  return text.replace(/\b[a-z]+$/, (word) => (labels.has(word) ? address(word) : word));
}
