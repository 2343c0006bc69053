import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import ts from "typescript";
import { generateRowTypes } from "../../src/ovsdb/codegen/row-types.js";
import { labJson, schemaOf } from "./lab.js";
import { lab, openVSwitch, renderRowTypes } from "./row-types/render.js";

const options = { databaseType: "Db", schemaConstant: "dbSchema", runtimeModule: "vswitch-drivers/ovsdb" };
const generate = (json: unknown): string => generateRowTypes(schemaOf(json), options);
const columnsOf = (columns: object): unknown => ({
  name: "Db",
  version: "1.0.0",
  tables: { T: { columns } },
});

describe("the types of rows", () => {
  it.each([
    ["integer", "Integer"],
    [{ key: { type: "integer", minInteger: 0, maxInteger: 4095 }, min: 0 }, "number | null"],
    [{ key: { type: "integer", minInteger: 0 } }, "Integer"],
    [{ key: { type: "integer", enum: ["set", [1, -2]] } }, "1 | -2"],
    [{ key: { type: "integer", enum: ["set", [1, 9_007_199_254_740_993n]] } }, "1 | 9007199254740993n"],
    ["real", "number"],
    ["boolean", "boolean"],
    ["string", "string"],
    [{ key: { type: "string", enum: ["set", ["a", "b"]] }, min: 0 }, '"a" | "b" | null'],
    [{ key: { type: "string", enum: ["set", ["a", "b"]] }, max: 2 }, 'readonly ("a" | "b")[]'],
    [{ key: { type: "uuid", refTable: "T" }, min: 0, max: "unlimited" }, "readonly Uuid[]"],
    [{ key: "string", value: { type: "uuid", refTable: "T" }, min: 0 }, "ReadonlyMap<string, Uuid>"],
  ])("of column %#", (type, text) => {
    expect(generate(columnsOf({ c: { type } }))).toContain(`  readonly c: ${text};\n`);
  });

  it("say what the types cannot", () => {
    const text = generate(labJson);
    expect(text).toContain(
      "/** A row of table Item. It lives as long as a strong reference to it does. No two rows have the same name. */",
    );
    expect(text).toContain("/** A row of table Root. There may be 5. */");
    expect(text).toContain("/** String. Only an insert sets it. */\n  readonly name: string;");
    expect(text).toContain("/** Integer. Forgotten when the server restarts. */\n  readonly eph: Integer;");
  });

  it("carry the schema along, as it was", () => {
    const literal = /= defineSchema<Db>\((.*)\);\n$/su.exec(generate(labJson))?.[1] ?? "";
    expect(generate(JSON.parse(literal))).toBe(generate(labJson));
  });

  it("are the same for the same schema, in whatever order it comes", () => {
    const reversed = { ...labJson, tables: Object.fromEntries(Object.entries(labJson.tables).toReversed()) };
    expect(generate(reversed)).toBe(generate(labJson));
  });

  it("name a table after itself, so that no two get the same name", () => {
    const columns = { c: { type: "string" } };
    const text = generate({ name: "Db", tables: { a_b: { columns }, ab: { columns }, A_b: { columns } } });
    expect(text.match(/^export type \w+/gmu)).toEqual(
      ["A_bRow", "a_bRow", "abRow", "Db"].map((name) => `export type ${name}`),
    );
  });

  it("hold nothing of the schema as code, whatever the schema says", () => {
    const evil = [
      "*/ evil(); /*",
      '"; evil(); "',
      "`${evil()}`",
      "\n evil()",
      "\u2028evil()",
      "</script>",
      "{@link evil}",
      "\\",
    ];
    const text = generate({
      ...Object(
        columnsOf({
          c: { type: { key: { type: "string", enum: ["set", evil] } } },
          constructor: { type: "string" },
        }),
      ),
      version: "1.0.0\nevil();\u2028evil();",
    });
    const parsed = ts.createSourceFile("x.ts", text, ts.ScriptTarget.ES2022);
    const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
    expect(diagnostics).toEqual([]);
    expect(parsed.statements.map(kindOf)).toEqual(["import", "type", "type", "const"]);
    expect(identifiersOf(parsed)).not.toContain("evil");
  });
});

function kindOf(statement: ts.Statement): "import" | "type" | "const" | "code" {
  if (ts.isImportDeclaration(statement)) return "import";
  if (ts.isTypeAliasDeclaration(statement)) return "type";
  return ts.isVariableStatement(statement) ? "const" : "code";
}

function identifiersOf(node: ts.Node): readonly string[] {
  const names: string[] = ts.isIdentifier(node) ? [node.text] : [];
  node.forEachChild((child) => {
    names.push(...identifiersOf(child));
  });
  return names;
}

describe("the generated files", () => {
  it.for([lab, openVSwitch])(
    "$options.databaseType is what the generator writes",
    async (target, { skip }) => {
      const text = readFileSync(target.file, "utf8");
      const version = /Generated from the schema of \w+ (\S+)\. /u.exec(text)?.[1];
      const { schema } = target;
      if (schema === undefined || schema.version !== version) {
        skip(`${target.file} is for ${version}; installed is ${schema?.version ?? "none"}`);
        return;
      }
      expect(await renderRowTypes(schema, target)).toBe(text);
    },
  );
});
