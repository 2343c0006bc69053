import { describe, expect, it } from "vitest";
import { Fault } from "../../../src/ovsdb/fault.js";
import { afterUpdate } from "../../../src/ovsdb/replica/row-update.js";
import { RowPlan, type IdentifiedRow } from "../../../src/ovsdb/row-plan.js";
import { zeroUuid } from "../../../src/ovsdb/uuid.js";
import { schemaOf } from "../lab.js";

const columns = {
  name: { type: "string" },
  ports: { type: { key: "integer", min: 0, max: "unlimited" } },
};
const schema = schemaOf({ name: "Sets", version: "1.0.0", tables: { T: { columns } } });

function planOf(name: string): RowPlan {
  const table = schema.tables.get(name);
  const plan = table && RowPlan.make({ server: schema, expected: undefined }, table, undefined);
  if (plan instanceof RowPlan) return plan;
  throw new Error(`no plan for ${name}`);
}

const plan = planOf("T");
const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);
const sorted = (row: IdentifiedRow): unknown =>
  Array.isArray(row["ports"]) ? row["ports"].toSorted((a, b) => Number(a) - Number(b)) : row["ports"];

function after(old: IdentifiedRow | undefined, kind: "initial" | "modify", change: unknown): IdentifiedRow {
  const row = afterUpdate(plan, zeroUuid, old, { [kind]: change }, "update2");
  if (row === undefined || row instanceof Fault) throw new Error(`no row: ${row?.expected}`);
  return row;
}

const first = after(undefined, "initial", { name: "br0", ports: ["set", numbers(0, 300)] });
const second = after(first, "modify", { ports: ["set", [7, 300, 301]] });
const expected = numbers(0, 302).filter((n) => n !== 7);

describe("a row with a large set that was changed", () => {
  it("has the set, and the row before it has its own", () => {
    expect(sorted(second)).toEqual(expected);
    const third = after(second, "modify", { ports: 7, name: "br1" });
    const fourth = after(third, "modify", { name: "br2" });
    expect(sorted(third)).toEqual(numbers(0, 302));
    expect(fourth).toMatchObject({ name: "br2" });
    expect(sorted(fourth)).toEqual(numbers(0, 302));
    expect(sorted(second)).toEqual(expected);
    expect(sorted(first)).toEqual(numbers(0, 300));
  });

  it("gives the very same array each time, also after a change of something else", () => {
    expect(second["ports"]).toBe(second["ports"]);
    const third = after(second, "modify", { name: "br1" });
    const fourth = after(third, "modify", { name: "br2" });
    expect(third["ports"]).toBe(second["ports"]);
    expect(fourth["ports"]).toBe(second["ports"]);
  });

  it("has its columns and nothing else, however it is copied or wrapped", () => {
    expect(Object.keys(second)).toEqual(Object.keys(first));
    const wrapped = [
      { ...second },
      new Proxy(second, {}),
      new Proxy(second, { get: (target, name, receiver) => Reflect.get(target, name, receiver) as unknown }),
      structuredClone(second),
    ];
    for (const row of wrapped) {
      expect(row).toEqual(second);
      expect(sorted(row)).toEqual(expected);
    }
    const heir: IdentifiedRow = Object.create(second);
    expect(sorted(heir)).toEqual(expected);
    expect(JSON.parse(JSON.stringify(second))).toEqual({
      _uuid: zeroUuid,
      name: "br0",
      ports: second["ports"],
    });
  });

  it("has a plain array again once it is small", () => {
    const small = after(second, "modify", { ports: ["set", expected.slice(10)] });
    expect(small["ports"]).toHaveLength(10);
    expect(sorted(after(small, "modify", { ports: 1000 }))).toEqual([...expected.slice(0, 10), 1000]);
  });
});
