import { describe, expect, test } from "vitest";
import type { InvalidError } from "../../src/core/errors.js";
import type { Result } from "../../src/core/result.js";
import {
  bridgeSpecSchema,
  interfaceSpecSchema,
  type BridgeSpec,
  type InterfaceSpec,
} from "../../src/core/specs.js";
import { validate } from "../../src/core/validate.js";

const accepted = (spec: unknown): InterfaceSpec =>
  validate("createInterface", "spec", interfaceSpecSchema, spec).unwrap();
const refused = (spec: unknown): InvalidError =>
  validate("createInterface", "spec", interfaceSpecSchema, spec).unwrapErr();

const vhost = { type: "vhost-user", name: "v0", mode: "server" };
const memif = { type: "memif", name: "m0", role: "master", socket: "/run/m.sock" };
const dpdk = { type: "dpdk", name: "d0", devargs: "0000:01:00.0" };
const vxlan = { type: "vxlan", name: "x0", remote: "192.0.2.1" };
const bytes107 = `/${"s".repeat(106)}`;

describe("a spec of every type is taken as it is", () => {
  test.each<[string, object]>([
    ["vhost-user server", vhost],
    ["vhost-user server with a socket", { ...vhost, socket: "/run/v.sock" }],
    ["vhost-user client", { ...vhost, mode: "client", socket: bytes107 }],
    ["memif", { ...memif, id: 4_294_967_295, secret: "x".repeat(24), ringSize: 32_768, mode: "ip" }],
    ["tap", { type: "tap", name: "a".repeat(15) }],
    ["tap with a device", { type: "tap", name: "a".repeat(63), device: "tap0" }],
    ["internal", { type: "internal", name: "int0" }],
    ["loopback", { type: "loopback", name: "a".repeat(63) }],
    ["af-packet", { type: "af-packet", name: "host-eth0", device: "eth0" }],
    ["dpdk", { ...dpdk, rxQueues: 4, rxDescriptors: 4096, txDescriptors: 1 }],
    ["patch", { type: "patch", name: "p0", peer: "p1" }],
    ["vxlan", { ...vxlan, local: "192.0.2.2", vni: 16_777_215, dstPort: 4789 }],
    ["vxlan by flow", { ...vxlan, remote: "flow", vni: "flow" }],
    ["geneve over IPv6", { type: "geneve", name: "g0", remote: "2001:db8::1", vni: 0 }],
    ["a name beyond ASCII", { ...vhost, name: "网络0" }],
    ["a policed one", { ...vhost, ingressPolicing: { rate: 0, burst: 4_294_967_295 } }],
    ["external ids", { ...vhost, externalIds: { "iface-id": "", "a b": 'ü="x"' } }],
    ["access", { ...vhost, attach: { bridge: "br0", tag: 0 } }],
    ["trunk", { ...vhost, attach: { bridge: "br0", trunks: [0, 4095], createBridge: false } }],
    ["native", { ...vhost, attach: { bridge: "4", vlanMode: "native-untagged", tag: 1, trunks: [] } }],
    ["absent fields", { ...vhost, key: undefined, mtu: undefined, attach: undefined }],
  ])("%s", (_title, spec) => {
    expect(accepted(spec)).toEqual(spec);
  });
});

test("a MAC address is taken in either spelling, and kept in one", () => {
  expect(accepted({ ...vhost, mac: "02-00-00-00-00-0A" })).toEqual({ ...vhost, mac: "02:00:00:00:00:0a" });
});

