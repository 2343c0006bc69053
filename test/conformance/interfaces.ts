import { describe, expect, test } from "vitest";
import { failure, owner, type Bench } from "./bench.js";

export function interfaceTests(bench: Bench): void {
  const { features, examples } = bench.target;

  const titled = examples.map((example) => [example.title, example] as const);
  describe.each(titled)("%s", (_title, { spec, variations }) => {
    test("is made, isolated, with our mark", async () => {
      const name = bench.name();
      const made = (await bench.vswitch.createInterface(spec(name))).unwrap();
      expect(made).toMatchObject({ created: true, name, type: spec(name).type, bridge: null, vlan: {} });
      expect(made.mark).toEqual({ owner, key: name });
      expect(made.nativeType).not.toBe("");

      const { nativeType, socket } = made;
      const got = (await bench.vswitch.getInterface(name)).unwrap();
      expect(got).toMatchObject({
        name,
        type: made.type,
        nativeType,
        socket,
        bridge: null,
        mark: made.mark,
      });
      expect(await bench.interfaces()).toEqual([name]);
      expect(await bench.realInterfaces()).toEqual([name]);
      expect(await bench.bridges()).toEqual([]);
    });

    test("is made on a bridge in the same step", async () => {
      const name = bench.name();
      const bridge = bench.name("br");
      const made = (await bench.vswitch.createInterface({ ...spec(name), attach: { bridge } })).unwrap();
      expect(made).toMatchObject({ created: true, name, bridge });
      expect((await bench.vswitch.getInterface(name)).unwrap()).toMatchObject({ name, bridge });
    });

    test("made again is the one that is there", async () => {
      const name = bench.name();
      (await bench.vswitch.createInterface(spec(name))).unwrap();
      const again = (await bench.vswitch.createInterface(spec(name))).unwrap();
      expect(again).toMatchObject({ created: false, name, mark: { owner, key: name } });
      expect(await bench.interfaces()).toEqual([name]);
    });

    test.each(variations.map(({ path, spec }) => [path, spec] as const))(
      "does not become one with another %s",
      async (path, varied) => {
        const name = bench.name();
        (await bench.vswitch.createInterface(spec(name))).unwrap();
        const error = failure(await bench.vswitch.createInterface(varied(name)), "already-exists");
        expect(error.differences.map((difference) => difference.path)).toContain(path);
        expect(error.object).toContain(name);
        expect(error.message).toContain(name);
        expect((await bench.vswitch.createInterface(spec(name))).unwrap().created).toBe(false);
      },
    );

    test("is deleted once, then it is gone", async () => {
      const made = (await bench.vswitch.createInterface(spec(bench.name()))).unwrap();
      expect((await bench.vswitch.deleteInterface(made)).unwrap()).toEqual({ deleted: true });
      expect(await bench.interfaces()).toEqual([]);
      expect(await bench.realInterfaces()).toEqual([]);
      failure(await bench.vswitch.getInterface(made), "not-found");
      expect((await bench.vswitch.deleteInterface(made)).unwrap()).toEqual({ deleted: false });
    });

    test("is made anew after it was deleted", async () => {
      const name = bench.name();
      (await bench.vswitch.createInterface(spec(name))).unwrap();
      (await bench.vswitch.deleteInterface(name)).unwrap();
      expect((await bench.vswitch.createInterface(spec(name))).unwrap().created).toBe(true);
    });
  });

  test.skipIf(examples.length < 2)("one name holds one type", async () => {
    const [one, other] = examples;
    const name = bench.name();
    (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    const types = examples.map(({ spec }) => spec(name).type);
    const another = examples.find(({ spec }) => spec(name).type !== types[0]) ?? other ?? one;
    const error = failure(
      await bench.vswitch.createInterface(another?.spec(name) ?? bench.spec(name)),
      "already-exists",
    );
    expect(error.differences.length).toBeGreaterThan(0);
  });

  test("what a spec leaves out may be as it is", async () => {
    const name = bench.name();
    const bridge = bench.name("br");
    (await bench.vswitch.createInterface(bench.spec(name, { key: "a-key", attach: { bridge } }))).unwrap();
    const again = (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    expect(again).toMatchObject({ created: false, bridge, mark: { key: "a-key" } });
  });

  test("the owner's key is kept, and is part of the spec", async () => {
    const name = bench.name();
    const key = "4f1c/eth0 of pod “ü”";
    const made = (await bench.vswitch.createInterface(bench.spec(name, { key }))).unwrap();
    expect(made.mark).toEqual({ owner, key });
    const again = await bench.vswitch.createInterface(bench.spec(name, { key: "another" }));
    expect(failure(again, "already-exists").differences).toEqual([
      { path: "key", wanted: "another", present: key },
    ]);
  });

  test("the bridge is part of the spec where it is given", async () => {
    const name = bench.name();
    const bridge = bench.name("br");
    const elsewhere = bench.name("br");
    (await bench.vswitch.createInterface(bench.spec(name, { attach: { bridge } }))).unwrap();
    const same = await bench.vswitch.createInterface(
      bench.spec(name, { attach: { bridge, createBridge: true } }),
    );
    expect(same.unwrap().created).toBe(false);
    const other = await bench.vswitch.createInterface(bench.spec(name, { attach: { bridge: elsewhere } }));
    expect(failure(other, "already-exists").differences).toContainEqual({
      path: "attach.bridge",
      wanted: elsewhere,
      present: bridge,
    });
    expect(await bench.bridges()).toEqual([bridge]);
  });

  test.skipIf(!features.externalIds)("external ids are kept, and are part of the spec", async () => {
    const name = bench.name();
    const externalIds = { "iface-id": 'a b=c,"d"', "attached-mac": "02:00:00:00:00:01" };
    const made = (await bench.vswitch.createInterface(bench.spec(name, { externalIds }))).unwrap();
    expect(made.externalIds).toEqual(externalIds);
    expect((await bench.vswitch.getInterface(name)).unwrap().externalIds).toEqual(externalIds);
    const other = bench.spec(name, { externalIds: { "attached-mac": "02:00:00:00:00:02" } });
    expect(failure(await bench.vswitch.createInterface(other), "already-exists").differences).toEqual([
      { path: "externalIds.attached-mac", wanted: "02:00:00:00:00:02", present: "02:00:00:00:00:01" },
    ]);
  });

  test("may be looked at without its counters", async () => {
    const name = bench.name();
    (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    const { statistics: _counted, ...whole } = (await bench.vswitch.getInterface(name)).unwrap();
    expect((await bench.vswitch.getInterface(name, { statistics: false })).unwrap()).toMatchObject(whole);
    const listed = (await bench.vswitch.listInterfaces({ ownOnly: true, statistics: false })).unwrap();
    expect(listed.find((info) => info.name === name)).toMatchObject(whole);
  });

  test("an interface is referred to by its name, or by what carries its name", async () => {
    const name = bench.name();
    const made = (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    for (const ref of [name, made, { name }])
      expect((await bench.vswitch.getInterface(ref)).unwrap().name).toBe(name);
  });

  test("one that is not there is not found", async () => {
    const name = bench.name();
    const bridge = bench.name("br");
    const calls = [
      bench.vswitch.getInterface(name),
      bench.vswitch.attachToBridge(name, { bridge }),
      bench.vswitch.detachFromBridge(name),
      ...(features.addresses ? [bench.vswitch.setAddresses(name, [])] : []),
    ];
    for (const result of await Promise.all(calls)) {
      const error = failure(result, "not-found");
      expect(error.object).toContain(name);
      expect(error.message).toContain(name);
    }
    expect(await bench.bridges()).toEqual([]);
  });

  test("lists are sorted by name, and can be limited to ours or to a bridge", async () => {
    const bridge = await bench.foreignBridge();
    const foreign = await bench.foreignInterface(bridge);
    const isolated = bench.name();
    const attached = bench.name();
    const others = bench.name();
    const other = await bench.connect("other");
    (await bench.vswitch.createInterface(bench.spec(attached, { attach: { bridge } }))).unwrap();
    (await other.createInterface(bench.spec(others, { attach: { bridge } }))).unwrap();
    (await bench.vswitch.createInterface(bench.spec(isolated))).unwrap();

    const list = async (options: object): Promise<readonly string[]> =>
      bench.since((await bench.vswitch.listInterfaces(options)).unwrap());
    expect(await list({})).toEqual([foreign, isolated, attached, others].toSorted());
    expect(await list({ ownOnly: true })).toEqual([isolated, attached].toSorted());
    expect(await list({ bridge })).toEqual([foreign, attached, others].toSorted());
    expect(await list({ bridge, ownOnly: true })).toEqual([attached]);
    expect(await list({ bridge: bench.name("br") })).toEqual([]);
  });

  test.skipIf(!features.addresses)("addresses are replaced as a whole", async () => {
    const name = bench.name();
    const made = (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    expect(made.addresses).toEqual([]);
    const set = async (addresses: readonly string[]): Promise<readonly string[]> =>
      (await bench.vswitch.setAddresses(name, addresses)).unwrap().addresses.toSorted();
    expect(await set(["192.0.2.1/24", "2001:db8::1/64"])).toEqual(["192.0.2.1/24", "2001:db8::1/64"]);
    expect(await set(["2001:db8::1/64", "198.51.100.1/31"])).toEqual(["198.51.100.1/31", "2001:db8::1/64"]);
    expect((await bench.vswitch.getInterface(name)).unwrap().addresses).toHaveLength(2);
    expect(await set([])).toEqual([]);
  });
}
