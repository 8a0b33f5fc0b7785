// SPDX-License-Identifier: Apache-2.0
/** The device controller of cgroup v1 as the kernel has it: what writes to its files do, and what it then decides. */
import { ACCESS, ANY, accessOf } from "../../src/bpf/device-rules.ts";
import type { DeviceWrite } from "../../src/cgroup/device-exceptions.ts";

/** One access: a single type, numbers and bits. */
export interface Request {
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
  readonly access: number;
}

interface Exception {
  readonly type: string;
  readonly major: number;
  readonly minor: number;
  access: number;
}

/** security/device_cgroup.c of a cgroup whose parents allow everything. A new one allows everything itself. */
export class DeviceController {
  #allow = true;
  #exceptions: Exception[] = [];

  write({ file, data }: Pick<DeviceWrite, "file" | "data">): void {
    const allow = file === "devices.allow";
    const [type = "", numbers = "", letters = ""] = data.split(" ");
    if (type === "a") {
      this.#allow = allow;
      this.#exceptions = [];
      return;
    }
    const [major, minor] = numbers.split(":").map((number) => (number === "*" ? ANY : Number(number)));
    if (major === undefined || minor === undefined || letters === "") throw new Error(`EINVAL: ${data}`);
    const named = { type, major, minor, access: accessOf(letters) };
    if (allow === this.#allow) this.#remove(named);
    else this.#add(named);
  }

  allows({ type, major, minor, access }: Request): boolean {
    const matching = this.#exceptions.filter(
      (one) =>
        one.type === type && (one.major === ANY || one.major === major) && (one.minor === ANY || one.minor === minor),
    );
    if (this.#allow) return matching.every((one) => (one.access & access) === 0);
    // All that is asked for must be in one exception.
    return matching.some((one) => (access & ~one.access) === 0);
  }

  #find({ type, major, minor }: Exception): Exception | undefined {
    return this.#exceptions.find((one) => one.type === type && one.major === major && one.minor === minor);
  }

  #add(exception: Exception): void {
    const there = this.#find(exception);
    if (there === undefined) this.#exceptions.push(exception);
    else there.access |= exception.access;
  }

  /** Only an exception in the same words is taken back; a larger one stays as it is. */
  #remove(exception: Exception): void {
    const there = this.#find(exception);
    if (there !== undefined) there.access &= ~exception.access & ACCESS;
    this.#exceptions = this.#exceptions.filter(({ access }) => access !== 0);
  }
}
