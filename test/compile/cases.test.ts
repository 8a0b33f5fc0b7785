// SPDX-License-Identifier: Apache-2.0
/** The cases of test/cases/*.md: config.json in, steps, findings and warnings out. test/cases/README.md tells the form. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { guardDirs } from "../../src/cgroup/devices.ts";
import type { CgroupDir } from "../../src/cgroup/place.ts";
import { type Compiled, compile } from "../../src/compile/compile.ts";
import type { CompileOptions } from "../../src/compile/scope.ts";
import { check } from "../../src/config/check.ts";
import type { Config } from "../../src/config/config.ts";
import { parseJson } from "../../src/config/json.ts";
import { emitImage } from "../../src/emit/image.ts";
import { ConfigError } from "../../src/errors/errors.ts";
import { checkPlan } from "../../src/plan/check.ts";
import { printPlan } from "../../src/plan/print.ts";
import { offences } from "../house/plan-rules.ts";
import { excerpt } from "./excerpt.ts";
import { factsFor, type Host } from "./facts.ts";
import { lintPlan } from "./lint.ts";

const CASES = new URL("../cases/", import.meta.url).pathname;
const BLESS = process.env.TSRUN_BLESS === "1";
const BASE = {
  ociVersion: "1.0.2",
  root: { path: "rootfs" },
  process: { cwd: "/", args: ["/bin/true"], user: { uid: 0, gid: 0 } },
  linux: { namespaces: [{ type: "pid" }, { type: "mount" }] },
};

interface CaseHost extends Host {
  readonly options?: CompileOptions;
  /** The version of cgroups that knows of devices; without it, the case is not about them. */
  readonly devices?: "v1" | "v2";
}

const DEVICE_DIRS: Readonly<Record<"v1" | "v2", CgroupDir>> = { v1: deviceDir(1, "devices"), v2: deviceDir(2) };

function deviceDir(version: 1 | 2, ...controllers: readonly string[]): CgroupDir {
  const mountpoint = ["/sys/fs/cgroup", ...controllers].join("/");
  const path = `${mountpoint}/case`;
  return { controllers, version, mountpoint, path, procs: `${path}/${version === 1 ? "tasks" : "cgroup.procs"}` };
}

interface Block {
  /** The first word behind the fence, and the rest of that line. */
  readonly kind: string;
  readonly info: string;
  readonly text: string;
}

interface Case {
  readonly title: string;
  readonly line: number;
  readonly blocks: readonly Block[];
}

for (const file of readdirSync(CASES).filter((name) => name.endsWith(".md") && name !== "README.md")) {
  describe(file, () => {
    for (const each of readCases(readFileSync(join(CASES, file), "utf8"))) {
      test(`${file}:${each.line} ${each.title}`, () => judge(file, each));
    }
  });
}

function judge(file: string, { title, blocks }: Case): void {
  const outcome = compileCase(blocks);
  const results = blocks.filter(({ kind }) => kind in RESULTS);
  expect(results, "a case has a plan or findings").not.toEqual([]);
  const warned = results.some(({ kind }) => kind === "warnings");
  expect(warned ? [] : (outcome.compiled?.warnings ?? [])).toEqual([]);
  if (outcome.compiled !== undefined) sound(outcome.compiled);
  if (BLESS) rewrite(file, title, blocks, outcome);
  else for (const block of results) expect(resultOf(block, outcome)).toBe(block.text);
}

interface Outcome {
  readonly compiled?: Compiled;
  readonly error?: ConfigError;
}

function compileCase(blocks: readonly Block[]): Outcome {
  const text = (info: string) => blocks.find((block) => block.kind === "json" && block.info === info)?.text ?? "{}";
  const config = merge(BASE, parseJson(text("config"))) as Config;
  const { findings } = check(config);
  if (findings.length > 0) throw new ConfigError("config.json", findings, { cause: findings });
  const { options = {}, devices, ...host } = parseJson(text("host")) as CaseHost;
  const facts = factsFor(config, "/bundles/case", host);
  const warnings: string[] = [];
  try {
    const cgroup =
      devices &&
      guardDirs([DEVICE_DIRS[devices]], config.linux?.resources?.devices, facts, (one) => warnings.push(one));
    const compiled = compile(config, facts, { ...withBytes(options), ...(cgroup && { cgroup }) });
    return { compiled: { ...compiled, warnings: [...warnings, ...compiled.warnings] } };
  } catch (error) {
    if (error instanceof ConfigError) return { error };
    throw error;
  }
}

/** A filter's program is a list of numbers in a case. */
function withBytes({ seccomp, ...options }: CompileOptions): CompileOptions {
  return seccomp === undefined
    ? options
    : { ...options, seccomp: { ...seccomp, program: Uint8Array.from(seccomp.program) } };
}

/** What is true of every plan. */
function sound({ plan }: Compiled): void {
  expect(checkPlan(plan)).toEqual([]);
  expect(lintPlan(plan)).toEqual([]);
  expect(offences(printPlan(plan))).toEqual([]);
  for (const arch of ["x64", "arm64"] as const) emitImage({ ...plan, arch });
}

/** Block -> what stands in it. */
const RESULTS: Readonly<Record<string, (info: string, outcome: Outcome) => readonly string[]>> = {
  plan: (info, { compiled, error }) => {
    if (compiled === undefined) throw error;
    return excerpt(compiled.plan, info);
  },
  findings: (_info, { error }) =>
    (error?.findings ?? []).map(({ pointer, message, spec }) => `${pointer}: ${message} (${spec})`),
  warnings: (_info, { compiled }) => compiled?.warnings ?? [],
};

function resultOf({ kind, info }: Block, outcome: Outcome): string {
  return (RESULTS[kind]?.(info, outcome) ?? []).map((line) => `${line}\n`).join("");
}

/** Puts the results into the file; the rest of it stays. */
function rewrite(file: string, title: string, blocks: readonly Block[], outcome: Outcome): void {
  const path = join(CASES, file);
  const before = readFileSync(path, "utf8");
  const start = before.indexOf(`\n## ${title}\n`);
  let rest = before.slice(start);
  for (const block of blocks.filter(({ kind }) => kind in RESULTS)) {
    const head = `\`\`\`${[block.kind, block.info].filter((word) => word !== "").join(" ")}\n`;
    rest = rest.replace(`${head}${block.text}\`\`\`\n`, () => `${head}${resultOf(block, outcome)}\`\`\`\n`);
  }
  writeFileSync(path, before.slice(0, start) + rest);
}

/** Each `## title` with its fenced blocks. */
function readCases(markdown: string): Case[] {
  const sections = Array.from(markdown.matchAll(/^## (.+)\n([\s\S]*?)(?=^## |(?![\s\S]))/gm));
  return sections.map(([, title = "", body = ""], index) => {
    const line = markdown.slice(0, sections[index]?.index).split("\n").length;
    const blocks = Array.from(
      body.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm),
      ([, kind = "", info = "", text = ""]) => ({
        kind,
        info,
        text,
      }),
    );
    return { title, line, blocks };
  });
}

/** Objects are merged, property by property; anything else replaces, and null takes away. */
function merge(base: unknown, change: unknown): unknown {
  if (!isObject(base) || !isObject(change)) return change;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(base[key], value);
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
