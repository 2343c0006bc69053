import type { Message } from "./raw-client.js";

/** What one client sends, and up to which answer the others then listen. */
export interface Step {
  readonly by: string;
  readonly send: Message | string;
  /** The id of the answer; `nothing`: there is none. */
  readonly to: unknown;
}

const ask = (method: string, ...params: readonly unknown[]): Step => ({
  by: "A",
  send: { method, params, id: 1 },
  to: 1,
});
const tell = (method: string, ...params: readonly unknown[]): Step => ({
  by: "A",
  send: { method, params, id: null },
  to: "nothing",
});
const raw = (send: string, to: unknown = "nothing"): Step => ({ by: "A", send, to });
const by = (name: string, step: Step): Step => ({ ...step, by: name });
const transact = (...operations: readonly unknown[]): Step => ask("transact", "Lab", ...operations);
const insert = (table: string, row: object, more: object = {}) => ({ op: "insert", table, row, ...more });
const select = (table: string, where: readonly unknown[] = [], more: object = {}) => ({
  op: "select",
  table,
  where,
  ...more,
});
const update = (table: string, where: readonly unknown[], row: object) => ({
  op: "update",
  table,
  where,
  row,
});
const mutate = (table: string, where: readonly unknown[], ...mutations: readonly unknown[]) => ({
  op: "mutate",
  table,
  where,
  mutations,
});
const remove = (table: string, where: readonly unknown[] = []) => ({ op: "delete", table, where });
const wait = (more: object) => ({ op: "wait", table: "Item", where: [["name", "==", "i1"]], ...more });

const item = {
  name: "i1",
  n: 1,
  tags: ["set", [1, 2]],
  opts: ["map", [["k", "v"]]],
  kind: "a",
};

/** One Item in one Root. */
const base = transact(
  insert("Item", item, { "uuid-name": "r1" }),
  insert("Root", { name: "root", items: ["named-uuid", "r1"], leader: ["named-uuid", "r1"] }),
);
const theItem = [["name", "==", "i1"]];
const chosen = "11111111-2222-4333-8444-555555555555";
const missing = ["uuid", "00000000-0000-4000-8000-000000000000"];
const zero = "00000000-0000-0000-0000-000000000000";

const failing = (...operations: readonly unknown[]): readonly Step[] => [base, transact(...operations)];

