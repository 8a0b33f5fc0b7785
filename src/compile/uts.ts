// SPDX-License-Identifier: Apache-2.0
/** hostname and domainname, and the loopback device of a new network namespace. config.md#hostname, sethostname(2), netdevice(7). */
import { utf8 } from "../kernel/quote.ts";
import { AF, IFF, SIOC, SOCK } from "../kernel/socket.ts";
import { bytes, flags, int, ref, struct } from "../plan/operands.ts";
import type { Step } from "../plan/step.ts";
import { at, close, namespaceOf, namespacePointer, type Scope } from "./scope.ts";

export function hostname({ config }: Scope): readonly Step[] {
  const name = config.hostname ?? "";
  return name === "" ? [] : [at("init", "/hostname")("sethostname", [bytes(name), int(byteLength(name))])];
}

export function domainname({ config }: Scope): readonly Step[] {
  const name = config.domainname ?? "";
  return name === "" ? [] : [at("init", "/domainname")("setdomainname", [bytes(name), int(byteLength(name))])];
}

function byteLength(text: string): number {
  return utf8(text).length;
}

/** A new network namespace has one device, `lo`, and it is down. network_namespaces(7). */
export function loopback(scope: Scope): readonly Step[] {
  if (namespaceOf(scope, "network") !== "new") return [];
  const make = at("init", namespacePointer(scope, "network"));
  const up = flags(IFF, IFF.IFF_UP | IFF.IFF_LOOPBACK | IFF.IFF_RUNNING);
  return [
    make("socket", [flags(AF, AF.AF_INET), flags(SOCK, SOCK.SOCK_DGRAM | SOCK.SOCK_CLOEXEC), int(0)], {
      result: "socket",
    }),
    make("ioctl", [
      ref("socket"),
      flags(SIOC, SIOC.SIOCSIFFLAGS),
      struct("ifreq_flags", { ifr_name: bytes("lo"), ifr_flags: up }),
    ]),
    close(make, "socket"),
  ];
}
