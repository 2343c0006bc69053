/** What the types promise. Checked by the compiler: each line that must not compile says so. */
import { describe, expectTypeOf, it } from "vitest";
import type { Result } from "../../src/core/result.js";
import {
  named,
  operations,
  setKey,
  type CountResult,
  type DatabaseRows,
  type EmptyResult,
  type InsertResult,
  type Integer,
  type Monitor,
  type MonitorError,
  type Operation,
  type OperationResult,
  type OvsdbClient,
  type TransactError,
  type Uuid,
  type Value,
} from "../../src/ovsdb/index.js";
import type { LabDatabase } from "./lab-rows.js";

const { comment, deleteRows, insert, mutate, select, update, wait } = operations<LabDatabase>();
const untyped = operations();
declare const client: OvsdbClient<LabDatabase>;
declare const id: Uuid;
const options = { operation: "test" };

describe("operations of a database whose rows are known", () => {
  it("take the tables, columns and values that there are", () => {
    const taken = () => [
      insert("Item", { name: "x", kind: null, tags: [1n], opts: new Map([["a", "b"]]) }),
      insert("Root", { leader: named("i"), items: [named("i"), id] }),
      update("Log", [["_uuid", "==", id]], { k: 2n ** 60n }),
      select("Item", [["tags", "includes", [1]], ["n", "<", 5], true], ["name", "_version"]),
      mutate(
        "Item",
        [],
        [["n", "+=", 1], ["opts", "delete", ["a"]], ["kind", "insert", ["a"]], ...setKey("opts", "a", "b")],
      ),
      wait("Root", [["_uuid", "==", named("i")]], ["_uuid", "name"], "==", [{ _uuid: id, name: "" }], 0),
    ];
    expectTypeOf(taken).returns.toExtend<readonly Operation<LabDatabase>[]>();
  });

  it("take no others", () => {
    const refused = [
      // @ts-expect-error -- no such table
      () => deleteRows("Itme", []),
      // @ts-expect-error -- no such column
      () => insert("Item", { nme: "x" }),
      // @ts-expect-error -- not in the enum
      () => update("Item", [], { kind: "c" }),
      // @ts-expect-error -- a text is no uuid
      () => update("Root", [], { leader: "x" }),
      // @ts-expect-error -- not optional
      () => update("Item", [], { n: null }),
      // @ts-expect-error -- an order of strings
      () => select("Log", [["msg", "<", "x"]]),
      // @ts-expect-error -- arithmetic on a string
      () => mutate("Log", [], [["msg", "+=", 1]]),
      // @ts-expect-error -- a map has no array
      () => mutate("Item", [], [["opts", "insert", ["a"]]]),
      // @ts-expect-error -- without a time it would wait for ever
      () => wait("Log", [], ["k"], "==", [{ k: 1 }]),
      // @ts-expect-error -- a row without one of the columns
      () => wait("Log", [], ["k", "msg"], "==", [{ k: 1 }], 0),
      // @ts-expect-error -- the values of opts are strings
      () => mutate("Item", [], setKey("opts", "a", 1)),
      // @ts-expect-error -- a table of another database
      () => client.transact([untyped.deleteRows("Bridge", [])], options),
    ];
    expectTypeOf(refused).toBeArray();
  });

  it("give each what it gives", () => {
    const given = [
      insert("Log", {}),
      update("Log", [], {}),
      select("Item", [], ["kind", "tags"]),
      comment("x"),
    ] as const;
    const transact = () => client.transact(given, options);
    expectTypeOf(transact).returns.resolves.toEqualTypeOf<
      Result<
        readonly [
          InsertResult,
          CountResult,
          {
            readonly uuid?: undefined;
            readonly count?: undefined;
            readonly rows: readonly {
              readonly kind: "a" | "b" | null;
              readonly tags: readonly Integer[];
              readonly _uuid: Uuid;
            }[];
          },
          EmptyResult,
        ],
        TransactError
      >
    >();
  });

  it("in a list of any length give what any operation may", () => {
    const transact = (given: readonly Operation<LabDatabase>[]) => client.transact(given, options);
    expectTypeOf(transact).returns.resolves.toExtend<Result<readonly OperationResult[], TransactError>>();
    expectTypeOf<OperationResult["count"]>().toEqualTypeOf<number | undefined>();
  });
});

describe("a monitor", () => {
  it("has the tables and columns that were asked for", () => {
    const monitor = () => client.monitor({ Log: { columns: ["k"] }, Root: {} }, options);
    type LogAndRoot = Monitor<{
      readonly Log: { readonly k: Integer; readonly _uuid: Uuid };
      readonly Root: {
        readonly name: string;
        readonly items: readonly Uuid[];
        readonly friends: readonly Uuid[];
        readonly leader: Uuid | null;
        readonly _uuid: Uuid;
      };
    }>;
    expectTypeOf(monitor).returns.resolves.toEqualTypeOf<Result<LogAndRoot, MonitorError>>();
  });
});

describe("operations of a database whose rows are not known", () => {
  it("take any value that some column may have", () => {
    const taken = () => [
      untyped.insert("Any", {
        a: 1,
        b: 2n,
        c: "x",
        d: true,
        e: null,
        f: [named("x"), "y"],
        g: new Map([["k", named("x")]]),
      }),
      untyped.select("Any", [
        ["a", ">", 1],
        ["b", "includes", ["x"]],
        ["_uuid", "==", id],
      ]),
      untyped.mutate(
        "Any",
        [],
        [
          ["a", "+=", 1],
          ["b", "insert", ["x"]],
          ["c", "delete", new Map([["a", 1]])],
        ],
      ),
    ];
    expectTypeOf(taken).returns.toExtend<readonly Operation[]>();
    expectTypeOf<DatabaseRows[string][string]>().toEqualTypeOf<Value>();
  });
});
