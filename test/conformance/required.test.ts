// SPDX-License-Identifier: Apache-2.0
/** Every property that the specification calls REQUIRED: without it config.json is refused, and the finding names it. */
import { expect, test } from "vitest";
import { check } from "../../src/config/check.ts";
import { fullConfig, put } from "./full.ts";

const REQUIRED = [
  "/ociVersion",
  "/root",
  "/root/path",
  "/mounts/0/destination",
  "/process/consoleSize/height",
  "/process/consoleSize/width",
  "/process/cwd",
  "/process/user/uid",
  "/process/user/gid",
  "/process/rlimits/0/type",
  "/process/rlimits/0/soft",
  "/process/rlimits/0/hard",
  "/process/scheduler/policy",
  "/process/ioPriority/class",
  "/process/ioPriority/priority",
  "/hooks/createRuntime/0/path",
  "/linux/namespaces/0/type",
  "/linux/uidMappings/0/containerID",
  "/linux/uidMappings/0/hostID",
  "/linux/uidMappings/0/size",
  "/linux/devices/0/type",
  "/linux/devices/0/path",
  "/linux/devices/0/major",
  "/linux/devices/0/minor",
  "/linux/personality/domain",
  "/linux/memoryPolicy/mode",
  "/linux/resources/devices/0/allow",
  "/linux/resources/blockIO/weightDevice/0/major",
  "/linux/resources/blockIO/weightDevice/0/minor",
  "/linux/resources/blockIO/throttleReadBpsDevice/0/major",
  "/linux/resources/blockIO/throttleReadBpsDevice/0/minor",
  "/linux/resources/blockIO/throttleReadBpsDevice/0/rate",
  "/linux/resources/hugepageLimits/0/pageSize",
  "/linux/resources/hugepageLimits/0/limit",
  "/linux/resources/network/priorities/0/name",
  "/linux/resources/network/priorities/0/priority",
  "/linux/seccomp/defaultAction",
  "/linux/seccomp/syscalls/0/names",
  "/linux/seccomp/syscalls/0/action",
  "/linux/seccomp/syscalls/0/args/0/index",
  "/linux/seccomp/syscalls/0/args/0/value",
  "/linux/seccomp/syscalls/0/args/0/op",
];

test.for(REQUIRED)("%s is required", (pointer) => {
  const whole = check(fullConfig()).findings;
  const { findings } = check(put(fullConfig(), pointer, undefined));
  const parent = pointer.slice(0, pointer.lastIndexOf("/"));
  const name = pointer.slice(parent.length + 1);
  const added = findings.filter((one) =>
    whole.every((other) => other.pointer !== one.pointer || other.message !== one.message),
  );
  expect(added.filter((one) => one.pointer === parent || one.pointer === pointer).map((one) => one.message)).toEqual(
    expect.arrayContaining([expect.stringContaining(name)]),
  );
});

test("a FIFO needs no numbers", () => {
  const fifo = put(fullConfig(), "/linux/devices", [{ type: "p", path: "/dev/queue" }]);
  expect(check(fifo).findings).toEqual(check(fullConfig()).findings);
});
