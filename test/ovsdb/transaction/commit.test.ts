/** Transactions against a real server, whatever gets in their way. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { newUuid, operations, type Operation, type OvsdbClient } from "../../../src/ovsdb/index.js";
import { commit, type TransactionCallback } from "../../../src/ovsdb/transaction/commit.js";
import { MarkKeys } from "../../../src/ovsdb/transaction/marker.js";
import type { Commit } from "../../../src/ovsdb/transaction/outcome.js";
import { ClientPort, snapshotOf, type LabRows } from "../client-port.js";
import type { LabDatabase } from "../lab-rows.js";
import { LabServer, options } from "../lab-server.js";
import { uuidOf } from "../lab.js";

const { deleteRows, insert, select, update, wait } = operations<LabDatabase>();

const marks = new MarkKeys();
let lab: LabServer;
let other: OvsdbClient<LabDatabase>;
let port: ClientPort;

beforeAll(async () => {
  lab = await LabServer.start();
  other = await lab.another();
});
beforeEach(async () => {
  await lab.empty();
  port = await ClientPort.open(lab.server.remote);
});
afterEach(() => port.close());
afterAll(async () => {
  await other.close();
  await lab[Symbol.asyncDispose]();
});

const transaction = <T>(
  callback: TransactionCallback<LabDatabase, LabRows, T>,
  more: object = {},
): Promise<Commit<T>> => commit(port, { indexes: {}, marks }, callback, { ...options, ...more });

const onlyRoot = (from: {
  snapshot(): { table(name: "Root"): Iterable<LabRows["Root"]> };
}): LabRows["Root"] => {
  const [root] = from.snapshot().table("Root");
  if (root === undefined) throw new Error("no row in Root");
  return root;
};

/** Adds an Item, and in the row of Root what keeps it. */
const addItem =
  (name: string): TransactionCallback<LabDatabase, LabRows, void> =>
  (tx) => {
    const item = tx.insert("Item", { name, n: 1 });
    tx.mutate("Root", onlyRoot(port)._uuid, [["items", "insert", [item]]]);
  };

const namesOfItems = async (): Promise<readonly string[]> => {
  const [{ rows }] = await lab.done(select("Item", [], ["name"]));
  return rows.map(({ name }) => name).toSorted();
};

/** Lets another client do something just before each of the next transactions is sent. */
function interfere(times: number, ...given: readonly Operation<LabDatabase>[]): void {
  let left = times;
  port.beforeSending = async () => {
    left -= 1;
    if (left >= 0) (await other.transact(given, options)).unwrap();
  };
}

describe("a transaction that nobody disturbs", () => {
  it("is committed, with what it wrote in the replica", async () => {
    const done = await transaction((tx) => {
      const [root] = tx.table("Root");
      const item = tx.insert("Item", { name: "i1", n: 7 });
      tx.mutate("Root", root?._uuid ?? item, [["items", "insert", [item]]]);
      tx.comment("test: add i1");
      return item;
    });
    expect(done).toMatchObject({ outcome: "committed", attempts: 1 });
    if (done.outcome !== "committed") return;
    expect(port.snapshot().table("Item").get(done.value)).toMatchObject({ name: "i1", n: 7 });
    expect(done.inserted).toEqual([done.value]);
    expect(done.results?.at(-1)).toEqual({});
  });

  it("changes parts of sets and maps, and adds to numbers", async () => {
    const made = await transaction((tx) => {
      const item = tx.insert("Item", {
        opts: new Map([
          ["a", "1"],
          ["b", "2"],
        ]),
        tags: [1],
      });
      tx.mutate("Root", onlyRoot(port)._uuid, [["items", "insert", [item]]]);
      return item;
    });
    if (made.outcome !== "committed") throw new Error(made.outcome);
    await transaction((tx) => {
      tx.mutate("Item", made.value, [
        ["opts", "delete", ["a"]],
        ["opts", "insert", new Map([["c", "3"]])],
        ["tags", "insert", [2]],
      ]);
      tx.increment("Item", made.value, "n", 5);
    });
    expect(port.snapshot().table("Item").get(made.value)).toMatchObject({
      opts: new Map([
        ["b", "2"],
        ["c", "3"],
      ]),
      tags: [1, 2],
      n: 5,
    });
  });

  it("sends nothing where it writes nothing", async () => {
    expect(await transaction((tx) => tx.table("Root").size)).toEqual({
      outcome: "committed",
      value: 1,
      results: [],
      inserted: [],
      attempts: 1,
    });
    expect(port.sent).toEqual([]);
  });
});

