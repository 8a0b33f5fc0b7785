// SPDX-License-Identifier: Apache-2.0
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkId } from "../../src/state/id.ts";
import { ensureRoot, hasRoot, stateRoot } from "../../src/state/root.ts";

const env = { XDG_RUNTIME_DIR: "/run/user/1000" };

test.each([
  ["root", { uid: 0, env: {} }, "/run/tsrun"],
  ["root with XDG_RUNTIME_DIR", { uid: 0, confined: () => false, env }, "/run/tsrun"],
  ["root of a user namespace", { uid: 0, confined: () => true, env }, "/run/user/1000/tsrun"],
  ["root of a user namespace without XDG_RUNTIME_DIR", { uid: 0, confined: () => true, env: {} }, "/run/tsrun"],
  ["an ordinary user", { uid: 1000, env }, "/run/user/1000/tsrun"],
  ["--root", { root: "/x/y/../z", uid: 1000, env }, "/x/z"],
  ["--root, relative", { root: "r", uid: 0, env }, join(process.cwd(), "r")],
])("the state directory of %s", (_, options, expected) => {
  expect(stateRoot(options)).toBe(expected);
});

test("an ordinary user without XDG_RUNTIME_DIR has to name one", () => {
  expect(() => stateRoot({ uid: 1000, env: {} })).toThrow(expect.objectContaining({ code: "ETSRUN_HOST" }));
  expect(() => stateRoot({ uid: 1000, env: { XDG_RUNTIME_DIR: "" } })).toThrow("--root");
});

test("it is made for oneself alone; a file or another user's directory is refused", (context) => {
  const parent = mkdtempSync(join(tmpdir(), "tsrun-root-"));
  try {
    const root = join(parent, "a/b");
    expect(hasRoot(root)).toBe(false);
    ensureRoot(root);
    ensureRoot(root);
    expect(hasRoot(root)).toBe(true);
    expect(statSync(root).mode & 0o777).toBe(0o700);
    writeFileSync(join(parent, "file"), "");
    expect(() => ensureRoot(join(parent, "file"))).toThrow(expect.objectContaining({ code: "ETSRUN_HOST" }));
    chmodSync(root, 0o777);
    for (const see of [ensureRoot, hasRoot]) expect(() => see(root)).toThrow(/every user may write/);
    chmodSync(root, 0o775);
    expect(hasRoot(root)).toBe(true);
    if (process.getuid?.() !== 0) context.skip("needs root, to give a directory away");
    chownSync(root, 12345, 12345);
    expect(() => ensureRoot(root)).toThrow("12345");
    expect(() => hasRoot(root)).toThrow(expect.objectContaining({ code: "ETSRUN_HOST" }));
  } finally {
    rmSync(parent, { recursive: true });
  }
});

test.each(["a", "A_b+c-d.e", "0", "...", "-", ".hidden", "x".repeat(1024)])("the id %s is valid", (id) => {
  expect(checkId(id)).toBe(id);
});

test.each(["", ".", "..", "a/b", "/", "a b", "ä", "a\n", "a\0", "$", "x".repeat(1025)])(
  "the id %j is refused",
  (id) => {
    expect(() => checkId(id)).toThrow(expect.objectContaining({ code: "ETSRUN_INVALID_ID", id }));
  },
);
