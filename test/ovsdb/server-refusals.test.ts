/** What real ovsdb-server refuses, and that it refuses what this side does not even send. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { JsonRpcConnection } from "../../src/jsonrpc/connection.js";
import { dial } from "../../src/net/dial.js";
import { encodeTransaction } from "../../src/ovsdb/encode-transaction.js";
import { connectOvsdb, newUuid, operations, type Operation } from "../../src/ovsdb/index.js";
import { theRemote } from "../support/scripted-peer.js";
import { addItem, LabServer, options } from "./lab-server.js";
import type { LabDatabase } from "./lab-rows.js";

const { abort, assertLock, comment, commit, deleteRows, insert, mutate, select, update, wait } =
  operations<LabDatabase>();
const untyped = operations();

const aText: unknown = expect.any(String);

let lab: LabServer;

beforeAll(async () => {
  lab = await LabServer.start();
});

beforeEach(() => lab.empty());

afterAll(() => lab[Symbol.asyncDispose]());

const error = (reason: string, at: unknown) => ({ kind: "rejected", operation: "test", reason, at });
const first = (op: string, table?: string) => ({ index: 0, op, table });

const never = (timeoutMs: number): Operation<LabDatabase> =>
  wait("Log", [], ["k"], "==", [{ k: 77 }], timeoutMs);

/* What the builders' types do not let through. */
const selectRaw = (table: string, clause: unknown): Operation => ({
  op: "select",
  table,
  where: [clause],
  columns: [],
});
const mutateRaw = (table: string, clause: unknown): Operation => ({
  op: "mutate",
  table,
  where: [],
  mutations: [clause],
});

const item = (row: object): object => ({ op: "update", table: "Item", where: [], row });
const where = (table: string, clause: unknown): object => ({
  op: "select",
  table,
  where: [clause],
  columns: ["_uuid"],
});
const mutation = (table: string, clause: unknown): object => ({
  op: "mutate",
  table,
  where: [],
  mutations: [clause],
});
const both = (operation: Operation, wire: object): readonly [Operation, object] => [operation, wire];

describe("what the server refuses", () => {
  it("an index that would have a value twice: on commit", async () => {
    await lab.done(...addItem({ name: "twin" }));
    expect(await lab.refusal(...addItem({ name: "twin" }))).toMatchObject(
      error("constraint violation", "commit"),
    );
  });

  it("more rows than a table may have: on commit", async () => {
    const rows = ["1", "2", "3", "4", "5"].map((name) => insert("Root", { name }));
    expect(await lab.refusal(...rows)).toMatchObject(error("constraint violation", "commit"));
  });

  it("a strong reference to no row: on commit", async () => {
    expect(await lab.refusal(update("Root", [], { items: [newUuid()] }))).toMatchObject(
      error("referential integrity violation", "commit"),
    );
  });

  it("the delete of a row that is referred to: on commit", async () => {
    await lab.done(...addItem({ name: "held" }));
    expect(await lab.refusal(deleteRows("Item", []))).toMatchObject(
      error("referential integrity violation", "commit"),
    );
  });

  it("a sum out of the column's range", async () => {
    await lab.done(...addItem({ name: "x", n: 100 }));
    expect(await lab.refusal(mutate("Item", [], [["n", "+=", 1]]))).toMatchObject(
      error("constraint violation", first("mutate", "Item")),
    );
  });

  it("a sum of more than 64 bits", async () => {
    await lab.done(insert("Log", { k: 9_223_372_036_854_775_807n }));
    expect(await lab.refusal(mutate("Log", [], [["k", "+=", 1]]))).toMatchObject(
      error("range error", first("mutate", "Log")),
    );
  });

  it("a set that grows too large", async () => {
    await lab.done(...addItem({ name: "x", tags: [1, 2, 3] }));
    expect(await lab.refusal(mutate("Item", [], [["tags", "insert", [4]]]))).toMatchObject(
      error("constraint violation", first("mutate", "Item")),
    );
  });

  it("a wait that is in vain, at once or after its time; nothing of the transaction is done", async () => {
    expect(await lab.refusal(insert("Log", { k: 1 }), never(0), comment("x"))).toMatchObject(
      error("timed out", { index: 1, op: "wait", table: "Log" }),
    );
    expect(await lab.refusal(insert("Log", { k: 1 }), never(20))).toMatchObject(
      error("timed out", { index: 1, op: "wait", table: "Log" }),
    );
    const [{ rows }] = await lab.done(select("Log", []));
    expect(rows).toEqual([]);
  });

  it("what abort tries out", async () => {
    expect(await lab.refusal(insert("Log", { k: 1 }), abort())).toMatchObject(
      error("aborted", { index: 1, op: "abort", table: undefined }),
    );
  });

  it("the assertion of a lock that is another's", async () => {
    expect(await lab.refusal(assertLock("mylock"))).toMatchObject(error("not owner", first("assert")));
  });

  it("writes to the server's own database", async () => {
    await using own = (await connectOvsdb({ remote: lab.server.remote, database: "_Server" })).unwrap();
    const [{ rows }] = (
      await own.transact([untyped.select("Database", [["name", "==", "Lab"]], ["model"])], options)
    ).unwrap();
    expect(rows).toMatchObject([{ model: "standalone" }]);
    const refused = (await own.transact([untyped.deleteRows("Database", [])], options)).unwrapErr();
    expect(refused).toMatchObject({ kind: "rejected", reason: "not allowed" });
  });

  it("but not a transaction of nothing, or one that only has itself written down", async () => {
    expect(await lab.done()).toEqual([]);
    expect(await lab.done(comment("why"), commit({ durable: true }))).toEqual([{}, {}]);
  });
});

