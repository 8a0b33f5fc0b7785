// SPDX-License-Identifier: Apache-2.0
/** Every bundle of the gallery does what its README says: the `sh` block prints the `output` block. */
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import { type Need, requires } from "../requires.ts";
import { temporary } from "./support/bundle.ts";
import { type Outcome, PURE_V1, run, runtimeRoot, TSRUN } from "./support/run.ts";
import { ORDINARY } from "./support/spec.ts";

const BUNDLES = new URL("../../bundles/", import.meta.url).pathname;
const NEEDS: Readonly<Record<string, readonly Need[]>> = {
  "user-namespace": ["userns"],
  rootless: ["rootless"],
  "time-offset": ["timens"],
};

for (const entry of readdirSync(BUNDLES, { withFileTypes: true })) {
  if (!entry.isDirectory()) continue;
  test(`bundles/${entry.name} does what its README says`, async (t) => {
    requires(t, "root", ...(NEEDS[entry.name] ?? []));
    const readme = readFileSync(join(BUNDLES, entry.name, "README.md"), "utf8");
    const wanted = `${block(readme, "output")}\n`;
    const typed = block(readme, "input");
    const outcome = await perform(t, entry.name, block(readme, "sh") ?? "", typed);
    if (typed === undefined) {
      expect(outcome).toMatchObject({ status: 0, signal: null, stdout: localized(wanted) });
      // Where an ordinary user has no cgroup of his own, a warning says so.
      expect(outcome.stderr.replaceAll(/^tsrun: warning: .*cgroup.*\n/gm, "")).toBe("");
    } else {
      // A terminal shows what was typed as well, and its status is that of the shell.
      expect(outcome.status, outcome.stdout).toBe(7);
      // The prompt may stand before a line of output.
      const lines = outcome.stdout.split(/\r*\n/);
      for (const line of wanted.trim().split("\n"))
        expect(
          lines.some((shown) => shown.endsWith(line)),
          `${line} in ${outcome.stdout}`,
        ).toBe(true);
    }
  });
}

test("the gallery has at least ten bundles, each with a README", () => {
  const readmes = readdirSync(BUNDLES, { recursive: true, encoding: "utf8" }).filter((path) =>
    /^[^/]+\/README\.md$/.test(path),
  );
  expect(readmes.length).toBeGreaterThanOrEqual(10);
});

/** Runs the commands of a README in a copy of the bundle; those without sudo as the ordinary user. */
async function perform(t: TestContext, name: string, commands: string, typed?: string): Promise<Outcome> {
  const dir = temporary(t);
  const copy = join(dir, name);
  cpSync(join(BUNDLES, name), copy, { recursive: true, verbatimSymlinks: true });
  const config = join(copy, "config.json");
  const joined = join(dir, "joined");
  writeFileSync(config, localized(readFileSync(config, "utf8")).replaceAll("/run/tsrun-joined", joined));
  const ordinary = !commands.includes("sudo ");
  if (ordinary) execFileSync("chown", ["-hR", `${ORDINARY}:${ORDINARY}`, dir]);
  const root = runtimeRoot(t, ordinary ? { owner: ORDINARY } : {});
  const isCrun = basename(TSRUN) === "crun";
  const script = commands
    .replaceAll("sudo ", "")
    .replaceAll("bundles/", `${dir}/`)
    .replaceAll("/run/tsrun-joined", joined)
    .replaceAll("dist/tsrun ", `${TSRUN} ${isCrun ? "--cgroup-manager=disabled " : ""}--root ${root} `);
  const command =
    typed === undefined ? ["sh", "-ec", script] : ["script", "--quiet", "--return", "--command", script, "/dev/null"];
  return run(command, {
    as: ordinary ? "user" : "root",
    ...(typed === undefined ? {} : { stdin: `${typed}\n` }),
    ...(isCrun ? { prelude: PURE_V1 } : {}),
  });
}

/** The README of the rootless bundle speaks of user 1000; the tests' ordinary user is another. */
function localized(text: string): string {
  return text.replaceAll('"hostID": 1000,', `"hostID": ${ORDINARY},`).replace(/^ 0 1000 1$/m, ` 0 ${ORDINARY} 1`);
}

/** The text of the first fenced block of that language. */
function block(markdown: string, language: string): string | undefined {
  return new RegExp(`^\`\`\`${language}\n(.*?)\n\`\`\`$`, "ms").exec(markdown)?.[1];
}
