// SPDX-License-Identifier: Apache-2.0
/** Files that live in memory only: the init image. memfd_create(2). */
import { writeSync } from "node:fs";
import { printFlags } from "../kernel/flags.ts";
import { F_SEAL, MFD } from "../kernel/memfd.ts";
import { O } from "../kernel/open.ts";
import { quote } from "../kernel/quote.ts";
import { libcCall, must } from "./call.ts";
import { close, type Fd, fcntl } from "./fd.ts";

const EINVAL = 22;
const memfdCall = libcCall("memfd_create", "int", ["str", "uint"]);

// F_SEAL_FUTURE_WRITE is left out: it was wrong in several kernels, and F_SEAL_WRITE is the stronger one.
const SEALS = F_SEAL.F_SEAL_SEAL | F_SEAL.F_SEAL_SHRINK | F_SEAL.F_SEAL_GROW | F_SEAL.F_SEAL_WRITE;
const FLAGS = MFD.MFD_CLOEXEC | MFD.MFD_ALLOW_SEALING;

// Whether the kernel knows MFD_EXEC (Linux 6.3), once tried.
let knowsExec = true;

/**
 * `memfd_create(name, flags)` → fd
 *
 * EINVAL: an unknown flag. EACCES: MFD_EXEC while vm.memfd_noexec is 2.
 */
export function memfd_create(name: string, flags: number): Fd {
  const line = () => `memfd_create(${quote(name)}, ${printFlags(MFD, flags)})`;
  return must(memfdCall(name, flags), line) as Fd;
}

/** An executable memory file with these bytes, which nobody can change any more; not even this process. */
export function sealedMemfd(name: string, bytes: Uint8Array): Fd {
  const fd = executableMemfd(name);
  try {
    fillSealed(fd, bytes);
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd;
}

/** Writes the file, and lets nobody change it any more. Its offset stays where it was. */
export function fillSealed(fd: Fd, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, done);
  fcntl(fd, "F_ADD_SEALS", SEALS);
}

/** A file for data, which `fillSealed` takes. */
export function memfile(name: string): Fd {
  return memfd_create(name, FLAGS);
}

/** A file that only grows at its end, whoever writes to it. */
export function memlog(name: string): Fd {
  const fd = memfd_create(name, MFD.MFD_CLOEXEC);
  fcntl(fd, "F_SETFL", O.O_APPEND);
  return fd;
}

/** Asks for the execute permission by name: without it, vm.memfd_noexec=1 would take it away. */
function executableMemfd(name: string): Fd {
  if (knowsExec) {
    const fd = memfdCall(name, FLAGS | MFD.MFD_EXEC);
    if (fd !== -EINVAL)
      return must(fd, () => `memfd_create(${quote(name)}, ${printFlags(MFD, FLAGS | MFD.MFD_EXEC)})`) as Fd;
    knowsExec = false;
  }
  return memfd_create(name, FLAGS);
}
