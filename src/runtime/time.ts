// SPDX-License-Identifier: Apache-2.0
/** The time as text. ISO 8601, in UTC. */

const DAY_MS = 86_400_000;

/**
 * `isoTime(0)` → `1970-01-01T00:00:00.000Z`: what Date's toISOString says.
 *
 * Date itself would have the engine look up the host's time zone, which takes as long as a start of the image.
 */
export function isoTime(epochMs: number): string {
  const [year, month, day] = civil(Math.floor(epochMs / DAY_MS));
  const ms = ((epochMs % DAY_MS) + DAY_MS) % DAY_MS;
  const part = (unitMs: number, count: number, digits = 2) => pad(Math.floor(ms / unitMs) % count, digits);
  const time = `${part(3_600_000, 24)}:${part(60_000, 60)}:${part(1_000, 60)}.${part(1, 1_000, 3)}`;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${time}Z`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}

/** Year, month and day of a day number since 1970-01-01. Years begin in March, so that a leap day is their last. */
function civil(days: number): [year: number, month: number, day: number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leapless =
    dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor(leapless / 365);
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  return [yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, day];
}