describe("a transaction whose reads have changed by the time it is sent", () => {
  it("is made again from the new state", async () => {
    interfere(1, update("Root", [], { name: "renamed" }));
    const done = await transaction((tx) => {
      const [root] = tx.table("Root");
      tx.insert("Log", { msg: `saw ${root?.name}` });
      return root?.name;
    });
    expect(done).toMatchObject({ outcome: "committed", value: "renamed", attempts: 2 });
    const [{ rows }] = await lab.done(select("Log", []));
    expect(rows).toMatchObject([{ msg: "saw renamed" }]);
  });

  it("is made again where another row meets its conditions", async () => {
    interfere(1, insert("Log", { k: 5 }));
    const done = await transaction((tx) => {
      const count = tx.table("Log").where([["k", ">=", 5]]).length;
      tx.insert("Log", { k: 1, msg: `${count}` });
      return count;
    });
    expect(done).toMatchObject({ outcome: "committed", value: 1, attempts: 2 });
  });

  it("is not made again for what it did not read", async () => {
    interfere(1, update("Root", [], { name: "renamed" }), insert("Log", { k: 5 }));
    const done = await transaction((tx) => {
      const root = tx.table("Root").get(onlyRoot(port)._uuid);
      tx.insert("Log", { msg: `${root?.items.length}` });
    });
    expect(done).toMatchObject({ outcome: "committed", attempts: 1 });
  });

  it("reads, adds and writes back without losing an addition, from many sides", async () => {
    const [{ uuid }] = await lab.done(insert("Log", { msg: "counter", k: 0 }));
    const ports = await Promise.all([1, 2, 3].map(() => ClientPort.open(lab.server.remote)));
    const add = async (side: ClientPort): Promise<void> => {
      for (let i = 0; i < 8; i += 1) {
        const done = await commit<LabDatabase, LabRows, void>(
          side,
          { indexes: {}, marks },
          (tx) => tx.set("Log", uuid, { k: Number(tx.table("Log").get(uuid)?.k) + 1 }),
          options,
        );
        expect(done.outcome).toBe("committed");
      }
    };
    await Promise.all(ports.map(add));
    const [{ rows }] = await lab.done(select("Log", [["_uuid", "==", uuid]], ["k"]));
    expect(rows).toMatchObject([{ k: 24 }]);
    await Promise.all(ports.map((each) => each.close()));
  });

  it("is a conflict after so many attempts, with nothing done", async () => {
    interfere(99, insert("Log", { msg: "noise" }));
    const done = await transaction(
      (tx) => {
        tx.insert("Log", { msg: `mine ${tx.table("Log").size}` });
      },
      { attempts: 3 },
    );
    const message =
      "test: what the transaction read of rows of Log is no longer so: it has changed in each of 3 attempts. Nothing was done";
    expect(done).toMatchObject({ outcome: "rejected", attempts: 3, error: { kind: "conflict", message } });
  });

  it("is a conflict in the end where the server knows better and the replica is never told", async () => {
    const stale = snapshotOf(
      0,
      new Map([["Root", new Map([[onlyRoot(port)._uuid, { ...onlyRoot(port), name: "old" }]])]]),
    );
    vi.spyOn(port, "snapshot").mockReturnValue(stale);
    const done = await transaction(
      (tx) => {
        for (const { name } of tx.table("Root")) tx.insert("Log", { msg: name });
      },
      { timeoutMs: 300 },
    );
    const words: unknown = expect.stringMatching(/rows of Root \(name\) .* left out of what is monitored\?/u);
    expect(done).toMatchObject({
      outcome: "rejected",
      attempts: 1,
      error: { kind: "conflict", message: words },
    });
  });

  it("is not tried again for a wait of the caller's own, which is no read", async () => {
    const done = await transaction((tx) => {
      tx.add(wait("Root", [], ["name"], "==", [], 0));
      tx.insert("Log", {});
    });
    expect(done).toMatchObject({ outcome: "rejected", attempts: 1, error: { reason: "timed out" } });
  });
});

