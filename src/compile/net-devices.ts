// SPDX-License-Identifier: Apache-2.0
/** Devices of the host that move to the container's network namespace, with their addresses. config-linux.md#network-devices, rtnetlink(7). */
import { pointer } from "../config/pointer.ts";
import { CAP } from "../kernel/capability.ts";
import {
  type AroundIndex,
  addAddress,
  getLink,
  INDEX_AT,
  type LinkAddress,
  NLMSG,
  RTM,
  raiseLink,
  renameLink,
} from "../kernel/netlink.ts";
import { AF, MSG, SOCK } from "../kernel/socket.ts";
import { address, buffer, bytes, flags, int, NULL, out, ref, struct } from "../plan/operands.ts";
import type { Act, Call, Check } from "../plan/step.ts";
import { at, close, type Make, namespaceOf, type Scope } from "./scope.ts";
import { turnFor } from "./turn.ts";

interface Device {
  readonly make: Make;
  readonly name: string;
  readonly index: number;
  readonly addresses: readonly LinkAddress[];
  /** Its name in the container, or a template of one. */
  readonly wanted: string;
  /** Its name on the way: nobody else's there, and known, which what the kernel makes of a template is not. */
  readonly passing: string;
}

/** Late in the start, for what has left the host comes back only with the end of the namespace; but before the hooks. */
export function netDevices(scope: Scope): readonly (Call | Act)[] {
  const devices = findDevices(scope);
  if (devices.length === 0) return [];
  const make = at("init", "/linux/netDevices");
  const raw = flags(SOCK, SOCK.SOCK_RAW | SOCK.SOCK_CLOEXEC);
  const moves = devices.map(({ make, name, index, passing }): Act => {
    const { from } = make("close", []);
    return { stage: "runtime", from, act: "move-link", name, index, passing };
  });
  return [
    make("socket", [flags(AF, AF.AF_NETLINK), raw, int(0)], { result: "link" }),
    ...devices.flatMap(nameIsFree),
    ...turnFor(make, "entered", moves),
    ...devices.flatMap(arrive),
    close(make, "link"),
  ];
}

function findDevices(scope: Scope): Device[] {
  const entries = Object.entries(scope.config.linux?.netDevices ?? {});
  const fault = (from: string, message: string) =>
    scope.findings.push({ pointer: from, message, spec: "config-linux.md#network-devices" });
  if (entries.length > 0) checkRights(scope, fault);
  return entries.flatMap(([name, { name: wanted = "" }]): Device[] => {
    const from = pointer("linux", "netDevices", name);
    const facts = scope.facts.netDevices[name];
    if (facts === undefined) {
      fault(from, "there is no network device of that name in the runtime's network namespace");
      return [];
    }
    return [
      {
        make: at("init", from),
        name,
        ...facts,
        wanted: wanted === "" ? name : wanted,
        passing: `tsrun-${facts.index}`,
      },
    ];
  });
}

function checkRights(scope: Scope, fault: (from: string, message: string) => void): void {
  const { uid, capabilities, namespaces } = scope.facts;
  if (uid !== 0 || (capabilities & (1n << BigInt(CAP.CAP_NET_ADMIN))) === 0n) {
    fault("/linux/netDevices", "moving network devices needs root with CAP_NET_ADMIN in their network namespace");
  }
  const network = scope.config.linux?.namespaces?.find(({ type }) => type === "network");
  if (namespaceOf(scope, "network") === "joined" && namespaces[network?.path ?? ""]?.own === true) {
    fault("/linux/netDevices", "the container joins the network namespace in which the devices are already");
  }
}

const ENODEV = 19;

/** Asked before anything is moved: a name that is taken would be an error with the device gone. */
function nameIsFree({ make, wanted }: Device): Call[] {
  if (wanted.includes("%d")) return [];
  return [
    ask(make, getLink(wanted)),
    answer(make, [
      { field: "nlmsg_type", value: BigInt(NLMSG.NLMSG_ERROR), errno: "EEXIST" },
      { field: "error", value: BigInt.asUintN(32, BigInt(-ENODEV)), errno: "EEXIST" },
    ]),
  ];
}

function arrive(device: Device): Call[] {
  const { make, addresses, wanted, passing } = device;
  return [
    ...findIndex(make, passing),
    ...tell(make, renameLink(wanted), "EEXIST"),
    ...addresses.flatMap((each) => tell(make, addAddress(each), "EADDRNOTAVAIL")),
    ...tell(make, raiseLink(), "ENETDOWN"),
  ];
}

/** `$index`: of the answer, the kernel writes just those 4 bytes there; before them it held the length of the question. */
function findIndex(make: Make, name: string): Call[] {
  const pieces = struct("iovec3", {
    iov_base0: buffer(INDEX_AT),
    iov_len0: int(INDEX_AT),
    iov_base1: address("index"),
    iov_len1: int(4),
  });
  return [
    ask(make, getLink(name), "index"),
    answer(make, [{ field: "nlmsg_type", value: BigInt(RTM.RTM_NEWLINK), errno: "ENODEV" }], MSG.MSG_PEEK),
    make("readv", [ref("link"), pieces, int(2)]),
  ];
}

/** A request about the device of `$index`, and the kernel's acknowledgement. */
function tell(make: Make, { head, tail }: AroundIndex, errno: Check["errno"]): Call[] {
  const pieces = struct("iovec3", {
    iov_base0: bytes(head),
    iov_len0: int(head.length),
    iov_base1: address("index"),
    iov_len1: int(4),
    iov_base2: bytes(tail),
    iov_len2: int(tail.length),
  });
  return [
    make("writev", [ref("link"), pieces, int(3)]),
    answer(make, [
      { field: "nlmsg_type", value: BigInt(NLMSG.NLMSG_ERROR), errno },
      { field: "error", value: 0n, errno },
    ]),
  ];
}

function ask(make: Make, request: Uint8Array, result?: string): Call {
  const args = [ref("link"), bytes(request), int(request.length), flags(MSG, 0), NULL, int(0)];
  return make("sendto", args, result === undefined ? {} : { result });
}

function answer(make: Make, checks: readonly Check[], how = 0): Call {
  return make("recvfrom", [ref("link"), out("nlmsgerr"), int(20), flags(MSG, how), NULL, NULL], { checks });
}
