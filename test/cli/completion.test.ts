// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { completionFor, SHELLS } from "../../src/cli/completion.ts";
import { COMMANDS } from "../../src/cli/table.ts";
import { type Need, requires } from "../requires.ts";

const NAMES = Object.keys(COMMANDS);

/** A line that is typed -> what bash offers for its last word. `list --quiet` answers c1 and c2. */
function offeredByBash(...words: readonly string[]): readonly string[] {
  const script = `${completionFor("bash")}
tsrun() { [[ "$*" == "list --quiet" ]] && echo "c1 c2"; [[ "$*" == "--root /r list --quiet" ]] && echo r1; }
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tsrun; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script, "bash", "tsrun", ...words], { encoding: "utf8" });
  expect([stderr, status]).toEqual(["", 0]);
  return stdout.split("\n").filter(Boolean);
}

test("bash offers commands, options, their values, and ids", () => {
  expect(offeredByBash("ex")).toEqual(NAMES.filter((name) => name.startsWith("ex")));
  expect(offeredByBash("--ro")).toEqual(["--root", "--rootless"]);
  expect(offeredByBash("list", "--f")).toEqual(["--format"]);
  expect(offeredByBash("list", "--format", "")).toEqual(["table", "json"]);
  expect(offeredByBash("--log-format", "j")).toEqual(["json"]);
  expect(offeredByBash("kill", "")).toEqual(["c1", "c2"]);
  expect(offeredByBash("--root", "/r", "delete", "")).toEqual(["r1"]);
  expect(offeredByBash("help", "st")).toEqual(["start", "state"]);
});

test("fish offers commands, options and their values", (t) => {
  requires(t, "fish");
  const offered = (line: string) => {
    const script = `${completionFor("fish")}\nfunction tsrun; end\ncomplete -C ${JSON.stringify(line)}`;
    const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", script], { encoding: "utf8" });
    expect(stderr).toBe("");
    return stdout.split("\n").flatMap((row) => row.split("\t")[0] || []);
  };
  expect(offered("tsrun ex")).toEqual(NAMES.filter((name) => name.startsWith("ex")).sort());
  expect(offered("tsrun list --format ")).toEqual(["json", "table"]);
  expect(offered("tsrun delete --for")).toEqual(["--force"]);
});

test.each(SHELLS)("the script of %s names every command and option", (shell) => {
  const script = completionFor(shell);
  for (const [name, { options }] of Object.entries(COMMANDS)) {
    expect(script).toContain(name);
    for (const option of options) expect(script).toContain(option.name);
  }
});

test.for([
  ["zsh", "-n"],
  ["bash", "-n"],
  ["fish", "-n"],
] as const)("%s finds no fault in the script", ([shell, flag], t) => {
  if (shell !== "bash") requires(t, shell as Need);
  const dir = mkdtempSync(join(tmpdir(), "tsrun-completion-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, "script"), completionFor(shell));
  const { status, stderr } = spawnSync(shell, [flag, join(dir, "script")], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});

test("zsh takes the script as the completion of tsrun", (t) => {
  requires(t, "zsh");
  const script = `autoload -Uz compinit && compinit -D -u\n${completionFor("zsh")}\nprint $_comps[tsrun]`;
  const { stdout, stderr } = spawnSync("zsh", ["-f", "-c", script], { encoding: "utf8" });
  expect([stdout, stderr]).toEqual(["_tsrun\n", ""]);
});
