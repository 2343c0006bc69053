import { describe, expect, it } from "vitest";
import { compareSchemas } from "../../src/ovsdb/schema-report.js";
import { schemaOf } from "./lab.js";

const schemaWith = (columns: object, version = "1.0.0", isRoot = true) =>
  schemaOf({ name: "Db", version, tables: { T: { columns, isRoot }, Other: { columns: {}, isRoot: true } } });
const string = { type: "string" };
const choice = (...values: readonly string[]) => ({
  type: { key: { type: "string", enum: ["set", values] }, min: 0 },
});

describe("what a server's schema lacks or has otherwise", () => {
  it("is nothing where it has all of it, and more", () => {
    const report = compareSchemas(schemaWith({ a: string }), schemaWith({ a: string, b: string }, "1.1.0"));
    expect(report.differences).toEqual([]);
    expect(report.isReadable).toBe(true);
    expect(String(report)).toBe(
      "Db: written for 1.0.0, the server has 1.1.0; everything that is expected is there",
    );
  });

  it("is told a line each, in words", () => {
    const expected = schemaOf({
      name: "Db",
      version: "2.0.0",
      tables: {
        Gone: { columns: {}, isRoot: true },
        T: {
          isRoot: true,
          columns: { a: string, b: { type: { key: "integer", min: 0 } }, c: choice("x", "y"), d: string },
        },
      },
    });
    const present = schemaWith(
      {
        b: { type: { key: "integer", min: 0, max: 2 } },
        c: choice("x", "z"),
        d: { type: "string", mutable: false },
        e: { type: { key: { type: "uuid", refTable: "Other" } } },
      },
      "",
    );
    const report = compareSchemas(expected, present);
    expect(report.isReadable).toBe(false);
    expect(String(report).split("\n")).toEqual([
      "Db: written for 2.0.0, the server has no version",
      "  Gone: absent; expected a table",
      "  T.a: absent; expected string",
      "  T.b: set of integer, 0 to 2 members; expected optional integer",
      '  T.c: optional "x" | "z"; expected optional "x" | "y"',
      "  T.d: only an insert may write it; expected may be written at any time",
      "  T.e: needed on insert; expected optional on insert",
    ]);
  });

  it("is not the order of an enum's members", () => {
    const report = compareSchemas(schemaWith({ c: choice("x", "y") }), schemaWith({ c: choice("y", "x") }));
    expect(report.differences).toEqual([]);
  });

  it("is a table whose rows are collected now, and one whose integers may be larger", () => {
    const small = { type: { key: { type: "integer", minInteger: 0, maxInteger: 9 } } };
    const report = compareSchemas(
      schemaWith({ n: small }),
      schemaWith({ n: { type: "integer" } }, "1.0.0", false),
    );
    expect(report.differences.map(({ item, kind }) => [item, kind])).toEqual([
      ["T", "behaviour"],
      ["T.n", "other-layout"],
    ]);
  });
});