describe("a transaction on a row that is not there", () => {
  it("is refused as a whole, and says which row", async () => {
    const gone = uuidOf("12345678-0000-4000-8000-000000000000");
    const done = await transaction((tx) => {
      tx.insert("Log", { msg: "half" });
      tx.set("Root", gone, { name: "x" });
    });
    expect(done).toMatchObject({
      outcome: "rejected",
      error: {
        kind: "not-found",
        object: `row ${gone} of Root`,
        message: expect.stringContaining("nothing was done"),
      },
    });
    expect(port.snapshot().table("Log").size).toBe(0);
  });

  it("sees the deletion of a row it read, and may do something else", async () => {
    const uuid = newUuid();
    await transaction((tx) => tx.add(insert("Log", { msg: "victim" }, { uuid })));
    interfere(1, deleteRows("Log", [["_uuid", "==", uuid]]));
    const done = await transaction((tx) => {
      if (tx.table("Log").has(uuid)) tx.set("Log", uuid, { k: 1 });
      else tx.insert("Log", { msg: "instead" });
    });
    expect(done).toMatchObject({ outcome: "committed", attempts: 2 });
  });
});

describe("a transaction that cannot be right", () => {
  it.each<[string, TransactionCallback<LabDatabase, LabRows, unknown>, string]>([
    ["a value out of range", (tx) => tx.insert("Item", { n: 101 }), "Item.n"],
    [
      "a column that only an insert writes",
      (tx) => tx.set("Item", onlyRoot(port)._uuid, { name: "x" }),
      "Item.name",
    ],
    [
      "a row that nothing refers to",
      (tx) => tx.insert("Item", { name: "orphan" }),
      "the row inserted into Item",
    ],
    [
      "an addition that is no number",
      (tx) => tx.increment("Log", onlyRoot(port)._uuid, "k", Number.NaN),
      "Log.k",
    ],
  ])("is refused before it is sent: %s", async (_what, callback, where) => {
    const done = await transaction(callback);
    const message: unknown = expect.stringContaining(where);
    expect(done).toMatchObject({ outcome: "rejected", error: { kind: "invalid", message } });
  });

  it("is refused by the server, with its reason", async () => {
    await transaction(addItem("same"));
    expect(await transaction(addItem("same"))).toMatchObject({
      outcome: "rejected",
      error: { kind: "rejected", reason: "constraint violation", at: "commit" },
    });
  });

  it("without the lock that it asserts is refused", async () => {
    const done = await transaction((tx) => {
      tx.assertLock("mine");
      tx.insert("Log", {});
    });
    expect(done).toMatchObject({ outcome: "rejected", error: { reason: "not owner" } });
  });

  it("throws on what its callback throws, and sends nothing", async () => {
    await expect(
      transaction((tx) => {
        tx.insert("Log", {});
        throw new RangeError("mine");
      }),
    ).rejects.toThrow("mine");
    await expect(transaction((tx) => Promise.resolve(tx.insert("Log", {})))).rejects.toThrow(
      "it has to be synchronous",
    );
    expect(port.sent).toEqual([]);
  });

  it("takes nothing more after its callback has returned", async () => {
    let late: () => void = () => undefined;
    await transaction((tx) => {
      late = () => tx.insert("Log", {});
    });
    expect(late).toThrow("the transaction is over");
  });
});

