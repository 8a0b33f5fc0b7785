// SPDX-License-Identifier: Apache-2.0
/** Network devices that move to a container, from a network namespace that stands for the host's. config-linux.md#network-devices. */
import { expect, type TestContext, test } from "vitest";
import { requires } from "../requires.ts";
import { bundle } from "./support/bundle.ts";
import { freshId, shell } from "./support/container.ts";
import { type Outcome, run, runtimeRoot, TSRUN } from "./support/run.ts";
import type { Spec } from "./support/spec.ts";

interface Scene {
  /** Commands of the stand-in for the host, before the start; `$NS` is a file of another network namespace. */
  readonly before: string;
  /** Commands there after the start, whatever became of it. */
  readonly after?: string;
  /** What the container runs. */
  readonly script: string;
  readonly edit: (spec: Spec) => void;
}

/** A start in a new network namespace, which ends with everything in it. */
function start(t: TestContext, { before, after = "", script, edit }: Scene): Promise<Outcome> {
  requires(t, "root", "ip");
  const { dir } = bundle(t, (spec, place) => {
    shell(spec, script);
    edit(spec);
    for (const namespace of spec.linux.namespaces) {
      if (namespace.path !== undefined) namespace.path = `${place}/net`;
    }
  });
  const scene = `
    touch ${dir}/net; unshare --net=${dir}/net true; trap 'umount ${dir}/net' EXIT; NS=${dir}/net
    ${before}
    status=0; "$@" || status=$?
    ${after}
    exit $status`;
  const command = [TSRUN, "--root", runtimeRoot(t), "run", "--bundle", dir, freshId()];
  return run(["unshare", "--net", "--mount", "sh", "-ec", scene, "sh", ...command]);
}

/** The device, its flags and addresses, a line each, without what differs between two starts. */
const SHOW = "ip -o addr show dev";
const shown = ({ stdout }: Outcome) =>
  stdout
    .trim()
    .split("\n")
    .map((line) =>
      line
        .replace(/^\d+: /, "")
        .replace(/\\.*$/, "")
        .replace(/ +/g, " ")
        .trim(),
    );

const VETH = "ip link add eth7 type veth peer name eth9";

test("a device has its new name, is up, and keeps its permanent global addresses", async (t) => {
  const outcome = await start(t, {
    before: `${VETH}; ip link set eth7 mtu 1400 address 02:00:00:00:00:07
      ip addr add 10.0.7.1/24 brd + dev eth7; ip addr add 10.0.7.9/32 peer 10.0.8.1/32 dev eth7
      ip addr add fd00:7::1/64 dev eth7 nodad; ip addr add 10.0.7.2/24 dev eth7 valid_lft 1000 preferred_lft 1000
      ip addr add 169.254.7.7/16 scope link dev eth7`,
    script: `cat /sys/class/net/lan/mtu /sys/class/net/lan/address; ip -o link show lan | grep -o ',UP'; ${SHOW} lan`,
    after: "ip link show eth7 2>&1 || true",
    edit: (spec) => {
      spec.linux.netDevices = { eth7: { name: "lan" } };
    },
  });
  expect(outcome.stderr).toBe("");
  const lines = shown(outcome);
  expect(lines.slice(0, 3)).toEqual(["1400", "02:00:00:00:00:07", ",UP"]);
  expect(
    lines.filter((line) => line.startsWith("lan inet")).map((line) => line.replace(/ (?:valid_lft|flags).*/, "")),
  ).toEqual(
    expect.arrayContaining([
      "lan inet 10.0.7.1/24 brd 10.0.7.255 scope global lan",
      "lan inet 10.0.7.9 peer 10.0.8.1/32 scope global lan",
      "lan inet6 fd00:7::1/64 scope global",
    ]),
  );
  expect(outcome.stdout).not.toMatch(/10\.0\.7\.2\/|169\.254\.7\.7/);
  expect(outcome.stdout).toContain('"eth7" does not exist');
});

test("a device keeps its name, in a user namespace too", async (t) => {
  const outcome = await start(t, {
    before: `${VETH}; ip addr add 10.0.7.1/24 dev eth7`,
    script: `${SHOW} eth7 | grep -o 'inet 10.*'`,
    edit: (spec) => {
      spec.linux.netDevices = { eth7: {} };
      spec.linux.namespaces.push({ type: "user" });
      const map = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
      Object.assign(spec.linux, { uidMappings: map, gidMappings: map });
    },
  });
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  expect(outcome.stdout).toMatch(/^inet 10\.0\.7\.1\/24 scope global eth7/);
});

const joined = (devices: Record<string, { name?: string }>) => (spec: Spec) => {
  spec.linux.netDevices = devices;
  spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== "network");
  spec.linux.namespaces.push({ type: "network", path: "$NS" });
};

test("in a joined namespace an index that is taken is no obstacle, and a template is filled in", async (t) => {
  const outcome = await start(t, {
    before: `ip link add eth7 index 77 type veth peer name eth9; ip addr add 10.0.7.1/24 dev eth7
      nsenter --net=$NS ip link add eth0 index 77 type veth peer name eth9`,
    script: "ip -o addr show | grep -o 'inet 10.*'",
    edit: joined({ eth7: { name: "eth%d" } }),
  });
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  expect(outcome.stdout).toMatch(/^inet 10\.0\.7\.1\/24 scope global eth1/);
});

test("a name that is taken in the container is an error before anything moves", async (t) => {
  const outcome = await start(t, {
    before: `${VETH}; ip addr add 10.0.7.1/24 dev eth7; nsenter --net=$NS ip link add lan type veth peer name eth9`,
    script: "true",
    after: "ip -o addr show dev eth7",
    edit: joined({ eth7: { name: "lan" } }),
  });
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toContain("EEXIST");
  expect(outcome.stderr).toContain("/linux/netDevices/eth7");
  expect(outcome.stdout).toContain("10.0.7.1/24");
});

test("a device that cannot leave its namespace is told by the kernel's refusal, and stays", async (t) => {
  const outcome = await start(t, {
    before: "ip link add eth7 type bridge",
    script: "true",
    after: "ip -o link show dev eth7",
    edit: (spec) => {
      spec.linux.netDevices = { eth7: {} };
    },
  });
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toContain("IFLA_NET_NS_PID=$init");
  expect(outcome.stderr).toContain("EINVAL");
  expect(outcome.stdout).toContain("eth7");
});

test("a device that does not exist is refused", async (t) => {
  const edit = (spec: Spec) => {
    spec.linux.netDevices = { eth7: {} };
  };
  const outcome = await start(t, { before: "true", script: "true", edit });
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toMatch(/\/linux\/netDevices\/eth7 +there is no network device of that name/);
});

test("the runtime leaves the device to the end of the network namespace", async (t) => {
  const outcome = await start(t, {
    before: `${VETH}; ip link add eth8 type veth peer name eth6`,
    script: "ip -o link show dev eth8 | grep -o eth8",
    // It cleans up when nobody waits for it.
    after:
      "for i in $(seq 200); do ip link show eth6 >&- 2>&- || break; sleep 0.02; done; ip -o link | grep -o '^[0-9]*: eth[6-9]' | cut -d' ' -f2 | sort",
    edit: (spec) => {
      spec.linux.netDevices = { eth8: {} };
    },
  });
  // The kernel destroys a virtual device with its namespace, and a pair with either end.
  expect(outcome.stdout).toBe("eth8\neth7\neth9\n");
});
