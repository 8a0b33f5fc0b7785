// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { close, type Fd, fcntl, isOpen } from "../../src/native/fd.ts";
import { memfd_create } from "../../src/native/memfd.ts";
import { recvFds, recvMessage, recvMessageSync, send, sendFds } from "../../src/native/message.ts";
import { waitReadable, waitReadableSync } from "../../src/native/poll.ts";
import { accept, connectTo, listenAt, socketpair } from "../../src/native/socket.ts";

function withPair<T>(use: (a: Fd, b: Fd) => T): T {
  const [a, b] = socketpair();
  const end = () =>
    [a, b].filter(isOpen).forEach((fd) => {
      close(fd as Fd);
    });
  const result = use(a, b);
  if (result instanceof Promise) return result.finally(end) as T;
  end();
  return result;
}

test("messages keep their borders; the end is empty; both ends are close-on-exec", () => {
  withPair((a, b) => {
    expect([fcntl(a, "F_GETFD"), fcntl(b, "F_GETFD")]).toEqual([1, 1]);
    send(a, Buffer.from("one"));
    send(a, Buffer.from("two!"));
    expect(recvMessageSync(b, 16)?.toString()).toBe("one");
    expect(recvMessageSync(b, 16)?.toString()).toBe("two!");
    expect(recvMessageSync(b, 16, 0)).toBeUndefined();
    close(a);
    expect(recvMessageSync(b, 16)).toHaveLength(0);
    expect(() => send(b, Buffer.from("x"))).toThrow(expect.objectContaining({ errno: "EPIPE" }));
  });
});

test("a message longer than expected is an error, not a truncated message", () => {
  withPair((a, b) => {
    send(a, Buffer.from("12345"));
    expect(() => recvMessageSync(b, 4)).toThrow(expect.objectContaining({ errno: "EMSGSIZE" }));
  });
});

test("waiting for a message lets the event loop run, ends in time, and can be aborted", async () => {
  await withPair(async (a, b) => {
    let turns = 0;
    const ticking = setInterval(() => turns++, 5);
    setTimeout(() => send(a, Buffer.from("late")), 60);
    expect((await recvMessage(b, 16))?.toString()).toBe("late");
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(3);
    expect(await recvMessage(b, 16, 20)).toBeUndefined();
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("enough")), 10);
    await expect(recvMessage(b, 16, 5000, abort.signal)).rejects.toThrow("enough");
    setTimeout(() => close(a), 10);
    expect(await recvMessage(b, 16)).toHaveLength(0);
  });
});

test("without libuv, a thread waits instead", async () => {
  Object.defineProperty(process.versions, "bun", { value: "test", configurable: true });
  try {
    await withPair(async (a, b) => {
      expect(await waitReadable(b, 20)).toBe(false);
      setTimeout(() => send(a, Buffer.from("x")), 20);
      expect(await waitReadable(b)).toBe(true);
      expect(waitReadableSync(b, 0)).toBe(true);
    });
  } finally {
    Reflect.deleteProperty(process.versions, "bun");
  }
});

test("a hundred waits at once", async () => {
  const pairs = Array.from({ length: 100 }, () => socketpair());
  const waits = pairs.map(([, b]) => recvMessage(b, 8));
  pairs.forEach(([a], index) => {
    send(a, Buffer.from(String(index)));
  });
  const words = (await Promise.all(waits)).map((bytes) => Number(bytes?.toString()));
  expect(words).toEqual(pairs.map((_, index) => index));
  for (const fd of pairs.flat()) close(fd);
});

test.each([
  ["short", 1],
  ["longer than sun_path", 6],
])("a socket at a path: %s", (_, depth) => {
  const root = mkdtempSync(join(tmpdir(), "tsrun-socket-"));
  try {
    const directory = join(root, ...Array.from({ length: depth }, () => "d".repeat(30)));
    mkdirSync(directory, { recursive: true });
    const path = join(directory, "start");
    const before = readlinkSync("/proc/self/fd/0");
    const listener = listenAt(path);
    expect(() => listenAt(path)).toThrow(expect.objectContaining({ errno: "EADDRINUSE" }));
    const client = connectTo(path);
    const server = accept(listener);
    send(client, Buffer.from("go"));
    expect(recvMessageSync(server, 8)?.toString()).toBe("go");
    for (const fd of [client, server, listener]) close(fd);
    expect(() => connectTo(path)).toThrow(expect.objectContaining({ errno: "ECONNREFUSED" }));
    expect(() => connectTo(`${path}-no`)).toThrow(expect.objectContaining({ errno: "ENOENT" }));
    expect(readlinkSync("/proc/self/fd/0")).toBe(before);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("descriptors travel, arrive close-on-exec, and are refused when there are too many", () => {
  withPair((a, b) => {
    const memfd = memfd_create("traveller", 1);
    sendFds(a, Buffer.from("/dev/ptmx"), [memfd]);
    const { bytes, fds } = recvFds(b, 64);
    expect(bytes.toString()).toBe("/dev/ptmx");
    expect(fds).toHaveLength(1);
    const [got] = fds as [Fd];
    expect(readlinkSync(`/proc/self/fd/${got}`)).toBe("/memfd:traveller (deleted)");
    expect(fcntl(got, "F_GETFD")).toBe(1);
    close(got);
    sendFds(a, Buffer.from("x"), [memfd, memfd, memfd]);
    expect(() => recvFds(b, 8, 1)).toThrow(expect.objectContaining({ errno: "EMSGSIZE" }));
    send(a, Buffer.from("plain"));
    expect(recvFds(b, 8)).toEqual({ bytes: Buffer.from("plain"), fds: [] });
    close(memfd);
  });
});
