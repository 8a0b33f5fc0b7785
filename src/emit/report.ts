// SPDX-License-Identifier: Apache-2.0
/** What the image says to the runtime, one message of a seqpacket socket each. Encoder and decoder. unix(7). */
import { utf8 } from "../kernel/quote.ts";
import type { Message } from "../plan/step.ts";

/** "tsrF", so that no word and no pid looks like a failure. */
export const REPORT_MAGIC = 0x46727374;
/** A report without its log. */
export const REPORT_SIZE = 32;
/** Bytes of the kernel's log that a report has room for. */
export const LOG_SIZE = 512;

type Word = Exclude<Message, "pid">;
const WORDS: readonly string[] = ["join", "map", "entered", "mounted", "created", "joined"] satisfies readonly Word[];

export interface Failure {
  readonly kind: "failure";
  /** The index of the record; `steps` of the image tells which step of the plan that is. */
  readonly step: number;
  /** A number of kernel/errno.ts. */
  readonly errno: number;
  /** What the call returned: -errno, or what the plan did not allow. */
  readonly result: bigint;
  /** Lines that the filesystem context had to say; "" when there is none. */
  readonly log: string;
}

export type Report =
  | Failure
  | { readonly kind: "word"; readonly word: Word }
  | { readonly kind: "pid"; readonly pid: number };

/**
 * The report of a failure, 32 bytes and the log, little-endian. The machine writes it into its report block, which is
 * these bytes behind the 8 bytes of the slot `report`.
 *
 *   offset  size  field
 *        0     4  magic   "tsrF"
 *        4     4  index   of the record
 *        8     4  errno
 *       12     4  zero
 *       16     8  result  signed
 *       24     8  length  of the log, at most 512
 *       32     n  log     UTF-8
 */
export function encodeFailure(failure: Omit<Failure, "kind">): Uint8Array {
  const log = utf8(failure.log);
  if (log.length > LOG_SIZE) throw new Error(`a log has ${LOG_SIZE} bytes at most, got ${log.length}`);
  const bytes = new Uint8Array(REPORT_SIZE + log.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REPORT_MAGIC, true);
  view.setUint32(4, failure.step, true);
  view.setUint32(8, failure.errno, true);
  view.setBigInt64(16, failure.result, true);
  view.setBigUint64(24, BigInt(log.length), true);
  bytes.set(log, REPORT_SIZE);
  return bytes;
}

/** Reads one message. Throws an Error for bytes that are none: they do not come from an image. */
export function decodeReport(bytes: Uint8Array): Report {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= REPORT_SIZE && view.getUint32(0, true) === REPORT_MAGIC) return decodeFailure(bytes, view);
  if (bytes.length === 8) {
    const pid = view.getBigUint64(0, true);
    if (pid > 0n && pid <= 0x7fff_ffffn) return { kind: "pid", pid: Number(pid) };
  }
  const word = bytes.length < REPORT_SIZE ? String.fromCharCode(...bytes) : "";
  if (isWord(word)) return { kind: "word", word };
  throw new Error(`not a message of an image: ${bytes.length} bytes`);
}

function decodeFailure(bytes: Uint8Array, view: DataView): Failure {
  const length = view.getBigUint64(24, true);
  if (length > BigInt(LOG_SIZE) || bytes.length !== REPORT_SIZE + Number(length)) {
    throw new Error(`a report of ${bytes.length} bytes cannot have a log of ${length}`);
  }
  return {
    kind: "failure",
    step: view.getUint32(4, true),
    errno: view.getUint32(8, true),
    result: view.getBigInt64(16, true),
    log: new TextDecoder().decode(bytes.subarray(REPORT_SIZE)),
  };
}

function isWord(text: string): text is Word {
  return WORDS.includes(text);
}
