// SPDX-License-Identifier: Apache-2.0
/** What `create` has systemd do for a container: its unit is made with the image in it, and ended if the start fails. */
import { type MadeCgroup, makeCgroup, type SurveyedDir } from "../cgroup/make.ts";
import { checkJoined, type SystemdUnits } from "../cgroup/systemd.ts";
import type { UnitPlace } from "../cgroup/systemd-place.ts";
import { isUnitExists } from "../cgroup/systemd-unit.ts";
import type { Act } from "../plan/step.ts";

export type UnitAct = Extract<Act, { act: "start-unit" | "set-unit" }>;

export class ContainerUnit {
  readonly #manager: SystemdUnits;
  readonly #place: UnitPlace;
  readonly #surveyed: readonly SurveyedDir[];
  #made: MadeCgroup | undefined;

  constructor(manager: SystemdUnits, place: UnitPlace, surveyed: readonly SurveyedDir[]) {
    this.#manager = manager;
    this.#place = place;
    this.#surveyed = surveyed;
  }

  /** What there is to undo. Undefined: the unit was not ours to make. */
  get made(): MadeCgroup | undefined {
    return this.#made;
  }

  async perform(act: UnitAct, pid: number): Promise<void> {
    if (act.act === "set-unit") await this.#manager.setProperties(act.unit, act.properties);
    else await this.#start(act, pid);
  }

  async end(): Promise<void> {
    await this.#manager.stop(this.#place);
  }

  /** What fails in between may have made the unit, but for one that somebody else has made. */
  async #start({ unit, properties }: UnitAct, pid: number): Promise<void> {
    try {
      await this.#manager.start(unit, properties, pid);
    } catch (error) {
      if (!isUnitExists(error)) this.#made = { dirs: this.#surveyed, created: [] };
      throw error;
    }
    this.#made = { dirs: this.#surveyed, created: [] };
    checkJoined(this.#place, pid);
    this.#made = makeCgroup(this.#place, this.#surveyed);
  }
}