/** What is asked, by what it is about. */
export const scenarios: Readonly<Record<string, readonly Step[]>> = {
  "list_dbs, with and without parameters": [ask("list_dbs"), ask("list_dbs", "x")],
  get_schema: [ask("get_schema", "Lab"), ask("get_schema", "Nope"), ask("get_schema")],
  "an unknown method": [ask("frobnicate"), tell("hello")],
  "ids of every kind": [
    { by: "A", send: { method: "echo", params: [], id: "abc" }, to: "abc" },
    { by: "A", send: { method: "echo", params: [], id: { a: [1] } }, to: { a: [1] } },
    { by: "A", send: { method: "echo", params: [], id: false }, to: false },
  ],
  "requests without an id": [tell("list_dbs"), raw('{"method":"list_dbs","params":[]}')],
  "no params": [raw('{"method":"list_dbs","id":1}', 1)],
  "a member of JSON-RPC 2.0": [raw('{"jsonrpc":"2.0","method":"list_dbs","params":[],"id":1}', 1)],
  "params that are an object": [raw('{"method":"list_dbs","params":{},"id":1}', 1)],
  "an answer that nobody asked for": [raw('{"result":[],"error":null,"id":99}', 1)],
  "the answer to a probe": [raw('{"result":[],"error":null,"id":"echo"}')],
  "two requests at once": [
    raw('{"method":"echo","params":[1],"id":1}{"method":"echo","params":[2],"id":2}', 2),
  ],
  "white space between messages": [raw(' \n\t{"method":"echo","params":[],"id":3}\n', 3)],
  "a batch": [raw('[{"method":"echo","params":[],"id":1}]', 1)],
  "what is no JSON": [raw('{"method":"echo","params":[},"id":1}', 1)],
  "a control character in a string": [raw('{"method":"echo","params":["a\u0001b"],"id":1}', 1)],
  "NUL in a string": [raw(String.raw`{"method":"echo","params":["a\u0000b"],"id":1}`, 1)],
  "half a surrogate pair": [raw(String.raw`{"method":"echo","params":["\ud800"],"id":1}`, 1)],
  "a whole surrogate pair": [raw(String.raw`{"method":"echo","params":["\ud83d\ude00 é"],"id":1}`, 1)],
  "a member named twice": [raw('{"method":"echo","method":"list_dbs","params":[],"id":1}', 1)],
  "a number out of range": [raw('{"method":"echo","params":[1e400],"id":1}', 1)],
  "integers of 64 bits": [
    raw('{"method":"echo","params":[1,9007199254740993,9223372036854775807,-9223372036854775808],"id":1}', 1),
  ],
  "too many levels": [raw(`{"method":"echo","params":${"[".repeat(1001)}${"]".repeat(1001)},"id":1}`, 1)],
  "a row that nothing keeps": [transact(insert("Item", { name: "gc", n: 1 })), transact(select("Item"))],
  "select: all columns and some, distinct, in order": [
    base,
    transact(select("Item", theItem)),
    transact(select("Item", theItem, { columns: ["name", "tags", "kind", "opts", "s"] })),
    transact(
      insert("Log", { msg: "x" }),
      insert("Log", { msg: "x" }),
      select("Log", [], { columns: ["msg"], sort: ["k"] }),
    ),
    transact(select("Log", [], { columns: [] })),
  ],
  "update and mutate": [
    base,
    transact(update("Item", theItem, { n: 5 }), update("Item", [["name", "==", "zz"]], { n: 5 })),
    transact(
      mutate(
        "Item",
        theItem,
        ["n", "+=", 1],
        ["tags", "insert", 3],
        ["opts", "delete", ["set", ["k"]]],
        ["opts", "insert", ["map", [["x", "y"]]]],
      ),
      mutate("Item", theItem, ["opts", "insert", ["map", [["x", "CHANGED"]]]]),
      mutate("Item", theItem, ["opts", "delete", ["map", [["x", "other"]]]]),
      mutate("Item", theItem, ["s", "insert", "abc"], ["s", "insert", ["set", ["abc"]]]),
      mutate("Item", theItem, ["r", "+=", 1.5], ["r", "/=", 4], ["tags", "*=", 2], ["n", "%=", 4]),
      select("Item"),
    ),
  ],
  "comment and commit, nothing at all, insert by uuid twice": [
    transact({ op: "comment", comment: "hello" }, { op: "commit", durable: true }),
    transact(),
    transact(insert("Log", { msg: "m" }, { uuid: chosen })),
    transact(insert("Log", { msg: "m" }, { uuid: chosen })),
    transact(remove("Log", [["_uuid", "==", ["uuid", chosen]]]), insert("Log", {}, { uuid: chosen })),
    transact(insert("Log", {}, { uuid: "zzz" })),
    transact(remove("Log")),
  ],
  "defaults, and several operations": [
    transact(insert("Log", {}), select("Log"), remove("Log")),
    transact(
      insert("Log", { msg: "a", k: 1 }),
      select("Log", [], { columns: ["msg", "k"] }),
      remove("Log", [["k", "==", 1]]),
    ),
  ],
  "no such database": [ask("transact", "Nope", select("Item")), ask("transact"), ask("transact", 3)],
  "no such table": failing(select("Nope")),
  "no such column": failing(select("Item", [["nope", "==", 1]])),
  "no such column in a row": failing(insert("Log", { nope: 1 })),
  "no such column to select": failing(select("Item", [], { columns: ["nope"] })),
  "no such operation": failing({ op: "frob", table: "Item" }),
  "no such function": failing(select("Item", [["n", "like", 1]])),
  "no such mutator": failing(mutate("Item", [], ["n", "^=", 1])),
  "an operation without op": failing({ table: "Item" }),
  "an operation that is no object": failing("select"),
  "a member too few": failing({ op: "select", table: "Item" }),
  "a member too many": failing(select("Item", [], { zzz: 1 })),
  "a camel-case member": failing(insert("Log", {}, { uuidName: "a" })),
  "another type": failing(insert("Log", { k: "string" })),
  "a real for an integer": failing(insert("Log", { k: 1.5 })),
  "an integer out of its range": failing(insert("Item", { name: "bad", n: 101 })),
  "a value that is not in the enum": failing(insert("Item", { name: "bad", kind: "c" })),
  "a string too long": failing(insert("Item", { name: "bad", s: "123456789" })),
  "a string as long as may be, of astral characters": failing(
    insert("Item", { name: "ok", s: "😀😀😀😀😀😀😀😀" }),
  ),
  "too many members": failing(insert("Item", { name: "bad", tags: ["set", [1, 2, 3, 4]] })),
  "a member twice": failing(insert("Item", { name: "bad", tags: ["set", [1, 1]] })),
  "a key twice": failing(
    insert("Item", {
      name: "bad",
      opts: [
        "map",
        [
          ["a", "1"],
          ["a", "2"],
        ],
      ],
    }),
  ),
  "a set that is no array": failing(insert("Item", { name: "bad", tags: ["set", 1] })),
  "a set where a map is": failing(insert("Item", { name: "bad", opts: ["set", []] })),
  "the third operation fails": failing(
    insert("Log", { msg: "x" }),
    select("Log"),
    insert("Log", { k: "no" }),
    select("Log"),
  ),
  "an index violated": failing(
    insert("Item", { name: "i1" }, { "uuid-name": "d1" }),
    mutate("Root", [], ["items", "insert", ["set", [["named-uuid", "d1"]]]]),
  ),
  "a strong reference to no row": failing(update("Root", [], { items: missing })),
  "a weak reference to no row": [
    base,
    transact(update("Root", [], { friends: missing }), select("Root", [], { columns: ["friends"] })),
    transact(select("Root", [], { columns: ["friends"] })),
  ],
  "a row deleted that is referred to": failing(remove("Item", theItem)),
  "a name of no row": failing(update("Root", [], { leader: ["named-uuid", "nope"] })),
  "a name twice": failing(insert("Log", {}, { "uuid-name": "a" }), insert("Log", {}, { "uuid-name": "a" })),
  "a name that is none": failing(insert("Log", {}, { "uuid-name": "a-b" })),
  "a name used before the row, which has a chosen uuid": failing(
    insert("Root", { name: "r2", items: ["named-uuid", "later"] }),
    insert("Item", { name: "x" }, { "uuid-name": "later", uuid: chosen }),
  ),
  "a uuid that is none": failing(select("Log", [["_uuid", "==", ["uuid", "zzz"]]])),
  "an immutable column": failing(update("Item", [], { name: "other" })),
  "an immutable column mutated": failing(mutate("Item", [], ["name", "+=", "other"])),
  "_uuid written": failing(update("Item", [], { _uuid: missing })),
  "division by nothing": failing(mutate("Item", [], ["n", "/=", 0])),
  "real division by nothing": failing(mutate("Item", [], ["r", "/=", 0])),
  "a result out of the column's range": failing(
    update("Item", [], { n: 6 }),
    mutate("Item", [], ["n", "*=", 1000]),
  ),
  "a result beyond 64 bits": [
    raw(
      '{"method":"transact","params":["Lab",{"op":"insert","table":"Log","row":{"k":9223372036854775807}},{"op":"mutate","table":"Log","where":[],"mutations":[["k","+=",1]]}],"id":1}',
      1,
    ),
  ],
  "sets over their most": failing(mutate("Item", [], ["tags", "insert", ["set", [7, 8]]])),
  "two numbers of a set made one": failing(mutate("Item", [], ["tags", "*=", 0])),
  "an optional value over its most": failing(mutate("Item", [], ["s", "insert", "a"], ["s", "insert", "b"])),
  "a mutator that the type has not": failing(mutate("Log", [], ["msg", "+=", "x"])),
  "a remainder of a real": failing(mutate("Item", [], ["r", "%=", 2])),
  "members of a scalar": failing(mutate("Log", [], ["msg", "insert", "x"])),
  "an order that the type has not": failing(select("Log", [["msg", "<", "x"]])),
  "functions on sets and maps": failing(
    select("Item", [["tags", "includes", 1]], { columns: ["name"] }),
    select("Item", [["tags", "includes", ["set", [1, 3]]]], { columns: ["name"] }),
    select("Item", [["tags", "excludes", ["set", [3, 4, 5, 6]]]], { columns: ["name"] }),
    select("Item", [["opts", "includes", ["map", [["k", "v"]]]]], { columns: ["name"] }),
    select("Item", [["opts", "excludes", ["map", [["k", "w"]]]]], { columns: ["name"] }),
    select("Item", [["kind", "includes", ["set", []]]], { columns: ["name"] }),
    select(
      "Item",
      [
        ["n", ">=", 1],
        ["n", "<", 2],
        ["n", "!=", 9],
      ],
      { columns: ["name"] },
    ),
    select("Item", [true], { columns: ["name"] }),
    select("Item", [false], { columns: ["name"] }),
    select("Item", [["tags", "includes", ["set", [1, 2, 3, 4]]]], { columns: ["name"] }),
  ),
  "too many rows": failing(...["r0", "r1", "r2", "r3", "r4", "r5"].map((name) => insert("Root", { name }))),
  "wait: met, not met at once, later, behind other operations": [
    base,
    transact(wait({ columns: ["n"], until: "==", rows: [{ n: 1 }], timeout: 0 })),
    transact(wait({ columns: ["n"], until: "!=", rows: [{ n: 1 }], timeout: 0 })),
    transact(wait({ columns: ["n", "tags"], until: "==", rows: [{ n: 1 }], timeout: 0 })),
    transact(wait({ until: "==", rows: [{ n: 1 }], timeout: 0 })),
    transact(wait({ columns: ["n"], until: "==", rows: [], timeout: 0 })),
    transact(wait({ columns: ["n"], until: "<", rows: [], timeout: 0 })),
    transact(wait({ columns: ["n"], until: "==", rows: [], timeout: -1 })),
  ],
  "abort, assert": [
    transact(insert("Log", { msg: "p" }), { op: "abort" }),
    transact({ op: "assert", lock: "mylock" }),
    transact({ op: "assert", lock: "my-lock" }),
  ],
  "_Server is not to be written": [
    ask("transact", "_Server", insert("Database", { name: "x" })),
    ask("transact", "_Server", { op: "commit", durable: true }),
    ask("transact", "_Server", remove("Database", [["name", "==", "x"]])),
  ],
  "cancel is answered by nothing": [
    base,
    {
      by: "A",
      send: {
        method: "transact",
        params: ["Lab", wait({ columns: ["n"], until: "==", rows: [{ n: 7 }] })],
        id: "w1",
      },
      to: "nothing",
    },
    tell("cancel", "w1"),
    tell("cancel", "nothere"),
    transact(update("Item", theItem, { n: 7 })),
    ask("cancel", "x"),
  ],
  "cancel for those who are aware of changes": [
    base,
    ask("set_db_change_aware", true),
    ask("set_db_change_aware"),
    ask("set_db_change_aware", "x"),
    {
      by: "A",
      send: {
        method: "transact",
        params: ["Lab", wait({ columns: ["n"], until: "==", rows: [{ n: 7 }] })],
        id: "w1",
      },
      to: "nothing",
    },
    { by: "A", send: { method: "cancel", params: ["w1"], id: null }, to: "w1" },
  ],
  "a wait ended by another client; the same id twice": [
    base,
    {
      by: "A",
      send: {
        method: "transact",
        params: ["Lab", wait({ columns: ["n"], until: "==", rows: [{ n: 7 }] })],
        id: "w2",
      },
      to: "nothing",
    },
    {
      by: "A",
      send: {
        method: "transact",
        params: ["Lab", wait({ columns: ["n"], until: "==", rows: [{ n: 8 }] })],
        id: "w2",
      },
      to: "w2",
    },
    by("B", transact(update("Item", theItem, { n: 7 }))),
  ],
  locks: [
    ask("lock", "L"),
    by("B", ask("lock", "L")),
    transact({ op: "assert", lock: "L" }),
    ask("lock", "L"),
    ask("unlock", "L"),
    ask("steal", "L"),
    by("B", transact({ op: "assert", lock: "L" })),
    by("B", ask("unlock", "L")),
    by("B", ask("unlock", "L")),
    by("B", ask("lock", "bad-name")),
    by("B", ask("steal", "L")),
    by("B", ask("unlock", "L")),
  ],
  "monitor: every kind of change": [
    base,
    by(
      "M",
      ask("monitor", "Lab", "m1", {
        Item: [{ columns: ["name", "n", "tags", "opts", "kind"] }],
        Log: { columns: ["msg", "k"] },
      }),
    ),
    transact(insert("Log", { msg: "one", k: 1 })),
    transact(update("Log", [], { k: 2 })),
    transact(update("Log", [], { k: 2 })),
    transact(update("Item", [], { tags: ["set", [2, 3]], opts: ["map", [["a", "9"]]], kind: ["set", []] })),
    transact(update("Item", [], { r: 7 })),
    transact(insert("Log", { msg: "two" }, { "uuid-name": "x" }), remove("Log", [["msg", "==", "two"]])),
    by("M", transact(insert("Log", { msg: "own" }))),
    transact(remove("Log", [["msg", "==", "one"]])),
    by("M", ask("monitor", "Lab", "m1", { Log: {} })),
    by("M", ask("monitor", "Lab", "m2", { Nope: {} })),
    by("M", ask("monitor", "Lab", "m2", { Log: { columns: ["nope"] } })),
    by("M", ask("monitor", "Lab", "m2", { Log: [{ columns: ["msg"] }, { columns: ["msg"] }] })),
    by("M", ask("monitor", "Nope", "m2", {})),
    by("M", ask("monitor", "Lab", null, { Log: { select: { initial: false } } })),
    by("M", ask("monitor_cancel", "m1")),
    by("M", ask("monitor_cancel", "m1")),
    transact(remove("Log")),
  ],
  "monitor: what is selected, column by column": [
    transact(insert("Log", { msg: "there" })),
    by(
      "M",
      ask("monitor", "Lab", 1, {
        Log: [
          { columns: ["msg"], select: { initial: false, modify: false } },
          { columns: ["k"], select: { insert: false, delete: false } },
        ],
      }),
    ),
    transact(insert("Log", { msg: "one", k: 1 })),
    transact(update("Log", [["msg", "==", "one"]], { k: 2 })),
    transact(update("Log", [["msg", "==", "one"]], { msg: "two" })),
    transact(remove("Log", [["msg", "==", "two"]])),
  ],
  "monitor_cond: differences, and rows that come and go": [
    base,
    by(
      "M",
      ask("monitor_cond", "Lab", "c1", {
        Item: [{ columns: ["name", "n", "tags", "opts", "kind"] }],
        Log: [{ columns: ["msg", "k"], where: [["k", ">", 0]] }],
      }),
    ),
    transact(insert("Log", { msg: "zero" })),
    transact(insert("Log", { msg: "one", k: 1 })),
    transact(update("Log", [["msg", "==", "zero"]], { k: 5 })),
    transact(update("Log", [["msg", "==", "zero"]], { k: 0 })),
    transact(
      update("Item", [], {
        tags: ["set", [2, 3]],
        opts: [
          "map",
          [
            ["a", "9"],
            ["c", "4"],
          ],
        ],
        kind: "b",
      }),
    ),
    transact(update("Item", [], { tags: ["set", []], opts: ["map", []], kind: ["set", []], n: 7 })),
    transact(remove("Log", [["msg", "==", "one"]])),
    by("M", ask("monitor_cond_change", "c1", "c2", { Log: [{ where: [["k", ">", 100]] }] })),
    transact(insert("Log", { msg: "fifty", k: 50 })),
    by("M", ask("monitor_cond_change", "c2", "c2", { Log: [{ where: [["k", "==", 50]] }] })),
    by(
      "M",
      ask("monitor_cond_change", "c2", "c3", {
        Log: {
          where: [
            ["k", "==", 50],
            ["k", "==", 5],
          ],
        },
      }),
    ),
    by("M", ask("monitor_cond_change", "c3", "c3", { Log: [{ where: [false] }] })),
    by("M", ask("monitor_cond_change", "c3", "c3", { Log: [{ where: [] }] })),
    by("M", ask("monitor_cond_change", "nope", "c3", { Log: [{ where: [true] }] })),
    by("M", ask("monitor_cond_change", "c3", "c3", { Root: [{ where: [true] }] })),
    by("M", ask("monitor_cond_change", "c3", "c3", { Log: [{ columns: ["msg"] }] })),
    by("M", ask("monitor_cond", "Lab", "c9", { Log: [{ where: [["nope", "==", 1]] }] })),
    by("M", ask("monitor_cancel", "c3")),
  ],
  "monitor_cond: conditions on what is not watched": [
    transact(insert("Log", { msg: "a", k: 1 })),
    by("M", ask("monitor_cond", "Lab", "c", { Log: [{ columns: ["msg"], where: [["k", ">", 0]] }] })),
    transact(update("Log", [], { k: 2 })),
    transact(update("Log", [], { k: 0 })),
    transact(update("Log", [], { k: 3, msg: "b" })),
  ],
  "monitor_cond: two conditions on one table": [
    transact(insert("Log", { msg: "a", k: 1 }), insert("Log", { msg: "b", k: 2 })),
    by(
      "M",
      ask("monitor_cond", "Lab", "c", {
        Log: [
          { columns: ["msg"], where: [["k", "==", 1]] },
          { columns: ["k"], where: [["k", "==", 2]] },
        ],
      }),
    ),
    transact(update("Log", [["msg", "==", "b"]], { k: 1 })),
  ],
  "monitor_cond: no columns at all": [
    by("M", ask("monitor_cond", "Lab", "c", { Log: [{ columns: [] }] })),
    transact(insert("Log", { msg: "a", k: 1 })),
    transact(update("Log", [], { k: 2 })),
    transact(remove("Log")),
  ],
  "monitor_cond: every column, with _version": [
    by("M", ask("monitor_cond", "Lab", "d", { Log: {} })),
    transact(insert("Log", {})),
    transact(update("Log", [], { k: 4, msg: "x" })),
    transact(remove("Log")),
  ],
  "monitor_cond: rows that go with others": [
    base,
    transact(mutate("Root", [], ["friends", "insert", ["set", []]])),
    by(
      "M",
      ask("monitor_cond", "Lab", "d", {
        Item: [{ columns: ["name"] }],
        Root: [{ columns: ["name", "items", "leader"] }],
      }),
    ),
    transact(update("Root", [], { items: ["set", []] })),
  ],
  "a weak reference that the commit takes out, watched": [
    base,
    by("M", ask("monitor_cond", "Lab", "d", { Root: {} })),
    transact(update("Root", [], { friends: missing })),
    transact(update("Root", [], { name: "root" })),
  ],
  "monitor_cond_since of a standalone database": [
    transact(insert("Log", { msg: "a", k: 1 })),
    by("M", ask("monitor_cond_since", "Lab", "s1", { Log: [{ columns: ["msg", "k"] }] }, zero)),
    transact(insert("Log", { k: 2, msg: "two" })),
    by("M", ask("monitor_cond_change", "s1", "s1", { Log: [{ where: [["k", "==", 2]] }] })),
    by("M", ask("monitor_cond_since", "Lab", "s2", { Log: [{ columns: ["msg", "k"] }] }, chosen)),
    by("M", ask("monitor_cond_since", "Lab", "s3", { Log: [{ columns: ["msg", "k"] }] })),
    by("M", ask("monitor_cond_since", "Lab", "s4", { Log: [{ columns: ["msg"] }] }, null)),
  ],
  "_Server, watched": [
    ask("monitor_cond", "_Server", "srv", {
      Database: [
        {
          columns: ["name", "model", "connected", "leader", "cid", "sid", "index"],
          where: [["name", "==", "Lab"]],
        },
      ],
    }),
    ask("transact", "_Server", select("Database", [["name", "==", "Lab"]], { columns: ["name", "schema"] })),
  ],
};
