/** The published JSON Schema says of a configuration what the plugin says of it. */
import { Ajv2020 } from "ajv/dist/2020.js";
import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { netconfSchema } from "../../../src/cni/netconf/schema.js";
import { explain } from "../support/explain.js";
import { jsonSchema, schemaFile } from "./json-schema.js";
import { sampleNetworks } from "./samples.js";

type Json = Record<string, unknown>;

const published: unknown = JSON.parse(readFileSync(schemaFile, "utf8"));
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null;
if (!isObject(published)) throw new Error(`${schemaFile} is no object`);
const takes = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false }).compile(published);

test("is the one that the plugin checks with (npm run generate:schema)", () => {
  expect(published).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
});

/** The plugin's opinion, which is about more than the form. */
const pluginTakes = async (conf: unknown): Promise<boolean> => (await explain(conf)).exitCode === 0;

const full = {
  cniVersion: "1.1.0",
  name: "n",
  type: "userspace",
  ifName: "net0",
  host: {
    engine: "vpp",
    iftype: "memif",
    netType: "bridge",
    remote: "unix:/run/vpp/api.sock",
    memif: { role: "master", mode: "ethernet", socketfile: "m.sock", id: 1, secret: "s" },
    vhost: { mode: "server", group: "g", socketfile: "v" },
    bridge: { bridgeName: "b", bridgeId: 4, vlanId: 10, datapathType: "netdev" },
    vlan: 10,
    trunk: [11, { id: 12 }, { minID: 13, maxID: 14 }],
    mtu: 1500,
    queues: 2,
    ring: 1024,
    bufferSize: 2048,
    socket: { owner: 0, group: "hugetlbfs", mode: "0660" },
  },
  container: { engine: "dpdk", iftype: "memif", netType: "interface", memif: { role: "slave" }, mtu: 1400 },
  ipam: { type: "host-local", subnet: "10.0.0.0/24" },
  dns: { nameservers: ["10.0.0.1"] },
  mtu: 1500,
  sharedDir: "/run/shared",
  paths: [{ host: "/run/shared", vswitch: "/host/shared", container: "/shared" }],
  stateDir: "/run/state",
  kubeconfig: "/etc/kubeconfig",
  podAnnotations: true,
  kubernetesTimeoutMs: 1000,
  logFile: "/var/log/userspace.log",
  logLevel: "debug",
  ipamTimeoutMs: 1000,
  vswitchTimeoutMs: 1000,
  commandTimeoutMs: 5000,
  capabilities: { mac: true },
  runtimeConfig: {
    mac: "02:00:00:00:00:01",
    ips: ["10.0.0.2/24"],
    bandwidth: { egressRate: 1000, egressBurst: 1000 },
    CNIDeviceInfoFile: "/run/devinfo/x",
  },
  args: { cni: { mac: "02:00:00:00:00:01" } },
  prevResult: { cniVersion: "1.1.0", dns: {} },
  "cni.dev/valid-attachments": [{ containerID: "a", ifname: "net0" }],
  somebodyElses: true,
};

/** A copy with one member set, or with `undefined` taken out. */
function changed(document: Json, path: readonly string[], value: unknown): Json {
  const [key = "", ...rest] = path;
  const inner = document[key];
  if (rest.length === 0) return { ...document, [key]: value };
  return { ...document, [key]: changed(isObject(inner) && !Array.isArray(inner) ? inner : {}, rest, value) };
}

test("knows every key of the plugin, and describes those that a person sets", () => {
  expect([takes(full), takes.errors]).toEqual([true, null]);
  const { properties } = published;
  expect(isObject(properties) && Object.keys(properties).toSorted()).toEqual(
    Object.keys(netconfSchema.entries).toSorted(),
  );
  const commandTime = isObject(properties) ? properties["commandTimeoutMs"] : undefined;
  expect(commandTime).toMatchObject({ description: expect.stringContaining("Default: 90000") });
});

test.each(sampleNetworks)("takes the sample $title", async ({ conf }) => {
  expect([takes(conf), takes.errors]).toEqual([true, null]);
  expect(await pluginTakes(conf)).toBe(true);
});

describe("refuses, as the plugin does,", () => {
  test.each<[string, readonly string[], unknown]>([
    ["no name", ["name"], undefined],
    ["a name that is a path", ["name"], "../n"],
    ["a version that is none", ["cniVersion"], "2.0.0"],
    ["no host", ["host"], undefined],
    ["no engine", ["host", "engine"], undefined],
    ["an unknown engine", ["host", "engine"], "ovs"],
    ["no type of interface", ["host", "iftype"], undefined],
    ["an unknown type of interface", ["host", "iftype"], "veth"],
    ["an unknown netType", ["host", "netType"], "vlan"],
    ["a memif without a role", ["host", "memif"], {}],
    ["a misspelt key", ["host", "vlann"], 7],
    ["a socket's path for its name", ["host", "memif", "socketfile"], "../x.sock"],
    ["a ring that is no power of two", ["host", "ring"], 1000],
    ["a VLAN above 4095", ["host", "vlan"], 4096],
    ["a range of VLANs with one end", ["host", "trunk"], [{ minID: 1 }]],
    ["permissions that are not octal", ["host", "socket"], { mode: "0999" }],
    ["a directory with .. in it", ["sharedDir"], "/run/../etc"],
    ["a directory that is relative", ["stateDir"], "state"],
    ["no time", ["commandTimeoutMs"], 0],
    ["a time that is no integer", ["commandTimeoutMs"], 1.5],
  ])("%s", async (_what, path, value) => {
    const conf = JSON.parse(JSON.stringify(changed(full, path, value)));
    expect([takes(conf), await pluginTakes(conf)]).toEqual([false, false]);
  });
});

describe("with any value at any key", () => {
  const paths = (document: Json, at: readonly string[] = []): readonly (readonly string[])[] =>
    Object.entries(document).flatMap(([key, value]) => [
      [...at, key],
      ...(isObject(value) && !Array.isArray(value) ? paths(value, [...at, key]) : []),
    ]);
  const values = fc.oneof(
    fc.constantFrom<unknown>(undefined, "", 0, 1, 64, 100, 4096, 70_000, -1, 1.5, true, [], {}),
    fc.constantFrom<unknown>("memif", "vhostuser", "ovs-dpdk", "vpp", "interface", "bridge", "none", "slave"),
    fc.constantFrom<unknown>("/a", "/a/../b", "/a/b/", "a/b", "..", "0660", "9", ["x"], [1], [{ id: 4096 }]),
    fc.string({ unit: "grapheme-ascii", maxLength: 8 }),
    fc.jsonValue({ maxDepth: 1 }).filter((value) => value !== null),
  );
  const conf = fc
    .array(fc.tuple(fc.constantFrom(...paths(full)), values), { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce<Json>((last, [path, value]) => changed(last, path, value), full))
    .map((document): unknown => JSON.parse(JSON.stringify(document)));

  test("it takes what the plugin takes, and its form is the plugin's", async () => {
    await fc.assert(
      fc.asyncProperty(conf, async (document) => {
        const taken = takes(document);
        const { errors } = takes;
        const plugin = await pluginTakes(document);
        expect({ plugin, taken, errors }).not.toMatchObject({ plugin: true, taken: false });
        expect({ taken, form: v.is(netconfSchema, document) }).not.toEqual({ taken: true, form: false });
      }),
      { numRuns: 500 },
    );
  });
});
