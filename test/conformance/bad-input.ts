import { describe, expect, test } from "vitest";
import type { VSwitch } from "../../src/core/vswitch.js";
import type { Bench } from "./bench.js";

type Verb = Exclude<keyof VSwitch, "engine" | "owner" | "close" | typeof Symbol.asyncDispose>;

interface BadInput {
  readonly verb: Verb;
  readonly title: string;
  /** What a caller without types could give. `present` is an interface of ours that is there. */
  readonly args: (present: string) => readonly unknown[];
  /** The path that the error has to name. */
  readonly path: string;
  /** What the message has to tell beside it. */
  readonly says: string;
}

const vhost = { type: "vhost-user", name: "bad0", mode: "server" };
const memif = { type: "memif", name: "bad0", role: "master", socket: "/run/bad.sock" };
const tap = { type: "tap", name: "bad0" };
const attached = (attach: unknown): unknown => ({ ...vhost, attach });
const path108 = `/${"s".repeat(107)}`;

const create = (title: string, spec: unknown, path: string, says: string): BadInput => ({
  verb: "createInterface",
  title,
  args: () => [spec],
  path,
  says,
});

const badSpecs: readonly BadInput[] = [
  create("no spec", undefined, "", "an object"),
  create("null", null, "", "an object"),
  create("no type", { name: "bad0" }, "type", '"vhost-user"'),
  create("an unknown type", { ...vhost, type: "e1000" }, "type", '"e1000"'),
  create("an unknown key", { ...vhost, bridge: "br0" }, "bridge", "unknown key"),
  create("no name", { type: "tap" }, "name", "required"),
  create("a name that is a number", { ...vhost, name: 5 }, "name", "5"),
  create("an empty name", { ...vhost, name: "" }, "name", "at least 1 byte"),
  create("a name with a space", { ...vhost, name: "a b" }, "name", "white space"),
  create("a name with a slash", { ...vhost, name: "../a" }, "name", "slash"),
  create("a name with a NUL", { ...vhost, name: "a\0" }, "name", "control character"),
  create("a name of 64 bytes", { ...vhost, name: "é".repeat(32) }, "name", "63 bytes"),
  create("a tap's name of 16 bytes", { ...tap, name: "a".repeat(16) }, "name", "15 bytes"),
  create("an internal's name of 16 bytes", { type: "internal", name: "é".repeat(8) }, "name", "15 bytes"),
  create("no socket for a client", { ...vhost, mode: "client" }, "socket", "peer's socket"),
  create("a relative socket", { ...memif, socket: "bad.sock" }, "socket", "absolute"),
  create("a socket of 108 bytes", { ...memif, socket: path108 }, "socket", "107 bytes"),
  create("a socket with .. in it", { ...memif, socket: "/run/../etc/x" }, "socket", "without . or .."),
  create("a memif of no role", { ...memif, role: "server" }, "role", '"master"'),
  create("a ring of 1000", { ...memif, ringSize: 1000 }, "ringSize", "power of two"),
  create("an MTU of 67", { ...vhost, mtu: 67 }, "mtu", "68 to 65535"),
  create("an MTU that is a text", { ...vhost, mtu: "1500" }, "mtu", "68 to 65535"),
  create("a multicast MAC", { ...vhost, mac: "01:00:5e:00:00:01" }, "mac", "unicast"),
  create("an empty key", { ...vhost, key: "" }, "key", "at least 1 byte"),
  create("a key of 256 bytes", { ...vhost, key: "k".repeat(256) }, "key", "255 bytes"),
  create(
    "an external id that is ours",
    { ...vhost, externalIds: { "vswitch-drivers-owner": "x" } },
    "externalIds.vswitch-drivers-owner",
    "does not begin",
  ),
  create("an external id that is a number", { ...vhost, externalIds: { a: 1 } }, "externalIds.a", "a string"),
  create("an attachment that is a name", attached("br0"), "attach", "an object"),
  create("an attachment without bridge", attached({}), "attach.bridge", "required"),
  create("a tag of 4096", attached({ bridge: "br0", tag: 4096 }), "attach.tag", "0 to 4095"),
  create("a tag of -1", attached({ bridge: "br0", tag: -1 }), "attach.tag", "0 to 4095"),
  create("a tag of 1.5", attached({ bridge: "br0", tag: 1.5 }), "attach.tag", "0 to 4095"),
  create(
    "trunks on an access port",
    attached({ bridge: "br0", tag: 1, trunks: [2] }),
    "attach.trunks",
    "access port",
  ),
  create("a trunk twice", attached({ bridge: "br0", trunks: [2, 2] }), "attach.trunks", "once"),
  create("a trunk of 4096", attached({ bridge: "br0", trunks: [1, 4096] }), "attach.trunks.1", "0 to 4095"),
  create("a tag on a trunk", attached({ bridge: "br0", vlanMode: "trunk", tag: 1 }), "attach.tag", "trunk"),
  create("no tag on an access port", attached({ bridge: "br0", vlanMode: "access" }), "attach.tag", "a tag"),
  create("a tunnel to a name", { type: "vxlan", name: "bad0", remote: "host" }, "remote", "IPv4 or IPv6"),
  create("a vni of 2^24", { type: "geneve", name: "bad0", remote: "flow", vni: 2 ** 24 }, "vni", "16777215"),
  create("a patch to itself", { type: "patch", name: "bad0", peer: "bad0" }, "peer", "another interface"),
];

