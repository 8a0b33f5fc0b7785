// SPDX-License-Identifier: Apache-2.0
/** Rules about limits of block devices. config-linux.md#block-io; the kernel's blkio-controller. */
import type { BlockIO, ThrottleDevice, WeightDevice } from "./config.ts";
import { pointer } from "./pointer.ts";
import { type Fault, linuxOf, type Rule, repeated } from "./rule.ts";

const SPEC = "config-linux.md#block-io";
/** Of BFQ, and of CFQ before it, whose least was 10. 0 asks for nothing. */
const WEIGHT_MAX = 1000;
/** The kernel's dev_t has 12 and 20 bits. */
const MAJOR_MAX = 4095;
const MINOR_MAX = 1_048_575;

const LISTS = [
  "weightDevice",
  "throttleReadBpsDevice",
  "throttleWriteBpsDevice",
  "throttleReadIOPSDevice",
  "throttleWriteIOPSDevice",
] as const;

export const BLOCK_IO_RULES: readonly Rule[] = [
  blockIoRule("a weight for a device is given", function* ({ weightDevice = [] }) {
    for (const [index, { weight, leafWeight }] of weightDevice.entries()) {
      if (weight !== undefined || leafWeight !== undefined) continue;
      yield { pointer: at("weightDevice", index), message: `needs "weight" or "leafWeight"` };
    }
  }),
  blockIoRule("weights are 1 to 1000", function* ({ weightDevice = [], ...own }) {
    yield* weightFaults(own);
    for (const [index, device] of weightDevice.entries()) yield* weightFaults(device, "weightDevice", index);
  }),
  blockIoRule("block devices have numbers that Linux has", function* (blockIO) {
    for (const list of LISTS) {
      for (const [index, { major, minor }] of (blockIO[list] ?? []).entries()) {
        if (major < 0 || major > MAJOR_MAX) yield beyond([list, index, "major"], MAJOR_MAX, major);
        if (minor < 0 || minor > MINOR_MAX) yield beyond([list, index, "minor"], MINOR_MAX, minor);
      }
    }
  }),
  blockIoRule("a list says one thing of a block device", function* (blockIO) {
    for (const list of LISTS) {
      const devices: readonly (WeightDevice | ThrottleDevice)[] = blockIO[list] ?? [];
      for (const [index, first] of repeated(devices.map(({ major, minor }) => `${major}:${minor}`))) {
        if (said(devices[index]) === said(devices[first])) continue;
        yield { pointer: at(list, index), message: `entry ${first} says something else of the same device` };
      }
    }
  }),
];

function blockIoRule(name: string, faults: (blockIO: BlockIO) => Iterable<Fault>): Rule {
  return {
    name,
    spec: SPEC,
    reads: ["/linux/resources/blockIO"],
    level: "error",
    check: (config) => faults(linuxOf(config).resources?.blockIO ?? {}),
  };
}

function* weightFaults(
  weights: Pick<WeightDevice, "weight" | "leafWeight">,
  ...place: readonly (string | number)[]
): Iterable<Fault> {
  for (const name of ["weight", "leafWeight"] as const) {
    const weight = weights[name] ?? 0;
    if (weight > WEIGHT_MAX) yield { pointer: at(...place, name), message: `expected 1 to 1000, found ${weight}` };
  }
}

function beyond(place: readonly (string | number)[], most: number, found: number | bigint): Fault {
  return { pointer: at(...place), message: `expected 0 to ${most}, found ${found}` };
}

function said(device: Partial<WeightDevice & ThrottleDevice> = {}): string {
  return `${device.weight} ${device.leafWeight} ${device.rate}`;
}

function at(...place: readonly (string | number)[]): string {
  return pointer("linux", "resources", "blockIO", ...place);
}
