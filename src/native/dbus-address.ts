// SPDX-License-Identifier: Apache-2.0
/** Where a bus listens: addresses of D-Bus, and where the buses of the system and of a user are. Pure. */

/** Whose environment it is, and whether it may be trusted: not that of a program which has more rights than its caller. */
export interface BusCaller {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly trusted: boolean;
}

const SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket";

/** sd_bus_open_system(3). */
export function systemBusAddress({ env, trusted }: BusCaller): string {
  const { DBUS_SYSTEM_BUS_ADDRESS: address } = env;
  return trusted && address ? address : SYSTEM_BUS;
}

/** sd_bus_open_user(3). Undefined: the environment does not tell. */
export function userBusAddress({ env, trusted }: BusCaller): string | undefined {
  const { DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: directory } = env;
  if (!trusted) return undefined;
  if (address) return address;
  return directory ? `unix:path=${escaped(`${directory}/bus`)}` : undefined;
}

/**
 * `unix:path=/run/bus,guid=…;tcp:host=…` → the paths of sockets to try, in that order; empty: it has none. Other kinds
 * are left out: a manager of units listens on none of them.
 */
export function socketPaths(address: string): readonly string[] {
  return address.split(";").flatMap((one) => {
    if (!one.startsWith("unix:")) return [];
    const path = one
      .slice("unix:".length)
      .split(",")
      .find((pair) => pair.startsWith("path="));
    return path === undefined ? [] : [unescaped(path.slice("path=".length))];
  });
}

/** What is no letter, digit or one of `-_/.\*` is written as % and two hexadecimal digits for each byte. */
function escaped(text: string): string {
  const plain = /[-0-9A-Za-z_/.\\*]/;
  return Array.from(new TextEncoder().encode(text), (byte) => {
    const char = String.fromCharCode(byte);
    return plain.test(char) ? char : `%${byte.toString(16).padStart(2, "0")}`;
  }).join("");
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
