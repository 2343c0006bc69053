/** Transactions that insert nothing, and whose answer is lost: done once, and known to be. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDatabase, type Database, type Uuid } from "../../../src/ovsdb/index.js";
import { OvsdbServer, type OvsdbFault } from "../../../src/testing/index.js";
import type { LabRows } from "../client-port.js";
import { labSchema, type LabDatabase } from "../lab-rows.js";
import { labJson } from "../lab.js";

const options = { operation: "test", timeoutMs: 10_000 };

let server: OvsdbServer;
let db: Database<LabDatabase, LabRows>;
let item: Uuid;

beforeEach(async () => {
  server = await OvsdbServer.start({ schemas: [labJson] });
  const opened = await openDatabase({
    remote: server.remote,
    database: "Lab",
    schema: labSchema,
    timeoutMs: 5000,
  });
  db = opened.unwrap();
  const done = await db.transaction((tx) => {
    const made = tx.insert("Item", { name: "i" });
    tx.insert("Root", { name: "root", items: [made] });
    return made;
  }, options);
  if (done.outcome !== "committed") throw done.error;
  item = done.value;
});

afterEach(async () => {
  await db.close();
  await server[Symbol.asyncDispose]();
});

const marker = (key = "lab-controller") => ({ table: "Item", uuid: item, column: "opts", key });
const count = (more: object = {}) =>
  db.transaction((tx) => tx.increment("Item", item, "n"), { ...options, marker: marker(), ...more });
const n = () => server.dump("Lab")["Item"]?.[0]?.["n"];

describe("a transaction with a marker", () => {
  it("leaves it, and the next one writes over it", async () => {
    expect(await count()).toMatchObject({ outcome: "committed", attempts: 1 });
    const first = db.table("Item").get(item)?.opts.get("lab-controller");
    expect(await count()).toMatchObject({ outcome: "committed", attempts: 1 });
    const { opts } = db.table("Item").get(item) ?? {};
    expect([...(opts ?? [])]).toEqual([["lab-controller", expect.not.stringMatching(first ?? "none")]]);
    expect(n()).toBe(2);
  });

  it(
    "whose answer is lost is found to be committed, and is not done twice",
    { timeout: 15_000 },
    async () => {
      server.fail("transact", { kind: "cut", afterBytes: 3 });
      expect(await count()).toMatchObject({ outcome: "committed", results: undefined, attempts: 1 });
      expect(n()).toBe(1);
    },
  );

  it("whose request is lost is done after all", { timeout: 15_000 }, async () => {
    server.fail("transact", { kind: "lost" });
    expect(await count()).toMatchObject({ outcome: "committed", attempts: 2 });
    expect(n()).toBe(1);
  });

  it("whose first try comes through behind the second is not done twice", { timeout: 15_000 }, async () => {
    server.fail("transact", { kind: "lost" });
    expect(await count()).toMatchObject({ outcome: "committed" });
    const first = server.requests.of("transact")[1]?.params.slice(1) ?? [];
    const results = server.transact("Lab", ...first);
    expect(results.at(-2)).toMatchObject({ error: "timed out" });
    expect(n()).toBe(1);
  });

  it("of which two tries were lost has the value of the one that was done", { timeout: 15_000 }, async () => {
    const attempt = (...lost: readonly OvsdbFault[]) => {
      for (const fault of lost) {
        server.fail("transact", fault);
        // What looks for it afterwards goes through.
        server.fail("transact", { kind: "late", ms: 0 });
      }
      return db.transaction(
        (tx) => {
          tx.increment("Item", item, "n");
          return tx.attempt;
        },
        { ...options, marker: marker() },
      );
    };
    const cut: OvsdbFault = { kind: "cut", afterBytes: 0 };
    expect(await attempt(cut)).toMatchObject({ outcome: "committed", value: 1, results: undefined });
    expect(n()).toBe(1);
    expect(await attempt({ kind: "lost" }, cut)).toMatchObject({ value: 2, results: undefined, attempts: 2 });
    expect(n()).toBe(2);
  });

  it(
    "whose first try comes through while the second is lost has the value of the first",
    { timeout: 15_000 },
    async () => {
      const seen = server.requests.of("transact").length;
      server.fail("transact", { kind: "lost" });
      server.fail("transact", { kind: "late", ms: 0 });
      server.fail("transact", { kind: "lost" });
      const done = db.transaction(
        (tx) => {
          tx.increment("Item", item, "n");
          return tx.attempt;
        },
        { ...options, marker: marker() },
      );
      // The first try, what looked for it, and the second try.
      await expect.poll(() => server.requests.of("transact").length, { timeout: 5000 }).toBe(seen + 3);
      server.transact("Lab", ...(server.requests.of("transact")[seen]?.params.slice(1) ?? []));
      expect(await done).toMatchObject({ outcome: "committed", value: 1, results: undefined, attempts: 2 });
      expect(n()).toBe(1);
    },
  );

  it("has a key of its own beside others that are on their way", async () => {
    const both = await Promise.all([count(), count(), count()]);
    expect(both.map(({ outcome }) => outcome)).toEqual(["committed", "committed", "committed"]);
    const keys = [...(db.table("Item").get(item)?.opts.keys() ?? [])];
    expect(keys.toSorted()).toEqual(["lab-controller", "lab-controller.2", "lab-controller.3"]);
    expect(n()).toBe(3);
  });

  it("tells, where it stays unknown, what to look for, and keeps that", { timeout: 15_000 }, async () => {
    server.fail("transact", { kind: "missing" });
    const lost = await count({ timeoutMs: 200 });
    expect(lost).toMatchObject({ outcome: "unknown", mark: { ...marker(), value: expect.any(String) } });
    if (lost.outcome !== "unknown") return;
    expect(await count()).toMatchObject({ outcome: "committed" });
    expect(db.table("Item").get(item)?.opts.get("lab-controller")).toBe(lost.mark?.value);
  });

  it("is refused where the marker's row is not there, or its column is no such map", async () => {
    server.transact("Lab", { op: "delete", table: "Root", where: [] });
    await expect.poll(() => db.table("Item").size).toBe(0);
    const gone = await db.transaction((tx) => tx.insert("Log", { k: 1 }), { ...options, marker: marker() });
    expect(gone).toMatchObject({
      outcome: "rejected",
      error: { kind: "not-found", object: `row ${item} of Item` },
    });
    expect(server.dump("Lab")["Log"]).toEqual([]);
    const bad = await db.transaction((tx) => tx.insert("Log", { k: 1 }), {
      ...options,
      marker: { ...marker(), column: "n" },
    });
    expect(bad).toMatchObject({ outcome: "rejected", error: { kind: "invalid" } });
  });
});