describe("what this side refuses, the server refuses too", () => {
  it.each<readonly [string, readonly [Operation, object]]>([
    ["a value out of range", both(untyped.update("Item", [], { n: 101 }), item({ n: 101 }))],
    ["a value that the enum has not", both(untyped.update("Item", [], { kind: "c" }), item({ kind: "c" }))],
    [
      "a string that is too long",
      both(untyped.update("Item", [], { s: "123456789" }), item({ s: "123456789" })),
    ],
    [
      "too many members",
      both(untyped.update("Item", [], { tags: [1, 2, 3, 4] }), item({ tags: ["set", [1, 2, 3, 4]] })),
    ],
    ["a member twice", both(untyped.update("Item", [], { tags: [1, 1] }), item({ tags: ["set", [1, 1]] }))],
    [
      "a column that only an insert sets",
      both(untyped.update("Item", [], { name: "y" }), item({ name: "y" })),
    ],
    ["a value of another type", both(untyped.update("Item", [], { n: "1" }), item({ n: "1" }))],
    ["no value", both(untyped.update("Item", [], { n: null }), item({ n: ["set", []] }))],
    ["a table that is not there", both(untyped.insert("Nope", {}), { op: "insert", table: "Nope", row: {} })],
    [
      "a column that is not there",
      both(untyped.insert("Log", { nope: 1 }), { op: "insert", table: "Log", row: { nope: 1 } }),
    ],
    [
      "a name that is no <id>",
      both(untyped.insert("Log", {}, { uuidName: "a-b" }), {
        op: "insert",
        table: "Log",
        row: {},
        "uuid-name": "a-b",
      }),
    ],
    ["an order of strings", both(selectRaw("Log", ["msg", "<", "x"]), where("Log", ["msg", "<", "x"]))],
    ["an order of sets", both(selectRaw("Item", ["tags", "<", 1]), where("Item", ["tags", "<", 1]))],
    [
      "an order with nothing",
      both(selectRaw("Item", ["s", "<", null]), where("Item", ["s", "<", ["set", []]])),
    ],
    [
      "too many members to include",
      both(
        selectRaw("Item", ["tags", "includes", [1, 2, 3, 4]]),
        where("Item", ["tags", "includes", ["set", [1, 2, 3, 4]]]),
      ),
    ],
    ["a condition out of range", both(selectRaw("Item", ["n", "==", 101]), where("Item", ["n", "==", 101]))],
    ["a sum of strings", both(mutateRaw("Log", ["msg", "+=", "x"]), mutation("Log", ["msg", "+=", "x"]))],
    ["the rest of a real", both(mutateRaw("Item", ["r", "%=", 1]), mutation("Item", ["r", "%=", 1]))],
    ["a division by zero", both(mutateRaw("Item", ["n", "/=", 0]), mutation("Item", ["n", "/=", 0]))],
    [
      "a member of a scalar",
      both(mutateRaw("Log", ["k", "insert", [1]]), mutation("Log", ["k", "insert", ["set", [1]]])),
    ],
    [
      "too many members to insert",
      both(
        mutateRaw("Item", ["tags", "insert", [1, 2, 3, 4]]),
        mutation("Item", ["tags", "insert", ["set", [1, 2, 3, 4]]]),
      ),
    ],
    ["a lock that is no <id>", both(untyped.assertLock("a-b"), { op: "assert", lock: "a-b" })],
  ])("%s", async (_what, [operation, wire]) => {
    await lab.done(...addItem({ name: "x", n: 1, r: 1 }), insert("Log", {}));
    const encoded = encodeTransaction(
      { server: lab.client.schema, expected: undefined },
      [operation],
      "test",
    );
    expect(["invalid", "incompatible"]).toContain(encoded.unwrapErr().kind);
    const signal = AbortSignal.timeout(10_000);
    const stream = (await dial(theRemote(lab.server.remote), { operation: "test", signal })).unwrap();
    using connection = new JsonRpcConnection(stream);
    const result = (await connection.call("transact", ["Lab", wire], options)).unwrap();
    expect(result).toEqual([expect.objectContaining({ error: aText })]);
  });
});
