import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameScanner } from "../../../src/jsonrpc/frame-scanner.js";
import { MessageParts } from "../../../src/jsonrpc/message-parts.js";
import { notificationReader } from "../../../src/jsonrpc/notification-parts.js";
import { fault, Fault } from "../../../src/ovsdb/fault.js";
import { isArray, isObject } from "../../../src/ovsdb/json.js";
import { listOf, type UpdateFormat } from "../../../src/ovsdb/replica/row-update.js";
import type { RowsTaker } from "../../../src/ovsdb/session/tables-reader.js";
import { updateParts } from "../../../src/ovsdb/session/update-reader.js";
import { cut } from "../../support/cut.js";

const monitor = "vswitch-drivers-1";
const transaction = "00000000-0000-4000-8000-000000000001";

/** Takes rows, by `Table.uuid`. */
class Rows implements RowsTaker {
  readonly byName = new Map<string, unknown>();
  readonly formats = new Set<UpdateFormat>();

  add(table: string, rows: unknown, format: UpdateFormat): Fault | undefined {
    const list = listOf(rows);
    if (list instanceof Fault) return list;
    this.formats.add(format);
    for (let at = 0; at < list.length; at += 2) this.byName.set(`${table}.${String(list[at])}`, list[at + 1]);
    return undefined;
  }

  addList(): Fault {
    return fault("rows as an object", "a list");
  }
}

/** What a reader of updates has made of a stream of bytes. */
interface Told {
  readonly ended: { readonly id: string; readonly rows: Rows; readonly lastId: string | undefined }[];
  readonly bad: string[];
  /** Messages that were short enough to come whole. */
  readonly whole: unknown[];
  parts: number;
}

function read(chunks: readonly Buffer[], known: (id: string) => boolean = () => true): Told {
  const told: Told = { ended: [], bad: [], whole: [], parts: 0 };
  const scanner = new FrameScanner();
  const parts = new MessageParts(scanner);
  const taking = updateParts<Rows>({
    begin: (id) => (known(id) ? new Rows() : undefined),
    inconsistent: (method, bad) => void told.bad.push(`${method}: ${bad.expected}`),
    end: (id, rows, lastId) => void told.ended.push({ id, rows, lastId }),
  });
  const begin = (message: unknown): void => {
    if (!isObject(message) || typeof message["method"] !== "string") throw new Error("no message");
    told.parts += 1;
    taking.begin(message["method"], message["params"], "part");
  };
  parts.want(
    "notifications",
    notificationReader(taking, begin, () => true),
  );
  for (const chunk of chunks) {
    const wrong = scanner.push(chunk, (value) => {
      const finish = parts.takeFinish();
      if (finish === undefined) told.whole.push(value);
      else finish(value);
      return true;
    });
    expect(wrong).toBeUndefined();
  }
  expect(scanner.unfinishedBytes).toBe(0);
  return told;
}

const notification = (method: string, ...params: readonly unknown[]): string =>
  JSON.stringify({ id: null, method, params });

/** Rows of a table, so many of them that they do not fit into one part. */
function manyRows(count: number): Record<string, unknown> {
  const row = { insert: { name: "x".repeat(500) } };
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`uuid-${n}`, row]));
}

const name = fc.stringMatching(/^[A-Z][a-z]{1,5}$/u);
const update = fc.record({
  modify: fc.dictionary(
    fc.stringMatching(/^[a-z]{1,4}$/u),
    fc.oneof(fc.string(), fc.maxSafeInteger(), fc.array(fc.array(fc.string()))),
    { maxKeys: 3 },
  ),
});
const tables = fc.dictionary(name, fc.dictionary(fc.uuid(), update, { maxKeys: 5 }), { maxKeys: 4 });
const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 });

