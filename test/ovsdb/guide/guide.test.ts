/** The program in `doc/ovsdb.md`: it compiles, and on a real server it prints what it says. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { generateRowTypes } from "../../../src/ovsdb/codegen/index.js";
import { openDatabase, operations } from "../../../src/ovsdb/index.js";
import { readGuide, runGuide } from "../../support/guide.js";
import { availableFlavours, startOvsdbServer } from "../../support/openvswitch.js";
import { diagnosticsOf } from "../../support/compiler.js";
import { installedSchema, type InstalledSchema } from "../installed-schemas.js";
import { schemaOf } from "../lab.js";
import { northbound } from "./northbound.js";

const { available, note } = availableFlavours().dummy;
const root = join(import.meta.dirname, "../../..");
const guide = readGuide("doc/ovsdb.md");

const program = (runtime: string, types: string): string =>
  guide.program({ "vswitch-drivers/ovsdb": runtime, "./ovn-nb.js": types });

const rowTypes = (schema: unknown, runtimeModule: string): string =>
  generateRowTypes(schemaOf(schema), {
    databaseType: "OVNNorthboundDatabase",
    schemaConstant: "ovnNorthboundSchema",
    runtimeModule,
  });

/** Does what OVN would: says that ports are up, and that the chassis have done what was asked for. */
async function northd(remote: string): Promise<AsyncDisposable> {
  const db = (await openDatabase({ remote, database: "OVN_Northbound", timeoutMs: 10_000 })).unwrap();
  const { update } = operations();
  db.events.on("change", ({ after }) => {
    const [global] = after.table("NB_Global");
    if (global === undefined || global["nb_cfg"] === global["hv_cfg"]) return;
    const done = [
      update("NB_Global", [], { hv_cfg: global["nb_cfg"] ?? 0 }),
      update("Logical_Switch_Port", [["name", "==", "blue-web"]], { up: true }),
    ];
    void db.transact(done, { operation: "northd" });
  });
  return db;
}

const ovn = installedSchema("ovn-nb.ovsschema", "ovn-central");
const schemas = [
  ["a schema of a few tables", { json: northbound, note: "" }],
  ["OVN's own schema", ovn],
] as const satisfies readonly (readonly [string, InstalledSchema])[];

describe.each(schemas)("the guide's program, with %s", (_name, { json, note: absent }: InstalledSchema) => {
  const isThere = json !== undefined;

  it.skipIf(!isThere)(`compiles, as strict as this project${absent}`, { timeout: 60_000 }, () => {
    const folder = join(root, "src/ovsdb");
    const modules = new Map([
      [join(folder, "guide-rows.ts"), rowTypes(json, "./index.js")],
      [join(folder, "guide-program.ts"), program("./index.js", "./guide-rows.js")],
    ]);
    expect(diagnosticsOf(modules)).toEqual([]);
  });

  it.skipIf(!isThere || !available)(
    `does on a real server what the guide says, and ends${absent}${note}`,
    { timeout: 60_000 },
    async () => {
      const runtime = pathToFileURL(join(root, "src/ovsdb/index.ts")).href;
      const modules = new Map([
        ["ovn-nb.ts", rowTypes(json, runtime)],
        ["guide.ts", program(runtime, "./ovn-nb.ts")],
      ]);
      await using server = await startOvsdbServer({ schema: Object(json) });
      await using _northd = await northd(server.remote);
      const ran = await runGuide(modules, { OVN_NB_DB: server.remote });
      expect(ran).toEqual({ lines: guide.printed, code: 0 });
    },
  );
});
