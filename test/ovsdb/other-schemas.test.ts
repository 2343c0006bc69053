/** The schemas of other projects: every one can be opened, and its rows have types. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generateRowTypes } from "../../src/ovsdb/codegen/index.js";
import { defineSchema, openDatabase } from "../../src/ovsdb/index.js";
import { availableFlavours, startOvsdbServer } from "../support/openvswitch.js";
import { diagnosticsOf } from "../support/compiler.js";
import { installedSchema } from "./installed-schemas.js";
import { schemaOf } from "./lab.js";

const { available, note } = availableFlavours().dummy;
const options = { operation: "test", timeoutMs: 10_000 };

/** The schemas, with a row that a root table of each takes. */
const schemas = [
  ["Open_vSwitch", installedSchema("vswitch.ovsschema", "openvswitch-common"), "Open_vSwitch", {}],
  [
    "hardware_vtep",
    installedSchema("vtep.ovsschema", "openvswitch-vtep"),
    "Logical_Switch",
    { name: "ls0", tunnel_key: 7 },
  ],
  ["OVN_Northbound", installedSchema("ovn-nb.ovsschema", "ovn-central"), "Logical_Switch", { name: "ls0" }],
  [
    "OVN_Southbound",
    installedSchema("ovn-sb.ovsschema", "ovn-central"),
    "Datapath_Binding",
    { tunnel_key: 7, external_ids: new Map([["name", "ls0"]]) },
  ],
] as const;

describe.each(schemas)("the database %s", (name, { json, note: absent }, table, row) => {
  it.skipIf(json === undefined)(`has types that compile${absent}`, { timeout: 60_000 }, () => {
    const text = generateRowTypes(schemaOf(json), {
      databaseType: "OtherDatabase",
      schemaConstant: "otherSchema",
      runtimeModule: "./index.js",
    });
    const file = join(import.meta.dirname, "../../src/ovsdb/other-rows.ts");
    expect(diagnosticsOf(new Map([[file, text]]))).toEqual([]);
    expect(text).toContain(`${table}: ${table}Row`);
  });

  it.skipIf(json === undefined || !available)(
    `is opened on a real server, whole, and written to${absent}${note}`,
    { timeout: 20_000 },
    async () => {
      await using server = await startOvsdbServer({ schema: Object(json) });
      const schema = defineSchema(json);
      const opened = await openDatabase({ remote: server.remote, database: name, schema, timeoutMs: 10_000 });
      await using db = opened.unwrap();
      expect(db.absent).toEqual([]);
      expect([...db.schema.tables.keys()].toSorted()).toEqual([...schemaOf(json).tables.keys()].toSorted());
      const done = await db.transaction((tx) => tx.insert(table, row), options);
      expect(done).toMatchObject({ outcome: "committed" });
      expect([...db.table(table)]).toMatchObject([row]);
    },
  );
});
