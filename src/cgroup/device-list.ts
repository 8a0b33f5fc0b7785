// SPDX-License-Identifier: Apache-2.0
/** linux.resources.devices → the whole list of rules of a container. Pure. config-linux.md#allowed-device-list. */
import { ACCESS, ANY, accessOf, type DeviceRule } from "../bpf/device-rules.ts";
import type { DeviceRule as ConfigRule } from "../config/config.ts";

export interface ListedRule extends DeviceRule {
  /** JSON pointer of the rule; "" for those that every container has. */
  readonly from: string;
}

const PLACE = "/linux/resources/devices";

/**
 * What the container can use whatever its rules say, as with runc: any node may be made, since making one gives no
 * access to it; the devices of config-linux.md#default-devices, with the container's own terminals, and /dev/net/tun.
 */
const ALWAYS: readonly ListedRule[] = [
  ...(["b", "c"] as const).map((type) => always(type, ANY, ANY, "m")),
  always("c", 1, 3), // null
  always("c", 1, 5), // zero
  always("c", 1, 7), // full
  always("c", 1, 8), // random
  always("c", 1, 9), // urandom
  always("c", 5, 0), // tty
  always("c", 5, 2), // ptmx
  always("c", 10, 200), // net/tun
  always("c", 136, ANY), // pts
];

function always(type: "b" | "c", major: number, minor: number, access = "rwm"): ListedRule {
  return { allow: true, type, major, minor, access: accessOf(access), from: "" };
}

/** In order: the last rule that matches counts. Without any everything is denied but what every container has. */
export function deviceList(rules: readonly ConfigRule[] = []): readonly ListedRule[] {
  return [...rules.map(listed), ...ALWAYS];
}

function listed({ allow, type, major, minor, access }: ConfigRule, index: number): ListedRule {
  return {
    allow,
    type: type === "b" || type === "c" ? type : "a",
    major: numberOf(major),
    minor: numberOf(minor),
    access: access === undefined ? ACCESS : accessOf(access),
    from: `${PLACE}/${index}`,
  };
}

/** The rules of the config have seen to it that it is one of 32 bits. */
function numberOf(value: number | bigint | undefined): number {
  return value === undefined ? ANY : Number(value);
}
