// SPDX-License-Identifier: Apache-2.0
/** Cgroups through systemd: it makes the unit of a container, moves its first process there, and ends it. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { HostError } from "../errors/errors.ts";
import type { CgroupFacts } from "../host/facts.ts";
import { probeSelf } from "../host/probe-kernel.ts";
import { type BusCaller, systemBusAddress, userBusAddress } from "../native/dbus-address.ts";
import type { LimitedDir } from "./limits.ts";
import { annotatedProperties } from "./systemd-annotations.ts";
import { placeUnit, type UnitPlace, type UnitPlaceOptions } from "./systemd-place.ts";
import { type LimitedUnit, unitProperties } from "./systemd-properties.ts";
import { Systemd, type UnitProperty } from "./systemd-unit.ts";

/** What state.json keeps, so that `delete` finds the unit whatever its own environment says. */
export interface UnitRecord {
  readonly unit: string;
  readonly address: string;
}

interface Annotated {
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly file: string;
}

/** A manager of units that can be reached, and what it has told of itself. */
export class SystemdUnits {
  readonly #systemd: Systemd;
  readonly #address: string;
  readonly #user: boolean;
  readonly #version: number;
  readonly #controlGroup: string;

  /**
   * The system's manager for root, the user's own for others, and for root of a user namespace.
   * HostError: systemd does not run here, or cannot be reached.
   */
  static async open(): Promise<SystemdUnits> {
    demandSystemd();
    const { uid, userns } = probeSelf();
    const user = uid !== 0 || userns;
    const address = addressOf(user);
    const systemd = await Systemd.open(address);
    try {
      return new SystemdUnits(systemd, { address, user, ...(await systemd.about()) });
    } catch (error) {
      systemd.close();
      throw error;
    }
  }

  private constructor(
    systemd: Systemd,
    about: { address: string; user: boolean; version: number; controlGroup: string },
  ) {
    this.#systemd = systemd;
    this.#address = about.address;
    this.#user = about.user;
    this.#version = about.version;
    this.#controlGroup = about.controlGroup.replace(/\/$/, "");
  }

  close(): void {
    this.#systemd.close();
  }

  /** Where the unit's cgroup will be. ConfigError at /linux/cgroupsPath. HostError: a user on cgroup v1. */
  place(container: Pick<UnitPlaceOptions, "cgroupsPath" | "id" | "facts" | "file">): UnitPlace {
    if (this.#user && container.facts.layout !== "v2") {
      throw new HostError("a user's systemd has cgroups of version 2 only, which this host does not use alone");
    }
    const controllers = this.#user ? this.#controllers(container.facts) : undefined;
    return placeUnit({ ...container, user: this.#user, controlGroup: this.#controlGroup, controllers });
  }

  /** What systemd is told of a container. ConfigError for annotations that are no properties. */
  limit(place: UnitPlace, limited: readonly LimitedDir[], { annotations, file }: Annotated): LimitedUnit {
    return unitProperties(place, limited, annotatedProperties(annotations, file), this.#version);
  }

  record({ unit }: UnitPlace): UnitRecord {
    return { unit, address: this.#address };
  }

  /** Makes the unit with a process in it. */
  async start(unit: string, properties: readonly UnitProperty[], pid: number): Promise<void> {
    await this.#systemd.startUnit(unit, [...properties, { name: "PIDs", type: "au", value: [pid] }]);
  }

  setProperties(unit: string, properties: readonly UnitProperty[]): Promise<void> {
    return this.#systemd.setProperties(unit, properties);
  }

  stop({ unit }: UnitPlace): Promise<void> {
    return this.#systemd.stopUnit(unit);
  }

  /** What the user's manager was given by the one above it. */
  #controllers({ hierarchies }: CgroupFacts): readonly string[] | undefined {
    const mountpoint = hierarchies.find(({ version }) => version === 2)?.mountpoint ?? "";
    const file = `${mountpoint}${this.#controlGroup}/cgroup.controllers`;
    return existsSync(file) ? readFileSync(file, "utf8").trim().split(/\s+/) : undefined;
  }
}

/** Whether systemd has put the process where the plan expects it. HostError: it is elsewhere. */
export function checkJoined({ made, unit }: UnitPlace, pid: number): void {
  for (const path of made) {
    const pids = readFileSync(`${path}/cgroup.procs`, "utf8").split("\n");
    if (!pids.includes(String(pid))) throw new HostError(`systemd made ${unit}, but its process is not in ${path}`);
  }
}

/**
 * Ends the unit of a container whose processes are gone. Where its bus is gone, too, as after its user has logged out,
 * and none of its cgroups is left, there is nothing to end.
 */
export async function endUnit({ unit, address }: UnitRecord, paths: readonly string[]): Promise<void> {
  let systemd: Systemd;
  try {
    systemd = await Systemd.open(address);
  } catch (error) {
    if (!paths.some((path) => existsSync(path))) return;
    throw error;
  }
  try {
    await systemd.stopUnit(unit);
  } finally {
    systemd.close();
  }
}

/** sd_booted(3). */
function demandSystemd(): void {
  if (statSync("/run/systemd/system", { throwIfNoEntry: false })?.isDirectory()) return;
  throw new HostError(
    "systemd does not run on this host (there is no /run/systemd/system): leave out --systemd-cgroup, or use --cgroup-manager cgroupfs",
  );
}

function addressOf(user: boolean): string {
  const trusted = process.getuid?.() === process.geteuid?.() && process.getgid?.() === process.getegid?.();
  const caller: BusCaller = { env: process.env, trusted };
  if (!user) return systemBusAddress(caller);
  const address = userBusAddress(caller);
  if (address !== undefined) return address;
  throw new HostError(
    "where the user's systemd listens is not known: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set; log in as the user, or use --cgroup-manager cgroupfs",
  );
}
