import { describe, expect, it } from "vitest";
import { Fault } from "../../src/ovsdb/fault.js";
import { parseSchema } from "../../src/ovsdb/parse-schema.js";
import type { ColumnSchema } from "../../src/ovsdb/schema.js";
import { labJson, schemaOf } from "./lab.js";

const oneColumn = (type: unknown, extra: object = {}): unknown => ({
  name: "Db",
  version: "1.0.0",
  tables: { T: { columns: { c: { type, ...extra } } } },
});

const columnOf = (type: unknown, extra: object = {}): ColumnSchema | undefined =>
  schemaOf(oneColumn(type, extra)).tables.get("T")?.column("c");

function faultOf(json: unknown): string {
  const fault = parseSchema(json);
  return fault instanceof Fault ? `${fault.path} is ${fault.got}; expected ${fault.expected}` : "no fault";
}

describe("reading a schema", () => {
  const lab = schemaOf(labJson);

  it("tells which tables and columns a server has", () => {
    expect(lab.name).toBe("Lab");
    expect(lab.version).toBe("1.0.0");
    expect(lab.has("Item")).toBe(true);
    expect(lab.has("Item", "tags")).toBe(true);
    expect(lab.has("Item", "_uuid")).toBe(true);
    expect(lab.has("Item", "nope")).toBe(false);
    expect(lab.has("Nope", "name")).toBe(false);
  });

  it("tells tables apart by what keeps their rows", () => {
    expect(lab.tables.get("Root")).toMatchObject({ isRoot: true, maxRows: 5, indexes: [] });
    expect(lab.tables.get("Item")).toMatchObject({ isRoot: false, maxRows: Infinity, indexes: [["name"]] });
  });

  it("takes every table for a root table where none says so", () => {
    expect(schemaOf(oneColumn("string")).tables.get("T")?.isRoot).toBe(true);
  });

  it("tells what a column holds, in words", () => {
    const words = Object.fromEntries(
      [...lab.tables.values()].flatMap(({ name, columns }) =>
        [...columns.values()].map((column) => [`${name}.${column.name}`, String(column)]),
      ),
    );
    expect(words).toEqual({
      "Root.name": "string",
      "Root.items": "set of strong reference to Item",
      "Root.friends": "set of weak reference to Item",
      "Root.leader": "optional weak reference to Item",
      "Item.name": "string",
      "Item.n": "integer 0 to 100",
      "Item.r": "real",
      "Item.b": "boolean",
      "Item.kind": 'optional "a" | "b"',
      "Item.tags": "set of integer, 0 to 3 members",
      "Item.s": "optional string with a length of at most 8",
      "Item.opts": "map of string to string",
      "Item.eph": "integer",
      "Log.msg": "string",
      "Log.k": "integer",
    });
  });

  it("knows the four shapes, and that it is max that makes a set", () => {
    expect(columnOf("integer")?.shape).toBe("scalar");
    expect(columnOf({ key: "integer" })?.shape).toBe("scalar");
    expect(columnOf({ key: "integer", min: 0 })?.shape).toBe("optional");
    expect(columnOf({ key: "integer", max: 2 })?.shape).toBe("set");
    expect(columnOf({ key: "integer", max: "unlimited" })?.shape).toBe("set");
    expect(columnOf({ key: "integer", value: "string" })?.shape).toBe("map");
  });

  it("knows which columns an update may write", () => {
    expect(columnOf("string", { mutable: false })?.mutable).toBe(false);
    // The server has to take a weak reference out when the row goes.
    const weak = { key: { type: "uuid", refTable: "T", refType: "weak" }, min: 0 };
    expect(columnOf(weak, { mutable: false })?.mutable).toBe(true);
    const strong = { key: { type: "uuid", refTable: "T" }, min: 0 };
    expect(columnOf(strong, { mutable: false })?.mutable).toBe(false);
  });

  it("keeps bounds beyond 2^53 exact", () => {
    const schema = schemaOf(oneColumn({ key: { type: "integer", maxInteger: 9_007_199_254_740_993n } }));
    expect(schema.tables.get("T")?.column("c")?.type.key).toMatchObject({
      maxInteger: 9_007_199_254_740_993n,
    });
  });

  it("reads an enum in either of its forms", () => {
    expect(columnOf({ key: { type: "string", enum: ["set", ["a", "b"]] } })?.type.key).toMatchObject({
      enum: ["a", "b"],
    });
    expect(columnOf({ key: { type: "string", enum: "a" } })?.type.key).toMatchObject({ enum: ["a"] });
  });

  it("takes names that objects have of their own for names", () => {
    const columns = Object.fromEntries(
      ["constructor", "toString", "hasOwnProperty"].map((name) => [name, { type: "string" }]),
    );
    const schema = schemaOf({ name: "Db", tables: { constructor: { columns } } });
    expect(schema.has("constructor", "toString")).toBe(true);
    expect(schema.has("constructor", "valueOf")).toBe(false);
    expect(schema.has("toString")).toBe(false);
  });

  it("passes over members that a later server may add", () => {
    expect(schemaOf({ ...labJson, later: 1 }).has("Item")).toBe(true);
  });
});

describe("what is no schema", () => {
  it.each([
    ["not an object", 7, " is 7; expected a database schema"],
    ["no name", { tables: {} }, "name is nothing; expected the name of a database"],
    ["no tables", { name: "Db" }, "tables is nothing; expected an object"],
    [
      "a type that is none",
      oneColumn("float"),
      'tables.T.columns.c.type.type is "float"; expected integer, real, boolean, string or uuid',
    ],
    ["min of 2", oneColumn({ key: "integer", min: 2 }), "tables.T.columns.c.type.min is 2; expected 0 or 1"],
    [
      "max of 0",
      oneColumn({ key: "integer", max: 0 }),
      "tables.T.columns.c.type.max is 0; expected an integer of at least 1",
    ],
    [
      "a refType that is none",
      oneColumn({ key: { type: "uuid", refTable: "T", refType: "soft" } }),
      'tables.T.columns.c.type.key.refType is "soft"; expected strong or weak',
    ],
    [
      "an enum of another type",
      oneColumn({ key: { type: "integer", enum: ["set", ["a"]] } }),
      'tables.T.columns.c.type.key.enum is "a"; expected a 64-bit integer',
    ],
    [
      "an index on no column",
      { name: "Db", tables: { T: { columns: {}, indexes: [["x"]] } } },
      'tables.T.indexes is "x"; expected a column of the table',
    ],
    [
      "a flag that is none",
      oneColumn("string", { mutable: "no" }),
      'tables.T.columns.c.mutable is "no"; expected true or false',
    ],
    [
      "a reserved name",
      { name: "Db", tables: { _T: { columns: {} } } },
      'tables._T is "_T"; expected a name of letters, digits and _',
    ],
    [
      "code for a name",
      { name: "Db", tables: { "T; evil()": { columns: {} } } },
      'tables.T; evil() is "T; evil()"; expected a name of letters, digits and _',
    ],
  ])("%s", (_what, json, words) => {
    expect(faultOf(json)).toBe(words);
  });

  it("__proto__ for a name, which changes no object", () => {
    const json: unknown = JSON.parse(
      '{"name":"Db","tables":{"__proto__":{"columns":{"polluted":{"type":"string"}}}}}',
    );
    expect(faultOf(json)).toContain('"__proto__"; expected a name');
    expect({}).not.toHaveProperty("columns");
  });
});
