// SPDX-License-Identifier: Apache-2.0
/** Rules about network devices. config-linux.md#network-devices, netdevice(7). */
import { quote, utf8 } from "../kernel/quote.ts";
import type { Config } from "./config.ts";
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, namespaceOf, type Rule, repeated } from "./rule.ts";

/** IFNAMSIZ without its NUL. */
const NAME_BYTES = 15;

export const NET_DEVICE_RULES: readonly Rule[] = [
  {
    name: "network devices move to a network namespace of the container",
    spec: "config-linux.md#network-devices",
    reads: ["/linux/netDevices", "/linux/namespaces"],
    level: "error",
    *check(config): Iterable<Fault> {
      if (devices(config).length === 0 || namespaceOf(config, "network") !== undefined) return;
      yield { pointer: "/linux/netDevices", message: "needs a network namespace in /linux/namespaces" };
    },
  },
  {
    name: "names of network devices are ones the kernel accepts",
    spec: "config-linux.md#network-devices",
    reads: ["/linux/netDevices"],
    level: "error",
    *check(config): Iterable<Fault> {
      for (const { name, wanted, path } of devices(config)) {
        const problem = name.includes("%") ? "a template names no device" : problemOf(name);
        if (problem !== undefined) yield { pointer: path, message: problem };
        const inside = wanted === undefined ? undefined : problemOf(wanted);
        if (inside !== undefined) yield { pointer: `${path}/name`, message: inside };
      }
    },
  },
  {
    name: "each network device has a name of its own in the container",
    spec: "config-linux.md#network-devices",
    reads: ["/linux/netDevices"],
    level: "error",
    *check(config): Iterable<Fault> {
      const all = devices(config).filter(({ wanted = "" }) => !wanted.includes("%d"));
      for (const [index] of repeated(all.map(({ name, wanted }) => wanted ?? name))) {
        const { path = "", name = "", wanted } = all[index] ?? {};
        const message = `${quote(wanted ?? name)} is the name of another device in the container`;
        yield { pointer: wanted === undefined ? path : `${path}/name`, message };
      }
    },
  },
];

interface Device {
  readonly name: string;
  /** The name in the container; an empty one is as good as none. */
  readonly wanted: string | undefined;
  readonly path: string;
}

function devices(config: Config): Device[] {
  return Object.entries(linuxOf(config).netDevices ?? {}).map(([name, { name: wanted }]) => {
    return { name, wanted: wanted === "" ? undefined : wanted, path: pointer("linux", "netDevices", name) };
  });
}

function problemOf(name: string): string | undefined {
  if (name === "lo") return "every network namespace has a loopback device of its own";
  if (name === "" || name === "." || name === ".." || /[/:\s]/.test(name)) {
    return `expected the name of a network device, without "/", ":" and blanks, found ${quote(name)}`;
  }
  if (utf8(name).length > NAME_BYTES) return `expected at most ${NAME_BYTES} bytes, found ${quote(name)}`;
  if (/%/.test(name.replace("%d", ""))) return `expected at most one "%d" and no other "%", found ${quote(name)}`;
  return undefined;
}
