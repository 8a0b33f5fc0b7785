// SPDX-License-Identifier: Apache-2.0
/** Ids of containers: they name a directory, so they are of few characters. As runc has them. */
import { StateError } from "../errors/errors.ts";

const MAX_LENGTH = 1024;

/** Returns the id; StateError ETSRUN_INVALID_ID unless it is letters, digits, `_`, `+`, `-` and `.`, and not `.` or `..`. */
export function checkId(id: string): string {
  if (id === "") throw invalid(id, "the id of a container must not be empty");
  if (id.length > MAX_LENGTH) throw invalid(id, `the id of a container has at most ${MAX_LENGTH} characters`);
  if (!/^[\w+.-]+$/.test(id) || id === "." || id === "..") {
    throw invalid(id, `invalid id ${JSON.stringify(id)}: letters, digits, "_", "+", "-" and "." make an id`);
  }
  return id;
}

function invalid(id: string, message: string): StateError {
  return new StateError("ETSRUN_INVALID_ID", id, message);
}