describe("what cannot be right is refused, with what would be", () => {
  test.each<[object, string]>([
    [
      { ...vhost, attach: { bridge: "br0", tag: 4096 } },
      "createInterface: spec: attach.tag is 4096; expected an integer from 0 to 4095",
    ],
    [
      { ...vhost, attach: { bridge: "br0", tag: "5" } },
      'createInterface: spec: attach.tag is "5"; expected an integer from 0 to 4095',
    ],
    [
      { ...vhost, attach: { bridge: "br0", tag: 5, trunks: [6] } },
      "createInterface: spec: attach.trunks is [6]; expected no trunks on an access port: leave out trunks, or set vlanMode to native-tagged or native-untagged",
    ],
    [
      { ...vhost, attach: { bridge: "br0", vlanMode: "access", tag: 5, trunks: [] } },
      "createInterface: spec: attach.trunks is []; expected no trunks on an access port: leave out trunks, or set vlanMode to native-tagged or native-untagged",
    ],
    [
      { ...vhost, attach: { bridge: "br0", vlanMode: "trunk", tag: 5 } },
      "createInterface: spec: attach.tag is 5; expected no tag on a trunk: leave it out, or set vlanMode to native-tagged",
    ],
    [
      { ...vhost, attach: { bridge: "br0", vlanMode: "dot1q-tunnel" } },
      "createInterface: spec: attach.tag is nothing; expected a tag: every vlanMode but trunk needs one",
    ],
    [{ ...vhost, attach: "br0" }, 'createInterface: spec: attach is "br0"; expected an object'],
    [
      { type: "internal", name: "a".repeat(16) },
      'createInterface: spec: name is "aaaaaaaaaaaaaaaa"; expected at most 15 bytes, the kernel\'s limit for a network device',
    ],
    [
      { type: "tap", name: "a".repeat(16) },
      'createInterface: spec: name is "aaaaaaaaaaaaaaaa"; expected at most 15 bytes, the kernel\'s limit for a network device: shorten it, or give device',
    ],
    [
      { ...vhost, mode: "client" },
      "createInterface: spec: socket is nothing; expected the peer's socket: a vhost-user client connects to it",
    ],
    [
      { ...memif, socket: `${bytes107}s` },
      `createInterface: spec: socket is "/${"s".repeat(75)}...; expected at most 107 bytes, the kernel's limit for a unix socket: use a shorter directory`,
    ],
    [
      { ...memif, socket: `/${"é".repeat(54)}` },
      `createInterface: spec: socket is "/${"é".repeat(54)}"; expected at most 107 bytes, the kernel's limit for a unix socket: use a shorter directory`,
    ],
    [
      { ...memif, secret: "x".repeat(25) },
      "createInterface: spec: secret is a value that is not shown; expected at most 24 bytes",
    ],
    [
      { ...vxlan, remote: "peer.example" },
      'createInterface: spec: remote is "peer.example"; expected an IPv4 or IPv6 address',
    ],
    [
      { ...vxlan, remote: 5 },
      "createInterface: spec: remote is 5; expected an IPv4 or IPv6 address, or flow",
    ],
    [
      { ...vxlan, vni: "x" },
      'createInterface: spec: vni is "x"; expected an integer from 0 to 16777215, or flow',
    ],
    [
      { ...vhost, externalIds: { "vswitch-drivers-key": "k" } },
      'createInterface: spec: externalIds.vswitch-drivers-key is "k"; expected a key that does not begin with vswitch-drivers',
    ],
    [
      { ...vhost, externalIds: { constructor: "x" } },
      'createInterface: spec: externalIds is {"constructor":"x"}; expected other keys than __proto__, constructor and prototype',
    ],
    [
      { ...vhost, externalIds: ["a"] },
      'createInterface: spec: externalIds is ["a"]; expected an object of strings',
    ],
  ])("%j", (spec, message) => {
    expect(refused(spec).message).toBe(message);
  });

  test.each<[object, path: string]>([
    [{}, "type"],
    [{ ...vhost, type: "VHOST-USER" }, "type"],
    [{ ...vhost, peer: "p1" }, "peer"],
    [{ ...vhost, name: "." }, "name"],
    [{ ...vhost, name: ".." }, "name"],
    [{ ...vhost, name: String.raw`a\b` }, "name"],
    [{ ...vhost, name: "a\u0085" }, "name"],
    [{ ...vhost, name: "a\uD800" }, "name"],
    [{ ...vhost, name: "a".repeat(64) }, "name"],
    [{ ...vhost, socket: "" }, "socket"],
    [{ ...vhost, socket: "/run/" }, "socket"],
    [{ ...vhost, socket: "/run/./v.sock" }, "socket"],
    [{ ...vhost, socket: "/run/\0" }, "socket"],
    [{ ...vhost, key: "" }, "key"],
    [{ ...vhost, key: "é".repeat(128) }, "key"],
    [{ ...vhost, mtu: 65_536 }, "mtu"],
    [{ ...vhost, mtu: Number.NaN }, "mtu"],
    [{ ...vhost, mac: "02:00:00:00:00" }, "mac"],
    [{ ...vhost, mac: "ff:ff:ff:ff:ff:ff" }, "mac"],
    [{ ...vhost, ofportRequest: 65_280 }, "ofportRequest"],
    [{ ...vhost, adminState: true }, "adminState"],
    [{ ...vhost, ingressPolicing: { rate: 1.5 } }, "ingressPolicing.rate"],
    [{ ...vhost, ingressPolicing: { speed: 1 } }, "ingressPolicing.speed"],
    [{ ...vhost, attach: { bridge: "" } }, "attach.bridge"],
    [{ ...vhost, attach: { bridge: "br0", vlan: 5 } }, "attach.vlan"],
    [{ ...vhost, attach: { bridge: "br0", createBridge: "no" } }, "attach.createBridge"],
    [{ ...vhost, attach: { bridge: "br0", trunks: [1, 2, 1] } }, "attach.trunks"],
    [{ ...vhost, attach: { bridge: "br0", trunks: [1, -1] } }, "attach.trunks.1"],
    [{ ...memif, ringSize: 32 }, "ringSize"],
    [{ ...memif, ringSize: 96 }, "ringSize"],
    [{ ...memif, id: 2 ** 32 }, "id"],
    [{ ...memif, socket: undefined }, "socket"],
    [{ ...dpdk, devargs: "" }, "devargs"],
    [{ ...dpdk, rxDescriptors: 3000 }, "rxDescriptors"],
    [{ type: "tap", name: "t0", device: "a".repeat(16) }, "device"],
    [{ type: "af-packet", name: "a0" }, "device"],
    [{ type: "patch", name: "p0", peer: "p0" }, "peer"],
    [{ ...vxlan, dstPort: 65_536 }, "dstPort"],
    [{ ...vxlan, local: "flow" }, "local"],
  ])("%j", (spec, path) => {
    expect(refused(spec).path).toBe(path);
  });
});

const checkBridge = (spec: unknown): Result<BridgeSpec, InvalidError> =>
  validate("ensureBridge", "spec", bridgeSpecSchema, spec);

describe("the spec of a bridge", () => {
  test("is a name, and what may go with it", () => {
    const spec = { name: "br0", failMode: "secure", externalIds: { purpose: "lab" } };
    expect(checkBridge(spec).unwrap()).toEqual(spec);
  });

  test.each<[unknown, path: string]>([
    [{}, "name"],
    ["br0", ""],
    [{ name: "br 0" }, "name"],
    [{ name: "br0", failMode: "open" }, "failMode"],
    [{ name: "br0", datapathType: "netdev" }, "datapathType"],
    [{ name: "br0", externalIds: { "vswitch-drivers-owner": "x" } }, "externalIds.vswitch-drivers-owner"],
  ])("%j is refused", (spec, path) => {
    expect(checkBridge(spec).unwrapErr().path).toBe(path);
  });
});
