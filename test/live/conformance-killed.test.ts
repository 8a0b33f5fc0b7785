// SPDX-License-Identifier: Apache-2.0
/** kill -9 of create, at any moment: `delete --force` removes whatever it had made. runtime.md#errors. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { temporary } from "./support/bundle.ts";
import { type Container, container, until } from "./support/container.ts";
import { much } from "./support/much.ts";
import { PATIENCE, sample } from "./support/patience.ts";
import { TSRUN } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";
import { images, nothingLeft } from "./support/traces.ts";

const LONG = { timeout: 600_000 * PATIENCE };

const HELLO = new URL("../../bundles/hello/config.json", import.meta.url).pathname;
const NAME = `tsrun-killed-${process.pid}`;

test("a create killed after some milliseconds leaves nothing that delete --force does not remove", LONG, async (t) => {
  requires(t, "root");
  await killAfter(victim(t), 150, 4);
});

test("a create of much killed after some milliseconds leaves as little", LONG, async (t) => {
  requires(t, "root", "userns");
  await killAfter(victim(t, much), 360, 15);
});

test("a create killed at any step of its image leaves nothing that delete --force does not remove", LONG, async (t) => {
  requires(t, "root", "strace");
  const { c, check } = victim(t);
  const all = await imageCalls(t, c);
  await check("in the rehearsal");
  expect(all.length).toBeGreaterThan(20);
  const places = sample(all);
  const reached: Place[] = [];
  for (const place of places) {
    if (await killAt(t, c, place)) reached.push(place);
    await check(`at ${place.call} number ${place.nth} of ${place.process}`);
  }
  // The odd call happens or not: a retry after EINTR. Most places are reached each time.
  expect(reached.length).toBeGreaterThan(places.length * 0.9);
});

/** What the runtime itself does on the host, between a state and an image. */
const OWN_CALLS = ["mkdir", "rename", "bind", "memfd_create"];

test.for(OWN_CALLS)(
  "a create killed at each %s of its own leaves nothing that delete --force does not remove",
  LONG,
  async (call, t) => {
    requires(t, "root", "strace");
    const { c, check } = victim(t);
    let killed = 0;
    for (let nth = 1; nth < 40; nth++) {
      const { child } = underStrace(t, c, ["-e", `trace=${call}`, "-e", `inject=${call}:signal=SIGKILL:when=${nth}`]);
      // Not killed: there are no more such calls, and the container is there.
      const done = async () => child.exitCode !== null || child.signalCode !== null || (await isCreated(c));
      await until("create ends", done, 20_000);
      const created = await isCreated(c);
      if (!created) killed += 1;
      await check(`at ${call} number ${nth}`);
      await exitOf(child, 3000);
      if (created) break;
    }
    expect(killed).toBeGreaterThan(0);
  },
);

async function killAfter({ c, check }: ReturnType<typeof victim>, endMs: number, stepMs: number): Promise<void> {
  for (let delayMs = 0; delayMs < endMs; delayMs += stepMs) {
    const create = spawn(TSRUN, createWords(c), { stdio: "ignore" });
    await sleep(delayMs);
    create.kill("SIGKILL");
    await exitOf(create);
    await check(`after ${delayMs} ms`);
  }
}

/** A call of the image, the nth of its name in one of the image's two processes. */
interface Place {
  readonly process: "bootstrap" | "init";
  readonly call: string;
  readonly nth: number;
}

function hello(spec: Spec): void {
  Object.assign(spec, JSON.parse(readFileSync(HELLO, "utf8")));
}

/** A container to be created again and again, and what must hold after each attempt. */
function victim(t: TestContext, edit: (spec: Spec, dir: string) => void = hello) {
  const before = images();
  const c = container(t, (spec, dir) => {
    edit(spec, dir);
    spec.linux.cgroupsPath = `/${NAME}`;
  });
  const check = async (when: string) => {
    await c.ok("delete", ["--force"]).catch((error: unknown) => {
      throw new Error(`${when}: ${error}`);
    });
    // Filters are kept for the next start.
    expect(
      readdirSync(c.root).filter((name) => name !== "~seccomp"),
      when,
    ).toEqual([]);
    await nothingLeft(NAME, before, c.dir).catch((error: unknown) => {
      throw new Error(`${when}: ${error}`);
    });
  };
  return { c, check };
}

