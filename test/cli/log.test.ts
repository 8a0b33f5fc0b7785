// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { jsonLine, openLog, textLine } from "../../src/cli/log.ts";
import { requires } from "../requires.ts";

const TIME = new Date("2026-11-21T23:28:40.123Z");

test("a JSON line has level, msg and time in seconds", () => {
  expect(jsonLine("error", 'a "b"\n', TIME)).toBe(
    '{"level":"error","msg":"a \\"b\\"\\n","time":"2026-11-21T23:28:40Z"}\n',
  );
});

test("a text line quotes what is not a plain word", () => {
  expect(textLine("warning", "two words", TIME)).toBe('time="2026-11-21T23:28:40Z" level=warning msg="two words"\n');
  expect(textLine("debug", "/one/word-1.x@y", TIME)).toBe(
    'time="2026-11-21T23:28:40Z" level=debug msg=/one/word-1.x@y\n',
  );
});

test("a log file is appended to, and debug lines are there when asked for", (t) => {
  const file = join(directory(t), "log");
  writeFileSync(file, "before\n");
  const log = openLog({ file, format: "json", debug: false });
  log.warn("careful");
  log.debug("not asked for");
  log.close();
  const debug = openLog({ file, format: "json", debug: true });
  debug.debug("asked for");
  debug.close();
  const lines = readFileSync(file, "utf8").split("\n");
  expect(lines[0]).toBe("before");
  expect(lines.slice(1, -1).map((line) => JSON.parse(line))).toEqual([
    { level: "warning", msg: "careful", time: expect.any(String) },
    { level: "debug", msg: "asked for", time: expect.any(String) },
  ]);
});

for (const format of ["json", "text"] as const) {
  test(`runc writes its ${format} log as tsrun does`, (t) => {
    requires(t, "runc");
    const dir = directory(t);
    const file = join(dir, "log");
    spawnSync("runc", ["--root", dir, "--log", file, "--log-format", format, "state", "missing"]);
    const theirs = readFileSync(file, "utf8");
    const ours =
      format === "json" ? jsonLine("error", "container does not exist") : textLine("error", "container does not exist");
    expect(timeless(ours)).toBe(timeless(theirs));
  });
}

function timeless(line: string): string {
  return line.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)/, "TIME");
}

function directory(t: { onTestFinished(act: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), "tsrun-log-"));
  t.onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}
