// SPDX-License-Identifier: Apache-2.0
/** Units of systemd, made, changed and ended over the bus, each within a time. org.freedesktop.systemd1(5). */
import { HostError } from "../errors/errors.ts";
import { Bus, MethodError } from "../native/dbus.ts";
import type { Message } from "../native/dbus-message.ts";
import type { Value } from "../native/dbus-types.ts";

/** A property of a unit: its name, the signature of its type, and its value. */
export interface UnitProperty {
  readonly name: string;
  readonly type: string;
  readonly value: Value;
}

const MANAGER = {
  destination: "org.freedesktop.systemd1",
  path: "/org/freedesktop/systemd1",
  interface: "org.freedesktop.systemd1.Manager",
} as const;
const PROPERTIES = "org.freedesktop.DBus.Properties";
const ERRORS = "org.freedesktop.systemd1.";
const JOB_REMOVED = `type='signal',sender='${MANAGER.destination}',interface='${MANAGER.interface}',member='JobRemoved'`;

/** How long one call may take, and a job. Nothing is frozen meanwhile. */
export interface Patience {
  readonly callMs: number;
  readonly jobMs: number;
}

const PATIENCE: Patience = { callMs: 25_000, jobMs: 30_000 };

export class Systemd {
  readonly #bus: Bus;
  readonly #patience: Patience;
  /** Job -> its result. One may end before we are told its name. */
  readonly #results = new Map<string, string>();
  #jobEnded: () => void = () => {};
  #listens: Promise<void> | undefined;

  /** HostError: the bus cannot be reached. */
  static async open(address: string, patience: Patience = PATIENCE): Promise<Systemd> {
    return new Systemd(await Bus.open(address, patience.callMs), patience);
  }

  private constructor(bus: Bus, patience: Patience) {
    this.#bus = bus;
    this.#patience = patience;
  }

  close(): void {
    this.#bus.close();
  }

  /** The number of the version, and the cgroup of the manager itself: "" or "/" is the root of the hierarchy. */
  async about(): Promise<{ readonly version: number; readonly controlGroup: string }> {
    const [version, controlGroup] = await Promise.all([this.#property("Version"), this.#property("ControlGroup")]);
    // Such as "252.38-1~deb12u1", or "v245-rc1" of a build from its repository.
    return { version: Number(/\d+/.exec(version)?.[0] ?? 0), controlGroup };
  }

  /**
   * Makes a unit that lasts until it is stopped or empty. One of that name which has failed gives way.
   * HostError: systemd does not make it, or not in time.
   */
  async startUnit(unit: string, properties: readonly UnitProperty[]): Promise<void> {
    const list = properties.map(({ name, type, value }): Value => [name, { type, value }]);
    const start = () => this.#job("StartTransientUnit", "ssa(sv)a(sa(sv))", [unit, "replace", list, []]);
    const result = await start().catch(async (error) => {
      if (!isError(error, "UnitExists")) throw error;
      await this.#resetFailed(unit);
      return start();
    });
    if (result === "done") return;
    await this.#resetFailed(unit);
    throw new HostError(`systemd did not make ${unit}: the result of its job is ${JSON.stringify(result)}`);
  }

  /** Changes properties until the unit ends. */
  async setProperties(unit: string, properties: readonly UnitProperty[]): Promise<void> {
    const list = properties.map(({ name, type, value }): Value => [name, { type, value }]);
    await this.#call("SetUnitProperties", "sba(sv)", [unit, true, list]);
  }

  /** Ends a unit; one that is not there is fine. Nothing of it is left, not even the news that it failed. */
  async stopUnit(unit: string): Promise<void> {
    try {
      await this.#job("StopUnit", "ss", [unit, "replace"]);
    } catch (error) {
      if (!isError(error, "NoSuchUnit")) throw error;
    }
    await this.#resetFailed(unit);
  }

  async #resetFailed(unit: string): Promise<void> {
    try {
      await this.#call("ResetFailedUnit", "s", [unit]);
    } catch (error) {
      // A unit that has not failed is gone by now.
      if (!isError(error, "NoSuchUnit")) throw error;
    }
  }

  async #property(name: string): Promise<string> {
    const call = { ...MANAGER, interface: PROPERTIES, member: "Get" };
    const body = [MANAGER.interface, name];
    const [variant] = await this.#bus.call({ ...call, signature: "ss", body }, this.#patience.callMs);
    return String((variant as { value: Value }).value);
  }

  #call(member: string, signature: string, body: readonly Value[]): Promise<readonly Value[]> {
    return this.#bus.call({ ...MANAGER, member, signature, body }, this.#patience.callMs);
  }

  /** Sets off a job and waits for its end; answers with its result. */
  async #job(member: string, signature: string, body: readonly Value[]): Promise<string> {
    this.#listens ??= this.#bus.listen(JOB_REMOVED, (signal) => this.#hear(signal), this.#patience.callMs);
    await this.#listens;
    const [job] = await this.#call(member, signature, body);
    const result = this.#results.get(String(job)) ?? (await this.#resultOf(String(job), `${member} of ${body[0]}`));
    this.#results.delete(String(job));
    return result;
  }

  #resultOf(job: string, what: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const { jobMs } = this.#patience;
      const tooLate = new HostError(`systemd did not finish ${what} within ${jobMs / 1000} s`);
      const timer = setTimeout(() => reject(tooLate), jobMs);
      this.#jobEnded = () => {
        const result = this.#results.get(job);
        if (result === undefined) return;
        clearTimeout(timer);
        resolve(result);
      };
    });
  }

  /** JobRemoved(u id, o job, s unit, s result). */
  #hear({ member, interface: name, body = [] }: Message): void {
    if (member !== "JobRemoved" || name !== MANAGER.interface) return;
    this.#results.set(String(body[1]), String(body[3]));
    this.#jobEnded();
  }
}

/** Whether systemd refused to make a unit since there is one of that name. */
export function isUnitExists(error: unknown): boolean {
  return isError(error, "UnitExists");
}

function isError(error: unknown, name: string): boolean {
  return error instanceof MethodError && error.errorName === `${ERRORS}${name}`;
}
