// SPDX-License-Identifier: Apache-2.0
/** `tsrun validate`: everything that is wrong with a bundle's config.json, and apart, what is doubtful. */
import { join } from "node:path";
import { loadConfig } from "../../config/load.ts";
import { ConfigError, type Finding } from "../../errors/errors.ts";
import { bundleOf } from "../bundle.ts";
import { FAILURE, type Invocation } from "../command.ts";
import { print } from "../output.ts";
import { presentFindings } from "../present.ts";

export async function perform({ options, args }: Invocation<"validate">): Promise<number> {
  const bundle = bundleOf(options.bundle, args[0]);
  const warnings: Finding[] = [];
  const findings = findingsOf(bundle, (warning) => warnings.push(warning));
  print(verdict(join(bundle, "config.json"), findings, warnings));
  return findings.length === 0 ? 0 : FAILURE;
}

function findingsOf(bundle: string, warn: (warning: Finding) => void): readonly Finding[] {
  try {
    loadConfig(bundle, warn);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.findings;
    throw error;
  }
}

/** What is printed: findings and warnings, each list in columns of its own. */
export function verdict(file: string, findings: readonly Finding[], warnings: readonly Finding[]): string {
  const parts = [list("finding", findings), list("warning", warnings)].filter((part) => part !== "");
  return parts.length === 0 ? `${file}: nothing to complain about\n` : parts.map((part) => `${file}: ${part}`).join("");
}

function list(noun: string, entries: readonly Finding[]): string {
  if (entries.length === 0) return "";
  const lines = presentFindings(entries).map((line) => `  ${line}\n`);
  return `${entries.length} ${noun}${entries.length === 1 ? "" : "s"}\n${lines.join("")}`;
}
