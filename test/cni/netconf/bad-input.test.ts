/** What nobody can carry out is refused before anything is done, with the code of the specification, the thing and the remedy. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CniLab, nothing, slave, type Call } from "../support/lab.js";

let lab: CniLab;
beforeEach(() => {
  lab = new CniLab();
});
afterEach(() => lab[Symbol.dispose]());

type Json = Record<string, unknown>;
type Row = readonly [string, number, string, () => Partial<Call>];

const vhost = { engine: "ovs-dpdk", iftype: "vhostuser" };

const host =
  (more: Json, base: Json = slave) =>
  () => ({ conf: lab.conf({ host: { ...base, ...more } }) });
const conf = (more: Json) => () => ({ conf: lab.conf({ host: slave, ...more }) });
const call = (more: Partial<Call>) => () => ({ conf: lab.conf({ host: slave }), ...more });

const names: readonly Row[] = [
  ["a container id with a blank", 4, "CNI_CONTAINERID", call({ containerId: "a b" })],
  ["a container id that begins with a dot", 4, "CNI_CONTAINERID", call({ containerId: ".a" })],
  ["a container id of 201 characters", 4, "at most 200", call({ containerId: "a".repeat(201) })],
  ["an interface name ..", 4, "CNI_IFNAME", call({ ifName: ".." })],
  ["an interface name with a slash", 4, "CNI_IFNAME", call({ ifName: "a/b" })],
  ["an interface name with a colon", 4, "CNI_IFNAME", call({ ifName: "eth0:1" })],
  ["an interface name with a blank", 4, "CNI_IFNAME", call({ ifName: "eth 0" })],
  ["a network name that is a path", 7, "name", conf({ name: "../../etc" })],
  ["a network name with a newline", 7, "name", conf({ name: "a\nb" })],
  ["a network name of 201 characters", 7, "at most 200", conf({ name: "n".repeat(201) })],
  ["arguments that are no pairs", 4, "CNI_ARGS", call({ env: { CNI_ARGS: "IgnoreUnknown" } })],
];

const paths: readonly Row[] = [
  [
    "a memif socket elsewhere",
    7,
    "host.memif.socketfile",
    host({ memif: { role: "slave", socketfile: "../s" } }),
  ],
  ["a vhost socket elsewhere", 7, "host.vhost.socketfile", host({ vhost: { socketfile: "a/b" } }, vhost)],
  ["a socket named ..", 7, "host.vhost.socketfile", host({ vhost: { socketfile: ".." } }, vhost)],
  ["a state directory with .. in it", 7, "stateDir", conf({ stateDir: "/tmp/../etc" })],
  ["a relative state directory", 7, "stateDir", conf({ stateDir: "state" })],
  ["a log file with .. in it", 7, "logFile", conf({ logFile: "/var/log/../../etc/passwd" })],
  ["a kubeconfig with .. in it", 7, "kubeconfig", conf({ kubeconfig: "/etc/../root/.kube/config" })],
  ["a path with NUL", 7, "sharedDir", conf({ sharedDir: "/tmp/a\0b" })],
  [
    "a mapping with .. in it",
    7,
    "paths.0.container",
    conf({ paths: [{ host: "/tmp", container: "/shared/../.." }] }),
  ],
  [
    "a device information file with .. in it",
    7,
    "runtimeConfig.CNIDeviceInfoFile",
    conf({ runtimeConfig: { CNIDeviceInfoFile: "/var/run/../../etc/cron.d/x" } }),
  ],
  [
    "a socket path that is too long for the container",
    7,
    "as the container sees it",
    () => conf({ paths: [{ host: lab.sharedDir, container: `/${"c".repeat(90)}` }] })(),
  ],
  [
    "a socket path that is too long for the switch",
    7,
    "as the switch sees it",
    () => conf({ paths: [{ host: lab.sharedDir, vswitch: `/${"v".repeat(90)}` }] })(),
  ],
];

const ends: readonly Row[] = [
  ["no type of interface", 7, "host.iftype is not set", host({ iftype: undefined })],
  ["a memif without a role", 7, "host.memif.role is not set", host({ memif: {} })],
  ["an unknown role", 7, "host.memif.role", host({ memif: { role: "server" } })],
  ["an unknown mode", 7, "host.memif.mode", host({ memif: { role: "slave", mode: "l2" } })],
  ["an unknown mode of vhost", 7, "host.vhost.mode", host({ vhost: { mode: "slave" } }, vhost)],
  ["a bridge of VPP without a name or a number", 7, "no bridge is given", host({ bridge: {} })],
  ["bridge 0", 7, "no bridge is given", host({ bridge: { bridgeId: 0 } })],
  ["a bridge's number as text", 7, "host.bridge.bridgeId", host({ bridge: { bridgeId: "4" } })],
  ["a list in the place of the bridge", 7, "host.bridge is a list", host({ bridge: [] })],
  ["two VLANs", 7, "leave one out", host({ vlan: 10, bridge: { bridgeId: 4, vlanId: 11 } })],
  ["a VLAN without a bridge", 7, "are for a bridge", host({ netType: "none", vlan: 10 })],
  ["a range of VLANs the wrong way round", 7, "swap them", host({ trunk: [{ minID: 20, maxID: 10 }] })],
  ["a ring of 1000 entries", 7, "a power of two", host({ ring: 1000 })],
  ["an MTU of 40", 7, "host.mtu", host({ mtu: 40 })],
  [
    "a secret of 25 bytes",
    7,
    "host.memif.secret",
    host({ memif: { role: "slave", secret: "s".repeat(25) } }),
  ],
  ["an unknown container engine", 7, "container.engine", conf({ container: { engine: "linux" } })],
  ["ends of two types", 7, "both ends of one socket", conf({ container: { iftype: "vhostuser" } })],
  ["an unknown netType of the container", 7, "container.netType", conf({ container: { netType: "l3" } })],
  ["a container's bridge without a name", 7, "container.bridge", conf({ container: { netType: "bridge" } })],
  [
    "both ends server",
    7,
    "both server",
    () => ({ conf: lab.conf({ host: vhost, container: { vhost: { mode: "server" } } }) }),
  ],
];

const runtime: readonly Row[] = [
  ["a MAC address that is none", 7, "MAC address", conf({ runtimeConfig: { mac: "02:00" } })],
  ["a multicast MAC address", 7, "unicast", conf({ runtimeConfig: { mac: "01:00:5e:00:00:01" } })],
  [
    "a limit that no switch here sets",
    2,
    "bandwidth.ingressRate with value 1000",
    conf({ runtimeConfig: { bandwidth: { ingressRate: 1000 } } }),
  ],
  [
    "an interface name that an earlier plugin took",
    7,
    "an earlier plugin of the list made an interface net1",
    conf({ prevResult: { interfaces: [{ name: "net1", sandbox: "/proc/self/ns/net" }] } }),
  ],
  ["a prevResult that is none", 6, "prevResult", conf({ prevResult: { ips: [{}] } })],
  ["no time at all", 7, "commandTimeoutMs", conf({ commandTimeoutMs: 0 })],
];

describe.each<[string, readonly Row[]]>([
  ["names", names],
  ["paths", paths],
  ["ends", ends],
  ["what the runtime adds", runtime],
])("%s", (_title, rows) => {
  test.each(rows)("%s: code %i", async (_what, code, said, given) => {
    const ran = await lab.run({ command: "ADD", conf: undefined, ...given() });
    expect(ran).toMatchObject({
      exitCode: 1,
      document: { cniVersion: "1.1.0", code, msg: expect.stringContaining(said) },
    });
    expect(lab.left()).toEqual(nothing);
  });
});

describe("what is strange and no fault", () => {
  test("a log level that is none, and a log file that cannot be written, are told and stop nothing", async () => {
    const strange = lab.conf({ host: slave, logLevel: "loud", logFile: "/proc/userspace.log" });
    const { exitCode, stderr, document } = await lab.run({ command: "ADD", conf: strange });
    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ cniVersion: "1.1.0" });
    expect(stderr).toContain('logLevel "loud" is none of');
    expect(await lab.run({ command: "DEL", conf: strange })).toMatchObject({ exitCode: 0 });
  });

  test("a version that is empty is 0.1.0's", async () => {
    const old = lab.conf({ cniVersion: "", host: slave });
    const { exitCode, document } = await lab.run({ command: "ADD", conf: old });
    expect([exitCode, document?.["cniVersion"]]).toEqual([0, "0.1.0"]);
  });

  test("null and empty text are as if the key were not there", async () => {
    const empty = {
      ...slave,
      memif: { role: "slave", mode: "", socketfile: "", secret: "" },
      vhost: { mode: "", group: "" },
      socket: null,
      vlan: null,
    };
    const written = lab.conf({ host: empty, ipam: { type: "" }, kubeconfig: "", prevResult: null });
    expect(await lab.run({ command: "ADD", conf: written })).toMatchObject({ exitCode: 0 });
  });

  test("the longest names that there are", async () => {
    const long = lab.conf({ host: slave, name: "n".repeat(200) });
    const at = { conf: long, containerId: "c".repeat(200), ifName: "i".repeat(15) };
    expect(await lab.run({ command: "ADD", ...at })).toMatchObject({ exitCode: 0 });
    expect(await lab.run({ command: "DEL", ...at })).toMatchObject({ exitCode: 0 });
    expect(lab.left()).toEqual(nothing);
  });
});