describe("a long update", () => {
  it("has every row once, wherever the chunks end, and so have the short ones around it", () => {
    const method = fc.constantFrom("update", "update2", "update3");
    const filling = fc.integer({ min: 0, max: 20_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(method, tables, filling), { maxLength: 4 }), sizes, (all, sizes) => {
        const messages = all.map(([method, content, length]) => {
          const filled = Object.entries(content).map(([table, rows]) => {
            const long = Object.entries(rows).map(([uuid, row]) => {
              return [uuid, { ...row, long: "x".repeat(length) }] as const;
            });
            return [table, Object.fromEntries<unknown>(long)] as const;
          });
          const updates = Object.fromEntries(filled);
          return {
            method,
            updates,
            params: method === "update3" ? [monitor, transaction, updates] : [monitor, updates],
          };
        });
        const text = messages.map(({ method, params }) => notification(method, ...params)).join("");
        const told = read(cut(Buffer.from(text), sizes));
        expect(told.bad).toEqual([]);
        const got = [
          ...told.ended.map(({ rows }) => Object.fromEntries(rows.byName)),
          ...told.whole.map((message) =>
            flat(isObject(message) && isArray(message["params"]) ? message["params"].at(-1) : {}),
          ),
        ];
        const sorted = (list: readonly unknown[]): string[] =>
          list.map((each) => JSON.stringify(each)).toSorted();
        expect(sorted(got)).toEqual(sorted(messages.map(({ updates }) => flat(updates))));
        for (const { id, lastId } of told.ended) {
          expect(id).toBe(monitor);
          expect([undefined, transaction]).toContain(lastId);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("is read in parts, in the format of its method, and told when all of it has come", () => {
    const text = notification("update3", monitor, transaction, { Item: manyRows(300), Log: manyRows(1) });
    const bytes = Buffer.from(text);
    const unfinished = read([bytes.subarray(0, -1), bytes.subarray(-1)]);
    expect(unfinished.parts).toBe(1);
    expect(unfinished.whole).toEqual([]);
    expect(unfinished.ended).toHaveLength(1);
    const [{ rows, lastId } = { rows: new Rows(), lastId: "" }] = unfinished.ended;
    expect(rows.byName.size).toBe(301);
    expect([...rows.formats]).toEqual(["update2"]);
    expect(lastId).toBe(transaction);
    const [first] = read([Buffer.from(notification("update", monitor, { Item: manyRows(300) }))]).ended;
    expect(first?.rows.formats).toEqual(new Set(["update"]));
  });

  it("of a monitor that is none any more is passed over", () => {
    const text = notification("update2", monitor, { Item: manyRows(300) });
    const told = read([Buffer.from(text)], () => false);
    expect(told).toMatchObject({ ended: [], bad: [], whole: [] });
  });

  it.each<[string, string, readonly unknown[], string]>([
    ["no object of tables", "update2", [monitor, [manyRows(300)]], "an object of tables"],
    ["no object of rows", "update2", [monitor, { Item: manyRows(300), Log: 3 }], "an object of rows"],
    [
      "no id of a transaction",
      "update3",
      [monitor, { Item: manyRows(300) }, { Item: {} }],
      "the id of a transaction",
    ],
    [
      "a text in the place of the id of a transaction",
      "update3",
      [monitor, "none", { Item: manyRows(300) }],
      "the id of a transaction",
    ],
  ])("is refused once, and not told, where it has %s", (_, method, params, expected) => {
    const told = read([Buffer.from(notification(method, ...params))]);
    expect(told.bad).toEqual([`${method}: ${expected}`]);
    expect(told.ended).toEqual([]);
  });

  it("is passed over where it is of another method, or for no monitor", () => {
    const rows = { Item: manyRows(300) };
    for (const text of [notification("updated", monitor, rows), notification("update2", 7, rows)])
      expect(read([Buffer.from(text)])).toMatchObject({ ended: [], bad: [], whole: [] });
  });
});

function flat(tables: unknown): Record<string, unknown> {
  const rows = new Rows();
  for (const [table, members] of Object.entries(isObject(tables) ? tables : {}))
    rows.add(table, members, "update2");
  return Object.fromEntries(rows.byName);
}
