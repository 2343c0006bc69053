/** Rows and changes, where other clients read too soon, lost events, or stumbled over what a server may send. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openDatabase, operations, type RowsByTable } from "../../src/ovsdb/index.js";
import { PendingChanges } from "../../src/ovsdb/changes/pending-changes.js";
import { ScriptedPeer } from "../support/scripted-peer.js";
import { snapshotOf } from "./client-port.js";
import { log, openLab, serveLab, upToTheRows } from "./lab-database.js";
import type { LabDatabase } from "./lab-rows.js";
import { uuidOf } from "./lab.js";

const { insert, mutate, update } = operations<LabDatabase>();
const options = { operation: "test", timeoutMs: 10_000 };
const slow = { timeout: 30_000 };
const numbered = (k: number) => uuidOf(`${String(k).padStart(8, "0")}-0000-4000-8000-000000000000`);

describe("rows of an open database", () => {
  it("are all there from the first moment, by every way to read them", async () => {
    await using server = await serveLab();
    log(server, 1, 2, 3);
    server.fail("monitor_cond_since", { kind: "late", ms: 100 });
    const opening = openLab(server.remote, { indexes: { Log: { k: ["k"] } } });
    expect(await Promise.race([opening, delay(50, "not yet")])).toBe("not yet");
    await using db = (await opening).unwrap();
    expect(db.table("Log").size).toBe(3);
    expect(db.table("Log").one("k", 2)).toMatchObject({ msg: "m2" });
    expect(db.where("Log", [["k", ">", 1]]).rows).toHaveLength(2);
    expect(db.where("Log", []).watch().rows).toHaveLength(3);
    const seen = db.transaction((tx) => tx.table("Log").by("k", 3).length, options);
    expect(await seen).toMatchObject({ outcome: "committed", value: 1 });
  });

  it(
    "have what this side wrote when the answer is there, with many transactions on their way",
    slow,
    async () => {
      await using server = await serveLab();
      await using db = (await openLab(server.remote, { indexes: { Log: { k: ["k"] } } })).unwrap();
      const write = async (k: number): Promise<boolean> => {
        const uuid = numbered(k);
        const here = [["_uuid", "==", uuid]] as const;
        (await db.transact([insert("Log", { k }, { uuid })], options)).unwrap();
        const isIn = db.table("Log").get(uuid)?.k === k && db.table("Log").one("k", k)?._uuid === uuid;
        (await db.transact([mutate("Log", here, [["k", "+=", 1000]])], options)).unwrap();
        return isIn && db.table("Log").get(uuid)?.k === k + 1000;
      };
      const all = Array.from({ length: 200 }, (_, k) => write(k));
      expect((await Promise.all(all)).filter((isIn) => !isIn)).toEqual([]);
    },
  );

  it("take no harm from a table that is not there: it is refused, and the next request is served", async () => {
    await using server = await serveLab();
    const bad = await openLab(server.remote, { indexes: { Nope: { k: ["k"] } } });
    expect(bad).toMatchObject({ error: { kind: "invalid", path: "indexes.Nope" } });
    await expect.poll(() => server.clients).toBe(0);
    const opened = await openDatabase({ remote: server.remote, database: "Lab", timeoutMs: 5000 });
    await using db = opened.unwrap();
    expect(await db.setConditions("Nope", "all", options)).toMatchObject({ error: { kind: "invalid" } });
    (await db.setConditions("Log", [["k", ">", 1]], options)).unwrap();
    log(server, 1, 2);
    await expect.poll(() => Array.from(db.table("Log"), ({ k }) => k)).toEqual([2]);
  });

  it("pass over columns and tables in an update that nobody asked for, and keep the rest of it", async () => {
    await using peer = await ScriptedPeer.listen("unix");
    const opening = openLab(peer.remote.text);
    const connection = await peer.connection();
    const { id: asked, params } = await upToTheRows(connection);
    const uuid = numbered(1);
    const rows = {
      Log: { [uuid]: { initial: { k: 1, later: ["set", []] } } },
      Later: { [uuid]: { initial: {} } },
    };
    connection.send(JSON.stringify({ id: asked, error: null, result: [false, numbered(0), rows] }));
    await using db = (await opening).unwrap();
    const [, id] = Array.isArray(params) ? params : [];
    const modify = { Later: { [uuid]: { delete: null } }, Log: { [uuid]: { modify: { later: 7, k: 2 } } } };
    connection.send(JSON.stringify({ id: null, method: "update3", params: [id, numbered(0), modify] }));
    await expect.poll(() => [...db.table("Log")]).toEqual([{ _uuid: uuid, k: 2, msg: "" }]);
    expect(db.health.generation).toBe(1);
  });

  it(
    "take no update that comes before them: those that are there are of an earlier connection",
    slow,
    async () => {
      await using peer = await ScriptedPeer.listen("unix");
      const opening = openLab(peer.remote.text);
      const rows = { Log: { [numbered(1)]: { initial: { k: 1 } } } };
      const first = await peer.connection();
      const asked = await upToTheRows(first);
      first.send(JSON.stringify({ id: asked["id"], error: null, result: [false, numbered(0), rows] }));
      await using db = (await opening).unwrap();
      const told: unknown[] = [];
      db.events.on("change", (change) => told.push(change));
      first.end();
      const second = await peer.connection();
      const { id, params } = await upToTheRows(second);
      const [, monitor] = Array.isArray(params) ? params : [];
      const early = { Log: { [numbered(2)]: { insert: { k: 2 } } } };
      second.send(JSON.stringify({ id: null, method: "update3", params: [monitor, numbered(0), early] }));
      second.send(JSON.stringify({ id, error: null, result: [false, numbered(0), rows] }));
      await second.ended;
      expect(db.health.reason).toContain("expected the answer to the monitor request first");
      expect([told, Array.from(db.table("Log"), ({ k }) => k)]).toEqual([[], [1]]);
    },
  );

  it("bring what a callback throws to light, wherever it is called", async () => {
    await using server = await serveLab();
    log(server, 1);
    await using db = (await openLab(server.remote)).unwrap();
    const broken = (): never => {
      throw new RangeError("mine");
    };
    expect(() => db.where("Log", broken).rows).toThrow("mine");
    expect(() => db.where("Log", broken).watch()).toThrow("mine");
    await expect(db.waitFor(broken, options)).rejects.toThrow("mine");
    await expect(db.transaction(broken, options)).rejects.toThrow("mine");
    await expect(db.dryRun(broken, options)).rejects.toThrow("mine");
  });
});

describe("changes for who begins to read them while one is told", () => {
  it("are those after it, which is in the rows that are there already", async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    type Stream = ReturnType<typeof db.changes>;
    const begun = new Promise<Stream>((resolve) => {
      db.events.once("change", () => resolve(db.changes()));
    });
    log(server, 1);
    await using stream = await begun;
    expect(stream.start.table("Log").size).toBe(1);
    log(server, 2);
    const first = (await stream.next()).value;
    expect(first?.before).toBe(stream.start);
    expect(first?.rows).toMatchObject([{ old: undefined, new: { k: 2 } }]);
  });
});

describe("changes for a slow reader", () => {
  it("are all told, a million of them, in no more room than the rows that differ", slow, () => {
    const pending = new PendingChanges<RowsByTable>(10);
    const snapshot = snapshotOf(0, new Map());
    const uuids = Array.from({ length: 100 }, (_, each) => numbered(each));
    const rows = uuids.map((_uuid) => ({ _uuid, n: 0 }));
    for (let n = 1; n <= 1_000_000; n += 1) {
      const at = n % 100;
      const [uuid, old] = [uuids[at], rows[at]];
      if (uuid === undefined || old === undefined) throw new Error("no such row");
      const after = { _uuid: uuid, n };
      rows[at] = after;
      const change = { kind: "update", before: snapshot, after: snapshot } as const;
      pending.add({ ...change, rows: [{ table: "T", uuid, old, new: after }] }, "remote");
    }
    const last = new Map<string, unknown>();
    let told = 0;
    for (let change = pending.take(); change !== undefined; change = pending.take()) {
      told += change.count;
      for (const row of change.rows) last.set(row.uuid, row.new);
    }
    expect(told).toBe(1_000_000);
    expect(rows.map(({ _uuid }) => last.get(_uuid))).toEqual(rows);
  });

  it("of a real session are all told, from the first state to the last", slow, async () => {
    await using server = await serveLab();
    await using db = (await openLab(server.remote)).unwrap();
    await using stream = db.changes();
    const uuid = numbered(1);
    (await db.transact([insert("Log", { k: 0 }, { uuid })], options)).unwrap();
    for (let k = 1; k <= 2000; k += 1) {
      server.transact("Lab", {
        op: "update",
        table: "Log",
        where: [["_uuid", "==", ["uuid", uuid]]],
        row: { k },
      });
    }
    (await db.transact([update("Log", [["_uuid", "==", uuid]], { msg: "end" })], options)).unwrap();
    let [last, gaps]: [unknown, number] = [undefined, 0];
    for await (const change of stream) {
      for (const row of change.rows) {
        if (row.table !== "Log") continue;
        if (last !== undefined && row.old?.k !== last) gaps += 1;
        last = row.new?.k;
        if (row.new?.msg !== "end") continue;
        expect([last, gaps]).toEqual([2000, 0]);
        return;
      }
    }
  });
});
