import { expect, test } from "vitest";
import type { VSwitch } from "../../src/core/vswitch.js";
import { failure, type Bench } from "./bench.js";

const rounds = 20;
const long = 120_000;

export function raceTests(bench: Bench): void {
  const { features } = bench.target;

  test("one name, one spec, two connections: one makes it, both have it", { timeout: long }, async () => {
    const second = await bench.connect();
    for (let round = 0; round < rounds; round += 1) {
      const spec = bench.spec(bench.name());
      const results = await Promise.all([bench.vswitch.createInterface(spec), second.createInterface(spec)]);
      const made = results.map((result) => result.unwrap());
      expect(made.map(({ name }) => name)).toEqual([spec.name, spec.name]);
      expect(made.filter(({ created }) => created)).toHaveLength(1);
      (await bench.vswitch.deleteInterface(spec.name)).unwrap();
    }
    expect(await bench.interfaces()).toEqual([]);
  });

  test("one name, two specs: one is made, the other is told how they differ", { timeout: long }, async () => {
    const second = await bench.connect();
    for (let round = 0; round < rounds; round += 1) {
      const name = bench.name();
      const results = await Promise.all([
        bench.vswitch.createInterface(bench.spec(name, { key: "one" })),
        second.createInterface(bench.spec(name, { key: "two" })),
      ]);
      const made = results.filter((result) => result.isOk()).map((result) => result.unwrap());
      expect(made).toHaveLength(1);
      const lost = results.filter((result) => result.isErr());
      for (const result of lost)
        expect(failure(result, "already-exists").differences.map(({ path }) => path)).toEqual(["key"]);
      expect((await bench.vswitch.getInterface(name)).unwrap().mark).toEqual(made[0]?.mark);
      (await bench.vswitch.deleteInterface(name)).unwrap();
    }
  });

  test("one name, two owners: it belongs to one", { timeout: long }, async () => {
    const other = await bench.connect("other");
    for (let round = 0; round < rounds; round += 1) {
      const spec = bench.spec(bench.name());
      const both = [bench.vswitch, other];
      const results = await Promise.all(both.map((vswitch) => vswitch.createInterface(spec)));
      const winner = results.findIndex((result) => result.isOk());
      expect(results.filter((result) => result.isOk())).toHaveLength(1);
      for (const result of results.filter((result) => result.isErr())) failure(result, "conflict");
      expect((await both[winner]?.deleteInterface(spec.name))?.unwrap()).toEqual({ deleted: true });
    }
  });

  test("two delete one interface: one of them did", { timeout: long }, async () => {
    const second = await bench.connect();
    for (let round = 0; round < rounds; round += 1) {
      const { name } = (await bench.vswitch.createInterface(bench.spec(bench.name()))).unwrap();
      const results = await Promise.all([bench.vswitch.deleteInterface(name), second.deleteInterface(name)]);
      expect(results.filter((result) => result.unwrap().deleted)).toHaveLength(1);
    }
  });

  test("two ensure one bridge: one of them made it", { timeout: long }, async () => {
    const second = await bench.connect();
    for (let round = 0; round < rounds; round += 1) {
      const name = bench.name("br");
      const results = await Promise.all([
        bench.vswitch.ensureBridge({ name }),
        second.ensureBridge({ name }),
      ]);
      expect(results.filter((result) => result.unwrap().created)).toHaveLength(1);
      (await bench.vswitch.deleteBridge(name)).unwrap();
    }
  });

  test("two come and go on one bridge made on demand, 50 times each", { timeout: long }, async () => {
    const second = await bench.connect();
    const bridge = bench.name("br");
    const comeAndGo = async (vswitch: VSwitch): Promise<void> => {
      for (let round = 0; round < 50; round += 1) {
        const name = bench.name();
        const made = (await vswitch.createInterface(bench.spec(name, { attach: { bridge } }))).unwrap();
        expect(made).toMatchObject({ created: true, bridge });
        expect((await vswitch.getInterface(name)).unwrap().bridge).toBe(bridge);
        expect((await vswitch.deleteInterface(name)).unwrap()).toEqual({ deleted: true });
      }
    };
    await Promise.all([comeAndGo(bench.vswitch), comeAndGo(second)]);
    expect(await bench.interfaces()).toEqual([]);
    expect(await bench.bridges()).toEqual([]);
    expect(await bench.realBridges()).toEqual([]);
  });

  test("two attach to and detach from one bridge made on demand", { timeout: long }, async () => {
    const second = await bench.connect();
    const bridge = bench.name("br");
    const comeAndGo = async (vswitch: VSwitch): Promise<void> => {
      const { name } = (await vswitch.createInterface(bench.spec(bench.name()))).unwrap();
      for (let round = 0; round < rounds; round += 1) {
        expect((await vswitch.attachToBridge(name, { bridge })).unwrap()).toMatchObject({
          moved: true,
          bridge,
        });
        expect((await vswitch.detachFromBridge(name)).unwrap()).toMatchObject({ moved: true, bridge: null });
      }
    };
    await Promise.all([comeAndGo(bench.vswitch), comeAndGo(second)]);
    expect(await bench.interfaces()).toHaveLength(2);
    expect(await bench.bridges()).toEqual([]);
  });

  test(
    "two move one interface to two bridges: it is on one, and the other is gone",
    { timeout: long },
    async () => {
      const second = await bench.connect();
      const { name } = (await bench.vswitch.createInterface(bench.spec(bench.name()))).unwrap();
      for (let round = 0; round < rounds; round += 1) {
        const results = await Promise.all([
          bench.vswitch.attachToBridge(name, { bridge: bench.name("br") }),
          second.attachToBridge(name, { bridge: bench.name("br") }),
        ]);
        for (const result of results) result.unwrap();
        const { bridge } = (await bench.vswitch.getInterface(name)).unwrap();
        expect(results.map((result) => result.unwrap().bridge)).toContain(bridge);
        expect(await bench.bridges()).toEqual([bridge]);
      }
    },
  );

  test("two come and go in one VLAN of one bridge", { timeout: long }, async () => {
    const second = await bench.connect();
    const bridge = bench.name("br");
    const comeAndGo = async (vswitch: VSwitch): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const attach = { bridge, ...(round % 2 === 0 ? { tag: 10 } : { trunks: [10, 20] }) };
        const { name } = (await vswitch.createInterface(bench.spec(bench.name(), { attach }))).unwrap();
        const { vlan, error } = (await vswitch.getInterface(name)).unwrap();
        expect({ bridge, ...vlan, error }).toEqual({ ...attach, error: null });
        expect((await vswitch.deleteInterface(name)).unwrap()).toEqual({ deleted: true });
      }
    };
    await Promise.all([comeAndGo(bench.vswitch), comeAndGo(second)]);
    expect(await bench.interfaces()).toEqual([]);
    expect(await bench.realBridges()).toEqual([]);
  });

  test("two move one interface to two VLANs: it is in one, and nothing is left of the other", async () => {
    const second = await bench.connect();
    const bridge = bench.name("br");
    const { name } = (await bench.vswitch.createInterface(bench.spec(bench.name()))).unwrap();
    for (let round = 0; round < rounds; round += 1) {
      const settings = [{ tag: 10 + round }, { trunks: [10 + round, 2000] }];
      const results = await Promise.all(
        settings.map((vlan, nth) =>
          (nth === 0 ? bench.vswitch : second).attachToBridge(name, { bridge, ...vlan }),
        ),
      );
      for (const result of results) result.unwrap();
      const { vlan, error } = (await bench.vswitch.getInterface(name)).unwrap();
      expect(settings).toContainEqual(vlan);
      expect(error).toBeNull();
      expect(await bench.bridges()).toEqual([bridge]);
    }
    (await bench.vswitch.deleteInterface(name)).unwrap();
    expect(await bench.realBridges()).toEqual([]);
    expect(await bench.realInterfaces()).toEqual([]);
  });

  test("many calls at once on one connection", { timeout: long }, async () => {
    const bridge = bench.name("br");
    const names = Array.from({ length: rounds }, () => bench.name());
    const specs = names.map((name) => bench.spec(name, { attach: { bridge } }));
    const made = await Promise.all(specs.map((spec) => bench.vswitch.createInterface(spec)));
    expect(made.map((result) => result.unwrap().name)).toEqual(names);
    expect((await bench.bridge(bridge))?.interfaces).toEqual(names.toSorted());
    const deleted = await Promise.all(names.map((name) => bench.vswitch.deleteInterface(name)));
    expect(deleted.map((result) => result.unwrap().deleted)).toEqual(names.map(() => true));
    expect(await bench.bridges()).toEqual([]);
  });

  test("somebody else comes and goes on our bridge meanwhile", { timeout: long }, async () => {
    const bridge = bench.name("br");
    const foreign: string[] = [];
    const stay = bench.name();
    (await bench.vswitch.createInterface(bench.spec(stay, { attach: { bridge } }))).unwrap();
    const ours = async (): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const name = bench.name();
        (await bench.vswitch.createInterface(bench.spec(name, { attach: { bridge } }))).unwrap();
        (await bench.vswitch.deleteInterface(name)).unwrap();
      }
    };
    const theirs = async (): Promise<void> => {
      for (let round = 0; round < 5; round += 1) foreign.push(await bench.foreignInterface(bridge));
    };
    await Promise.all([ours(), theirs()]);
    expect(await bench.interfaces()).toEqual([stay, ...foreign].toSorted());
    (await bench.vswitch.deleteInterface(stay)).unwrap();
    expect(await bench.bridges()).toEqual([bridge]);
  });

  test.skipIf(!features.externalIds)("bridges keep their notes meanwhile", { timeout: long }, async () => {
    const bridge = await bench.foreignBridge();
    const names = Array.from({ length: rounds }, () => bench.name());
    await Promise.all([
      ...names.map((name) => bench.vswitch.createInterface(bench.spec(name, { attach: { bridge } }))),
      bench.target.administrator.setExternalId("bridge", bridge, "note", "mine"),
    ]);
    expect(await bench.bridge(bridge)).toMatchObject({
      externalIds: { note: "mine" },
      interfaces: names.toSorted(),
    });
  });
}
