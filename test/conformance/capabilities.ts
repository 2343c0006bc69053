import { expect, test } from "vitest";
import { failure, type Bench } from "./bench.js";

const types = "af-packet dpdk geneve internal loopback memif patch tap vhost-user vxlan".split(" ");

export function capabilityTests(bench: Bench): void {
  const { examples, unsupported, features } = bench.target;

  test("every type is told of, with the reason where it is not supported", async () => {
    const capabilities = (await bench.vswitch.capabilities()).unwrap();
    expect(capabilities.engine).toBe(bench.vswitch.engine);
    expect(Object.keys(capabilities.interfaceTypes).toSorted()).toEqual(types);
    const { interfaceTypes, vlanModes, addresses } = capabilities;
    const told = [...Object.values(interfaceTypes), ...Object.values(vlanModes), addresses];
    for (const { supported, why } of told) expect(why === "").toBe(supported);
    expect(addresses.supported).toBe(features.addresses);
    const able = Object.entries(vlanModes).filter(([, { supported }]) => supported);
    expect(able.map(([mode]) => mode).toSorted()).toEqual(features.vlanModes.toSorted());
  });

  test("what can be made is told so", async () => {
    const { interfaceTypes } = (await bench.vswitch.capabilities()).unwrap();
    for (const { spec } of examples)
      expect(interfaceTypes[spec(bench.name()).type]).toMatchObject({ supported: true, why: "" });
  });

  const refused = unsupported.map((spec) => [JSON.stringify(spec), spec] as const);
  test.skipIf(refused.length === 0).each(refused)(
    "%s is refused, with nothing sent",
    async (_title, spec) => {
      const { interfaceTypes } = (await bench.vswitch.capabilities()).unwrap();
      const { supported, why } = interfaceTypes[spec.type];
      const bridge = bench.name("br");
      const result = await bench.vswitch.createInterface({ ...spec, name: bench.name(), attach: { bridge } });
      const error = failure(result, "unsupported");
      expect(supported ? Object.keys(spec) : [spec.type]).toContain(error.feature);
      expect(error.message).toContain(why);
      expect(await bench.interfaces()).toEqual([]);
      expect(await bench.bridges()).toEqual([]);
    },
  );

  test.skipIf(features.addresses)("setAddresses is refused where there are none", async () => {
    const name = bench.name();
    (await bench.vswitch.createInterface(bench.spec(name))).unwrap();
    const error = failure(await bench.vswitch.setAddresses(name, ["192.0.2.1/24"]), "unsupported");
    expect(error.feature).toBe("setAddresses");
  });
}
