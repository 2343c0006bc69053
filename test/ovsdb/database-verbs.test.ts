/** What a database offers on top of its session, together, on a real server. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DatabaseVerbs } from "../../src/ovsdb/database-verbs.js";
import { operations } from "../../src/ovsdb/index.js";
import { ClientPort, type LabRows } from "./client-port.js";
import type { LabDatabase } from "./lab-rows.js";
import { LabServer, options } from "./lab-server.js";

const { insert } = operations<LabDatabase>();

let lab: LabServer;
let port: ClientPort;
let db: DatabaseVerbs<LabDatabase, LabRows>;

beforeAll(async () => {
  lab = await LabServer.start();
  port = await ClientPort.open(lab.server.remote);
  db = new DatabaseVerbs<LabDatabase, LabRows>(port, {});
});
beforeEach(async () => {
  await lab.empty();
  // A stream that begins before the other client's change has been told would begin with that.
  (await db.transact([], options)).unwrap();
});
afterAll(async () => {
  await port.close();
  await lab[Symbol.asyncDispose]();
});

describe("a dry run", () => {
  it("says what would be sent, and does nothing", async () => {
    const run = (await db.dryRun((tx) => tx.insert("Log", { msg: "never" }), options)).unwrap();
    expect(run.operations).toMatchObject([{ op: "insert", table: "Log", uuid: run.value }]);
    expect(port.snapshot().table("Log").has(run.value)).toBe(false);
  });

  it("tells what the server says to an operation, and what cannot be sent", async () => {
    const refused = await db.dryRun((tx) => {
      tx.assertLock("nobody_has_it");
      tx.insert("Log", {});
    }, options);
    expect(refused.unwrapErr()).toMatchObject({ kind: "rejected", reason: "not owner" });
    const invalid = await db.dryRun((tx) => tx.insert("Item", { n: 101 }), options);
    expect(invalid.unwrapErr()).toMatchObject({ kind: "invalid", path: "Item.n" });
  });
});

describe("a database's own transactions", () => {
  it("are told apart in its stream, and are in its queries when they are done", async () => {
    await using stream = db.changes();
    await using query = db.where("Log", [["k", ">", 3]]).watch();
    const done = await db.transaction((tx) => tx.insert("Log", { k: 4 }), options);
    expect(done).toMatchObject({ outcome: "committed" });
    expect(query.rows).toMatchObject([{ k: 4 }]);
    await lab.done(insert("Log", { k: 5 }));
    (await db.waitFor((reader) => reader.table("Log").size === 2, options)).unwrap();
    expect((await stream.next()).value).toMatchObject({ origin: { operation: "test" } });
    expect((await stream.next()).value).toMatchObject({ origin: "remote" });
    expect(db.where("Log", ({ k }) => k === 5).rows).toMatchObject([{ k: 5 }]);
  });

  it("assert a lock that the database holds", async () => {
    await using lock = (await db.lock("mine", options)).unwrap();
    const done = await db.transaction((tx) => {
      tx.assertLock(lock);
      tx.insert("Log", {});
    }, options);
    expect(done.outcome).toBe("committed");
  });
});
