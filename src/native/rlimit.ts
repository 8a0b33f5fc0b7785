// SPDX-License-Identifier: Apache-2.0
/** Resource limits of this process. getrlimit(2). */
import { RLIMIT } from "../kernel/rlimit.ts";
import { libcCall, must } from "./call.ts";

export interface Limit {
  readonly soft: bigint;
  readonly hard: bigint;
}

const getrlimitCall = libcCall("getrlimit", "int", ["int", "void *"]);

/** `getrlimit(type, &limit)`. struct rlimit, 16 bytes: rlim_cur 0-7, rlim_max 8-15; all ones is RLIM_INFINITY. */
export function getrlimit(type: keyof typeof RLIMIT): Limit {
  const bytes = Buffer.alloc(16);
  must(getrlimitCall(RLIMIT[type], bytes), () => `getrlimit(${type}, [])`);
  return { soft: bytes.readBigUInt64LE(0), hard: bytes.readBigUInt64LE(8) };
}
