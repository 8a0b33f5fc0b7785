// SPDX-License-Identifier: Apache-2.0
/** The network devices that a config moves: their indexes and the addresses that go along. rtnetlink(7). */
import type { Config } from "../config/config.ts";
import { getAddresses, getLink, indexOf, permanentAddress, RTM } from "../kernel/netlink.ts";
import { rtnetlink } from "../native/netlink.ts";
import type { Facts } from "./facts.ts";

/** By name; one that is not in the runtime's network namespace is left out. Nothing is asked if none is moved. */
export function probeNetDevices({ linux }: Config): Facts["netDevices"] {
  const names = Object.keys(linux?.netDevices ?? {});
  if (names.length === 0) return {};
  const addresses = rtnetlink(getAddresses(), true).filter(({ type }) => type === RTM.RTM_NEWADDR);
  const found = names.flatMap((name): [string, Facts["netDevices"][string]][] => {
    const link = rtnetlink(getLink(name)).find(({ type }) => type === RTM.RTM_NEWLINK);
    if (link === undefined) return [];
    const index = indexOf(link);
    const own = addresses.filter((address) => indexOf(address) === index);
    return [[name, { index, addresses: own.flatMap((address) => permanentAddress(address) ?? []) }]];
  });
  return Object.fromEntries(found);
}