describe("a transaction whose answer is lost with the connection", () => {
  it("is found to be committed, and is not done twice", async () => {
    port.mishaps.push("answer lost");
    expect(await transaction(addItem("once"))).toMatchObject({ outcome: "committed", results: undefined });
    expect(await namesOfItems()).toEqual(["once"]);
  });

  it("is found though the connection breaks again while it is looked for, and its callback would do nothing by now", async () => {
    port.mishaps.push("answer lost", "request lost");
    const done = await transaction((tx) => {
      const [there] = tx.table("Log").where([["msg", "==", "once"]]);
      return there?._uuid ?? tx.insert("Log", { msg: "once" });
    });
    expect(done).toMatchObject({ outcome: "committed", results: undefined, attempts: 1 });
    expect(port.snapshot().table("Log").size).toBe(1);
  });

  it("is looked for after the last attempt too", async () => {
    port.mishaps.push("answer lost");
    const done = await transaction(addItem("once"), { attempts: 1 });
    expect(done).toMatchObject({ outcome: "committed", results: undefined, attempts: 1 });
    port.mishaps.push("request lost");
    const never = await transaction(addItem("never"), { attempts: 1 });
    expect(never).toMatchObject({ outcome: "unknown", attempts: 1 });
    expect(await namesOfItems()).toEqual(["once"]);
  });

  it("is done after all where the server never saw it", async () => {
    port.mishaps.push("request lost");
    expect(await transaction(addItem("once"))).toMatchObject({ outcome: "committed", attempts: 2 });
    expect(await namesOfItems()).toEqual(["once"]);
  });

  it("keeps its rows' ids, so that the server takes only one of two tries", async () => {
    port.mishaps.push("request lost", "request lost", "answer lost");
    const done = await transaction(addItem("once"));
    expect(done).toMatchObject({ outcome: "committed" });
    const ids = new Set(port.sent.flat().flatMap((each) => (each.op === "insert" ? [each.uuid] : [])));
    expect(ids.size).toBe(1);
    expect(await namesOfItems()).toEqual(["once"]);
  });

  it("is committed where the first try comes through after the second was sent", async () => {
    port.mishaps.push("request lost");
    let late = false;
    port.beforeSending = async () => {
      const [first] = port.sent;
      // Not at once, and not before it was looked for: just before the second try.
      if (first === undefined || port.sent.length < 2 || late) return;
      late = true;
      (await port.sendBeside(first.filter(({ op }) => op !== "wait"))).unwrap();
    };
    expect(await transaction(addItem("once"))).toMatchObject({ outcome: "committed", results: undefined });
    expect(late).toBe(true);
    expect(await namesOfItems()).toEqual(["once"]);
  });

  it.each(["answer lost", "request lost"] as const)(
    "is unknown where it inserts nothing to know it by: %s",
    async (mishap) => {
      port.mishaps.push(mishap);
      const root = onlyRoot(port)._uuid;
      expect(await transaction((tx) => tx.set("Root", root, { name: "x" }))).toMatchObject({
        outcome: "unknown",
        attempts: 1,
        error: { kind: "disconnected", outcome: "unknown" },
      });
      expect(port.sent).toHaveLength(1);
    },
  );

  it("is unknown, with the ids to look for, where the session ends before it can be looked for", async () => {
    port.mishaps.push("answer lost");
    port.reconnects = false;
    const done = transaction(addItem("once"));
    await expect.poll(() => port.isReady).toBe(false);
    await port.close();
    expect(await done).toMatchObject({ outcome: "unknown", inserted: [expect.any(String)] });
  });

  it("is unknown where its callback throws the second time", async () => {
    port.mishaps.push("request lost");
    const done = await transaction((tx) => {
      if (tx.attempt > 1) throw new RangeError("mine");
      tx.insert("Log", {});
    });
    expect(done).toMatchObject({ outcome: "unknown", error: { kind: "disconnected" } });
  });
});

describe("a transaction that is given up", () => {
  it("before it began is not sent", async () => {
    expect(await transaction(addItem("x"), { signal: AbortSignal.abort() })).toMatchObject({
      outcome: "rejected",
      error: { kind: "aborted", outcome: "not-sent" },
      attempts: 0,
    });
    expect(await transaction(addItem("x"), { attempts: 0 })).toMatchObject({
      outcome: "rejected",
      error: { kind: "invalid", path: "attempts" },
    });
    expect(port.sent).toEqual([]);
  });
});
