// SPDX-License-Identifier: Apache-2.0
/** The session keyring: a container must not find the keys of whoever started it. keyrings(7), keyctl(2). */
import { KEY, KEY_SPEC, KEYCTL } from "../kernel/keyctl.ts";
import { flags, named } from "../plan/operands.ts";
import { writeProc } from "./proc.ts";
import { at, type Draft, namespaceOf, type Scope } from "./scope.ts";

/** What the kernel gives a new one. */
const RIGHTS =
  KEY.KEY_POS_VIEW |
  KEY.KEY_POS_READ |
  KEY.KEY_POS_WRITE |
  KEY.KEY_POS_SEARCH |
  KEY.KEY_POS_LINK |
  KEY.KEY_POS_SETATTR |
  KEY.KEY_USR_VIEW |
  KEY.KEY_USR_READ |
  KEY.KEY_USR_LINK;

/** A new one, of the container's name. */
export function sessionKeyring(scope: Scope): readonly Draft[] {
  if (scope.options.keyring === undefined) return [];
  // As runc: its user may look for keys in it, too; in a user namespace whoever has its number may.
  const search = namespaceOf(scope, "user") === "inherited" ? KEY.KEY_USR_SEARCH : KEY.KEY_OTH_SEARCH;
  const own = flags(KEY_SPEC, KEY_SPEC.KEY_SPEC_SESSION_KEYRING);
  return [
    ...keyLabel(scope),
    ...joinNamed(scope.options.keyring),
    at("init", "")("keyctl", [flags(KEYCTL, KEYCTL.KEYCTL_SETPERM), own, flags(KEY, RIGHTS | search)]),
    { mark: WITHOUT },
  ];
}

/** The one that is there, if the process may look for it; it stays as its container has made it. */
export function joinKeyring({ options: { keyring } }: Scope): readonly Draft[] {
  return keyring === undefined ? [] : [...joinNamed(keyring), { mark: WITHOUT }];
}

/** SELinux gives keys the label of the process that will use them; execve(2) forgets it, clone(2) does not. */
export function keyLabel({ options: { keyring }, config: { process } }: Scope): readonly Draft[] {
  const label = process?.selinuxLabel ?? "";
  if (keyring === undefined || label === "") return [];
  return writeProc(at("init", "/process/selinuxLabel"), "self/attr/keycreate", label);
}

const WITHOUT = "without-keyring";

/** A kernel without keyrings has no keys that could be found. */
function joinNamed(keyring: string): readonly Draft[] {
  const how = [flags(KEYCTL, KEYCTL.KEYCTL_JOIN_SESSION_KEYRING), named(keyring)];
  return [at("init", "")("keyctl", how, { tolerate: { ENOSYS: WITHOUT } })];
}
