// SPDX-License-Identifier: Apache-2.0
/** Rules about the allowed device list. config-linux.md#allowed-device-list. */
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, type Rule } from "./rule.ts";

/** The kernel has 32 bits for each number, and the last of their values means all. */
const LAST = 0xffff_fffe;

export const DEVICE_RULES: readonly Rule[] = [
  {
    name: "rules for devices have numbers that devices can have",
    spec: "config-linux.md#allowed-device-list",
    reads: ["/linux/resources/devices"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [index, rule] of (linuxOf(config).resources?.devices ?? []).entries()) {
        for (const part of ["major", "minor"] as const) {
          const number = rule[part];
          if (number === undefined || (number >= -1 && number <= LAST)) continue;
          const path = pointer("linux", "resources", "devices", index, part);
          yield { pointer: path, message: `expected -1, for all, or a number up to ${LAST}, found ${number}` };
        }
      }
    },
  },
  {
    name: "rules for devices speak of some access",
    spec: "config-linux.md#allowed-device-list",
    reads: ["/linux/resources/devices"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const [index, { access }] of (linuxOf(config).resources?.devices ?? []).entries()) {
        const path = pointer("linux", "resources", "devices", index, "access");
        if (access === "") yield { pointer: path, message: "expected some of r, w and m; without the property, all" };
      }
    },
  },
];
