// SPDX-License-Identifier: Apache-2.0
/**
 * The witness inside the container: test/fixtures/witness.c, made at test time, and what it says, made comparable.
 *
 *   copyFileSync(witness(t), join(rootfs, "witness"));
 *   spec.process.args = ["/witness", ...HOST_NAMESPACES, "try=/proc/kcore"];
 *   const seen = testimony(outcome.stdout, dir);    // { "uid.0": 0, "mounts./proc#0.options": "rw,nosuid", ... }
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync } from "node:fs";
import type { TestContext } from "vitest";
import { requires } from "../../requires.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What was seen, one entry a fact: path -> value. */
export type Testimony = Readonly<Record<string, string | number | boolean | null>>;

const FIXTURES = new URL("../../fixtures/", import.meta.url).pathname;
const CACHE = new URL("../../.cache/", import.meta.url).pathname;

/** The path of the program, a static executable. */
export function witness(t: TestContext): string {
  const sources = ["witness.c", "json.h"].map((name) => readFileSync(`${FIXTURES}${name}`));
  const path = `${CACHE}witness-${createHash("sha256").update(Buffer.concat(sources)).digest("hex").slice(0, 16)}`;
  if (existsSync(path)) return path;
  requires(t, "cc");
  mkdirSync(CACHE, { recursive: true });
  const fresh = `${path}.${process.pid}`;
  execFileSync("cc", ["-static", "-O1", "-Wall", "-Wextra", "-Werror", "-o", fresh, `${FIXTURES}witness.c`]);
  renameSync(fresh, path);
  return path;
}

/** Arguments that let the witness tell the host's namespaces from new ones. */
export const HOST_NAMESPACES = readdirSync("/proc/self/ns").map((name) => {
  const link = readlinkSync(`/proc/self/ns/${name}`);
  return `host=${name}:${link.slice(link.indexOf(":") + 1)}`;
});

/** Reads what the witness printed. The bundle's own path, and all that differs between two starts, is taken out. */
export function testimony(stdout: string, dir: string): Testimony {
  const seen = JSON.parse(stdout.replaceAll(dir, "$BUNDLE")) as Record<string, Json>;
  const { mounts, env, args, ...rest } = seen;
  const facts: Record<string, string | number | boolean | null> = {};
  flatten("", rest, facts);
  flatten("env", sorted(env), facts);
  flatten(
    "args",
    strings(args).map((arg) => arg.replace(/^host=.*/, "host=")),
    facts,
  );
  flatten("mounts", mountTable(strings(mounts)), facts);
  return facts;
}

/** Lines of /proc/self/mountinfo by mount point; `#1` and on are mounts that cover an earlier one. proc(5). */
function mountTable(lines: readonly string[]): Record<string, Json> {
  const table: Record<string, Json> = {};
  for (const line of lines) {
    const fields = line.split(" ");
    const dash = fields.indexOf("-");
    const [, , , root = "", target = "", options = ""] = fields;
    const [type = "", source = "", superOptions = ""] = fields.slice(dash + 1);
    let layer = 0;
    while (`${target}#${layer}` in table) layer += 1;
    table[`${target}#${layer}`] = {
      root,
      options: options.split(",").sort().join(","),
      propagation: fields
        .slice(6, dash)
        .map((tag) => tag.replace(/:\d+$/, ""))
        .sort()
        .join(" "),
      type,
      source,
      super: superOptions.split(",").filter(isTold).sort().join(","),
    };
  }
  return table;
}

/** A tmpfs tells the mode it was mounted with and not that of a later chmod: the mode of its root is what counts. */
function isTold(option: string): boolean {
  return !option.startsWith("mode=");
}

function flatten(path: string, value: Json, into: Record<string, string | number | boolean | null>): void {
  if (value === null || typeof value !== "object") {
    into[path] = value;
    return;
  }
  for (const [key, inner] of Object.entries(value)) flatten(path === "" ? key : `${path}.${key}`, inner, into);
}

function strings(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function sorted(value: Json | undefined): string[] {
  return strings(value).sort();
}