const badArguments: readonly BadInput[] = [
  {
    verb: "attachToBridge",
    title: "a tag of 4096",
    args: (present) => [present, { bridge: "br0", tag: 4096 }],
    path: "tag",
    says: "0 to 4095",
  },
  {
    verb: "attachToBridge",
    title: "no attachment",
    args: (present) => [present],
    path: "",
    says: "an object",
  },
  {
    verb: "attachToBridge",
    title: "a bridge with a space",
    args: (present) => [present, { bridge: "br 0" }],
    path: "bridge",
    says: "white space",
  },
  {
    verb: "setAddresses",
    title: "an address without prefix length",
    args: (present) => [present, ["192.0.2.1"]],
    path: "0",
    says: "prefix length",
  },
  {
    verb: "setAddresses",
    title: "a prefix of 33 bits",
    args: (present) => [present, ["192.0.2.1/24", "192.0.2.2/33"]],
    path: "1",
    says: "prefix length",
  },
  {
    verb: "setAddresses",
    title: "an address twice",
    args: (present) => [present, ["192.0.2.1/24", "192.0.2.1/24"]],
    path: "",
    says: "once",
  },
  { verb: "ensureBridge", title: "no spec", args: () => [], path: "", says: "an object" },
  { verb: "ensureBridge", title: "no name", args: () => [{}], path: "name", says: "required" },
  {
    verb: "ensureBridge",
    title: "an unknown failMode",
    args: () => [{ name: "br0", failMode: "open" }],
    path: "failMode",
    says: '"standalone"',
  },
  { verb: "deleteBridge", title: "no name", args: () => [], path: "", says: "name of a bridge" },
  { verb: "collectGarbage", title: "no keys", args: () => [], path: "", says: "a string is not one" },
  { verb: "collectGarbage", title: "a string", args: () => ["all"], path: "", says: "a string is not one" },
  { verb: "collectGarbage", title: "keys that are numbers", args: () => [[1]], path: "0", says: "a string" },
  {
    verb: "listInterfaces",
    title: "a bridge that is a number",
    args: () => [{ bridge: 4 }],
    path: "bridge",
    says: "name of a bridge",
  },
];

const takingRef = [
  "attachToBridge",
  "detachFromBridge",
  "deleteInterface",
  "getInterface",
  "setAddresses",
] as const;

/** The arguments that go before the options, all right. */
const goodArguments: Readonly<Record<Verb, (present: string) => readonly unknown[]>> = {
  createInterface: () => [vhost],
  attachToBridge: (present) => [present, { bridge: "br0" }],
  detachFromBridge: (present) => [present],
  deleteInterface: (present) => [present],
  getInterface: (present) => [present],
  listInterfaces: () => [],
  setAddresses: (present) => [present, []],
  listBridges: () => [],
  ensureBridge: () => [{ name: "br0" }],
  deleteBridge: () => ["br0"],
  capabilities: () => [],
  watch: () => [],
  collectGarbage: () => [[]],
};

const badOptions: readonly (readonly [options: unknown, path: string, says: string])[] = [
  [5, "", "an object"],
  [{ timeoutMs: 0 }, "timeoutMs", "from 1"],
  [{ timeoutMs: Number.NaN }, "timeoutMs", "from 1"],
  [{ timeoutMs: "10" }, "timeoutMs", "from 1"],
  [{ timeoutMs: 2 ** 31 }, "timeoutMs", "2147483647"],
  [{ signal: {} }, "signal", "an AbortSignal"],
  [{ rollBack: false }, "rollBack", "unknown key"],
];

export function badInputTests(bench: Bench): void {
  /** Calls a verb as a program without types does. */
  const call = async (verb: Verb, args: readonly unknown[]): Promise<unknown> =>
    Reflect.apply(bench.vswitch[verb], bench.vswitch, args);

  const expectRefused = async (
    verb: Verb,
    args: readonly unknown[],
    path: string,
    says: string,
  ): Promise<void> => {
    const result = await call(verb, args);
    expect(result).toMatchObject({ error: { kind: "invalid", operation: verb, path } });
    expect(result).toHaveProperty("error.message", expect.stringContaining(says));
    expect(result).toHaveProperty("error.message", expect.stringMatching(new RegExp(`^${verb}: `, "u")));
  };

  const present = async (): Promise<string> =>
    (await bench.vswitch.createInterface(bench.spec(bench.name()))).unwrap().name;

  const titled = [...badSpecs, ...badArguments].map(
    (input) => [`${input.verb}: ${input.title}`, input] as const,
  );
  test.each(titled)("%s", async (_title, { verb, args, path, says }) => {
    const name = await present();
    await expectRefused(verb, args(name), path, says);
    expect((await bench.vswitch.getInterface(name)).unwrap()).toMatchObject({ bridge: null });
    expect(await bench.interfaces()).toEqual([name]);
    expect(await bench.bridges()).toEqual([]);
  });

  test.each(takingRef)("%s: what is no reference to an interface", async (verb) => {
    const name = await present();
    const [, ...rest] = goodArguments[verb](name);
    for (const ref of [undefined, null, "", 5, {}, { name: "" }, { name: 5 }, [name]])
      await expectRefused(verb, [ref, ...rest], "", "name of an interface");
    expect(await bench.interfaces()).toEqual([name]);
  });

  describe.each(Object.entries(goodArguments))("%s", (verb, args) => {
    test("refuses options that are not right", async () => {
      const name = await present();
      for (const [options, path, says] of badOptions)
        await expectRefused(verbOf(verb), [...args(name), options], path, says);
      expect(await bench.interfaces()).toEqual([name]);
      expect(await bench.bridges()).toEqual([]);
    });
  });
}

const isVerb = (name: string): name is Verb => name in goodArguments;

function verbOf(name: string): Verb {
  if (!isVerb(name)) throw new Error(`${name} is no verb`);
  return name;
}
