/** What a real server refuses for the remote's sake: one that only reads, and one for a role that may nothing. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { connectOvsdb, named, operations } from "../../src/ovsdb/index.js";
import { availableFlavours, startOvsdbServer } from "../support/openvswitch.js";
import { openLab } from "./lab-database.js";
import { labJson } from "./lab.js";

const { available, note } = availableFlavours().dummy;
const options = { operation: "test", timeoutMs: 10_000 };
const { insert, select } = operations();

/** The Lab database with the remotes of its server in it, as the databases of OVN. */
const schema = {
  ...labJson,
  tables: {
    ...labJson.tables,
    Global: {
      isRoot: true,
      columns: { connections: { type: { key: { type: "uuid", refTable: "Connection" }, max: 9 } } },
    },
    RBAC_Role: {
      isRoot: true,
      columns: {
        name: { type: "string" },
        permissions: {
          type: {
            key: "string",
            value: { type: "uuid", refTable: "RBAC_Permission", refType: "weak" },
            min: 0,
            max: "unlimited",
          },
        },
      },
    },
    RBAC_Permission: {
      isRoot: true,
      columns: {
        table: { type: "string" },
        authorization: { type: { key: "string", min: 0, max: "unlimited" } },
        insert_delete: { type: "boolean" },
        update: { type: { key: "string", min: 0, max: "unlimited" } },
      },
    },
    Connection: {
      columns: {
        target: { type: "string" },
        read_only: { type: { key: "boolean", min: 0 } },
        role: { type: "string" },
      },
    },
  },
};

it.skipIf(!available).each([
  ["reads only", { read_only: true }, "not allowed", "use another remote"],
  [
    "has a role that may not write",
    { role: "reader" },
    "permission error",
    "the role of this client forbids it",
  ],
])(
  `a remote that %s refuses a write in words that say so, and serves the rows${note}`,
  async (_what, row, reason, words) => {
    await using server = await startOvsdbServer({ schema });
    const path = join(server.dir, "other.sock");
    const connected = await connectOvsdb({ remote: server.remote, database: "Lab" });
    await using admin = connected.unwrap();
    const remote = insert("Connection", { target: `punix:${path}`, ...row }, { uuidName: "c" });
    const global = insert("Global", { connections: [named("c")] });
    (await admin.transact([remote, global, insert("Log", { k: 1 })], options)).unwrap();
    await server.appctl("ovsdb-server/add-remote", "db:Lab,Global,connections");
    await using db = (await openLab(`unix:${path}`)).unwrap();
    expect([...db.table("Log")]).toMatchObject([{ k: 1 }]);
    const message: unknown = expect.stringContaining(words);
    const refused = { error: { kind: "rejected", reason, message } };
    expect(await db.transact([insert("Log", { k: 2 })], options)).toMatchObject(refused);
    expect(await db.transaction((tx) => tx.insert("Log", { k: 2 }), options)).toMatchObject({
      outcome: "rejected",
      attempts: 1,
      ...refused,
    });
    expect((await db.transact([select("Log", [], ["k"])], options)).isOk()).toBe(true);
  },
);