/** Every call that the image makes until the container is created, in order. */
async function imageCalls(t: TestContext, c: Container): Promise<readonly Place[]> {
  const { child, log } = underStrace(t, c, []);
  await until("the container is created", () => isCreated(c), 20_000);
  const places = placesIn(log());
  await c.ok("delete", ["--force"]);
  await exitOf(child);
  return places;
}

async function isCreated(c: Container): Promise<boolean> {
  const { status, stdout } = await c.call("state");
  return status === 0 && JSON.parse(stdout).status === "created";
}

/** The calls of the image in a log of strace: what bootstrap does before it executes the image is libc's. */
function placesIn(log: string): readonly Place[] {
  const roles = rolesIn(log);
  const counts = new Map<string, number>();
  let isImage = false;
  return Array.from(log.matchAll(/^(\d+) +(\w+)\(/gm)).flatMap(([, pid = "", call = ""]): Place[] => {
    const role = roles.get(pid);
    if (role === undefined) return [];
    isImage ||= call === "execve";
    const nth = (counts.get(`${role} ${call}`) ?? 0) + 1;
    counts.set(`${role} ${call}`, nth);
    return isImage && call !== "execve" ? [{ process: role, call, nth }] : [];
  });
}

/** Stops the image at that place, kills create there, and lets the image go on. False if it never came there. */
async function killAt(t: TestContext, c: Container, { process: role, call, nth }: Place): Promise<boolean> {
  const inject = `inject=${call}:signal=SIGSTOP:when=${nth}`;
  const { child, log } = underStrace(t, c, ["-e", `trace=execve,clone,clone3,${call}`, "-e", inject]);
  let reached: number | undefined;
  const end = Date.now() + 20_000 * PATIENCE;
  while (child.exitCode === null && child.signalCode === null) {
    const text = log();
    const main = mainPid(text);
    const stopped = Array.from(text.matchAll(/^(\d+) +--- stopped by SIGSTOP ---/gm), ([, pid = ""]) => pid);
    if (reached === undefined && stopped.some((pid) => rolesIn(text).get(pid) === role)) {
      signal(main, "SIGKILL");
      reached = Date.now();
    }
    // tsrun itself makes such calls, too: it goes on, and so does the image, now without it.
    for (const pid of stopped) signal(Number(pid), "SIGCONT");
    // Created already, or by another way: the init waits for start.
    if (reached !== undefined && Date.now() - reached > 1000 * PATIENCE) break;
    if (reached === undefined && new RegExp(`^${main} +\\+\\+\\+ exited`, "m").test(text)) break;
    if (Date.now() > end) throw new Error(`create hangs at ${call} number ${nth} of ${role}: ${text}`);
    await sleep(5);
  }
  await c.ok("delete", ["--force"]);
  await exitOf(child, 3000);
  return reached !== undefined;
}

function underStrace(t: TestContext, c: Container, options: readonly string[]) {
  const file = join(temporary(t), "log");
  const words = ["-f", "-o", file, ...options, TSRUN, ...createWords(c)];
  const child = spawn("strace", words, { stdio: "ignore" });
  return { child, log: () => (existsSync(file) ? readFileSync(file, "utf8") : "") };
}

function createWords(c: Container): readonly string[] {
  return ["--root", c.root, "create", "--bundle", c.dir, c.id];
}

/** Which lines of the log are whose: bootstrap is the first child that executes something, and clones init. */
function rolesIn(log: string): ReadonlyMap<string, Place["process"]> {
  const main = `${mainPid(log)}`;
  const bootstrap = Array.from(log.matchAll(/^(\d+) +execve\(/gm), ([, pid = ""]) => pid).find((pid) => pid !== main);
  if (bootstrap === undefined) return new Map();
  const cloned = new RegExp(`^${bootstrap} +(?:clone3?\\(.*|<\\.\\.\\. clone3? resumed>.*) = (\\d+)`, "m").exec(
    log,
  )?.[1];
  return new Map([[bootstrap, "bootstrap"], ...(cloned === undefined ? [] : [[cloned, "init"] as const])]);
}

function mainPid(log: string): number {
  return Number(/^(\d+) +execve\(/.exec(log)?.[1]);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

/** Waits for the end of a child, and brings it about after `limitMs`. */
async function exitOf(child: ChildProcess, limitMs = 20_000 * PATIENCE): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  await new Promise((resolve) => child.once("exit", resolve));
  clearTimeout(timer);
}
