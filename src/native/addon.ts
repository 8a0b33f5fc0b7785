// SPDX-License-Identifier: Apache-2.0
/** koffi's compiled addon, loaded without koffi's JavaScript, which costs ten times as much. */
import { join } from "node:path";
import { HostError } from "../errors/errors.ts";

/** What is passed to a C function. A buffer is passed by its address, null as NULL. */
export type Argument = number | bigint | string | Uint8Array | null | readonly (string | null)[];

/** The C types that this room uses, in koffi's words. */
export type CType = "int" | "uint" | "long" | "ulong" | "int64" | "size_t" | "str" | "void *" | "str *";

export interface Bound {
  (...args: Argument[]): number | bigint;
  /** Makes the call on a thread of the pool. Does not carry errno. */
  async(...args: [...Argument[], (error: Error | null, result: number | bigint) => void]): void;
}

export interface PollHandle {
  stop(): void;
  close(): void;
}

/** The part of koffi's addon that this room uses. */
export interface Addon {
  load(path: string | null): { func(name: string, result: CType, args: readonly CType[]): Bound };
  errno(): number;
  address(buffer: Uint8Array): bigint;
  readonly node: {
    /** Watches a descriptor with libuv's uv_poll, and makes it non-blocking. Not in Bun. */
    poll(fd: number, events: { readonly readable: boolean }, wake: () => void): PollHandle;
  };
}

let loaded: Addon | undefined;

/** The addon, loaded at the first call. HostError: there is none for this machine. */
export function addon(): Addon {
  loaded ??= open();
  return loaded;
}

/** Whether something has needed the addon yet. */
export function isLoaded(): boolean {
  return loaded !== undefined;
}

function open(): Addon {
  const reasons: unknown[] = [];
  for (const locate of [besideBundle, inPackage]) {
    for (const libc of ["linux", "musl"]) {
      try {
        const module: { exports: Partial<Addon> } = { exports: {} };
        process.dlopen(module, locate(libc));
        return module.exports as Addon;
      } catch (reason) {
        reasons.push(reason);
      }
    }
  }
  throw new HostError(`koffi's addon for ${process.arch} cannot be loaded`, { cause: new AggregateError(reasons) });
}

/** Where the build puts it. The build replaces `import.meta.dirname` by the directory of the bundle's real file. */
function besideBundle(libc: string): string {
  return join(import.meta.dirname, `koffi-${libc}-${process.arch}.node`);
}

/** Where npm puts it: koffi's package for this platform. */
function inPackage(libc: string): string {
  // Only a run from the sources needs Node's module loader.
  const { createRequire } = process.getBuiltinModule("node:module");
  const from = createRequire(join(import.meta.dirname, "addon.ts"));
  return from.resolve(`@koromix/koffi-linux-${process.arch}/${libc}_${process.arch}/koffi.node`);
}
