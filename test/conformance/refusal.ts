import { describe, expect, test } from "vitest";
import type { InterfaceSpec } from "../../src/core/specs.js";
import { failure, type Bench } from "./bench.js";

export function refusalTests(bench: Bench): void {
  const { refuse, administrator } = bench.target;

  const refused = async (): Promise<InterfaceSpec> => {
    const name = bench.name();
    const spec = await refuse?.(name);
    return spec ?? bench.spec(name);
  };
  /** What is there beside the interface that is refused: a target may have needed more to prepare. */
  const others = async (spec: InterfaceSpec): Promise<readonly string[]> =>
    (await bench.interfaces()).filter((name) => name !== spec.name);

  describe.skipIf(refuse === undefined)("an interface", () => {
    test("is rejected with the switch's own words, and nothing is left", async () => {
      const spec = await refused();
      const before = await others(spec);
      const error = failure(await bench.vswitch.createInterface(spec), "rejected");
      expect(error.message).toContain(spec.name);
      expect(error.message).toContain(error.details);
      expect(error.details).not.toBe("");
      expect(error.leftBehind).toEqual([]);
      expect(await bench.interfaces()).toEqual(before);
      expect(await administrator.interfaces()).toEqual(before);
      failure(await bench.vswitch.getInterface(spec.name), "not-found");
    });

    test("takes the bridge with it that was made for it", async () => {
      const spec = await refused();
      const bridges = await bench.bridges();
      const attach = { bridge: bench.name("br") };
      const error = failure(await bench.vswitch.createInterface({ ...spec, attach }), "rejected");
      expect(error.leftBehind).toEqual([]);
      expect(await bench.bridges()).toEqual(bridges);
      expect(await administrator.bridges()).toEqual(bridges);
    });

    test("leaves the interfaces alone that are on the bridge", async () => {
      const spec = await refused();
      const bridge = bench.name("br");
      const good = bench.name();
      (await bench.vswitch.createInterface(bench.spec(good, { attach: { bridge } }))).unwrap();
      failure(await bench.vswitch.createInterface({ ...spec, attach: { bridge } }), "rejected");
      expect((await bench.vswitch.getInterface(good)).unwrap()).toMatchObject({ bridge, error: null });
    });

    test("is kept with rollback: false, and the error says so", async () => {
      const spec = await refused();
      const bridge = bench.name("br");
      const result = await bench.vswitch.createInterface(
        { ...spec, attach: { bridge } },
        { rollback: false },
      );
      const error = failure(result, "rejected");
      expect(error.leftBehind.join("\n")).toContain(spec.name);
      const kept = (await bench.vswitch.getInterface(spec.name)).unwrap();
      expect(kept.bridge).toBe(bridge);
      expect(kept.error).not.toBeNull();
      expect((await bench.vswitch.deleteInterface(spec.name)).unwrap().deleted).toBe(true);
    });

    test("is not noticed with wait: false", async () => {
      const spec = await refused();
      const made = (await bench.vswitch.createInterface(spec, { wait: false })).unwrap();
      expect(made.created).toBe(true);
      expect((await bench.vswitch.deleteInterface(spec.name)).unwrap().deleted).toBe(true);
    });
  });
}
