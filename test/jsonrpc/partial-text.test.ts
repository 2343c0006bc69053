import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameScanner } from "../../src/jsonrpc/frame-scanner.js";
import { isObject } from "../../src/ovsdb/json.js";
import { cut } from "../support/cut.js";

type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [name: string]: Json };

const row = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/u), fc.oneof(fc.string(), fc.maxSafeInteger()), {
  maxKeys: 4,
});
const rows = fc.dictionary(fc.uuid(), row, { minKeys: 1, maxKeys: 6 });
const tables = fc.dictionary(fc.stringMatching(/^[A-Z][a-z]{1,5}$/u), rows, { maxKeys: 4 });

/** Rows by `Table.uuid`, gathered from the parts of a `monitor` reply as its reader does. */
function gatherer(): { readonly take: (root: unknown) => boolean; readonly rows: Map<string, unknown> } {
  const gathered = new Map<string, unknown>();
  let table = "";
  const take = (root: unknown): boolean => {
    const result = isObject(root) ? (root["result"] ?? root[""]) : undefined;
    for (const [name, members] of Object.entries(isObject(result) ? result : {})) {
      if (name !== "") table = name;
      for (const [uuid, value] of Object.entries(isObject(members) ? members : {}))
        if (uuid !== "") gathered.set(`${table}.${uuid}`, value);
    }
    return true;
  };
  return { take, rows: gathered };
}

/** A reply so long that it is cut: its rows are filled up with a long column. */
function longReply(content: Record<string, Record<string, Json>>, filling: number): string {
  const filled = Object.entries(content).map(([table, members]) => {
    const long = Object.entries(members).map(([uuid, value]) => [uuid, { value, long: "x".repeat(filling) }]);
    const rows: unknown = Object.fromEntries(long);
    return [table, rows] as const;
  });
  return JSON.stringify({ id: 7, result: Object.fromEntries(filled), error: null });
}

describe("a text in parts", () => {
  it("has every row once, wherever the chunks end", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(tables, sizes, fc.integer({ min: 1000, max: 20_000 }), (content, sizes, filling) => {
        const text = longReply(content, filling);
        const { take, rows } = gatherer();
        let parts = 0;
        const scanner = new FrameScanner();
        scanner.wantParts([
          {
            prefix: Buffer.from('{"id":7,"result":'),
            depth: 3,
            take: (part) => {
              parts += 1;
              return take(part);
            },
          },
        ]);
        const last: unknown[] = [];
        for (const chunk of cut(Buffer.from(text), sizes)) {
          expect(
            scanner.push(chunk, (value) => {
              last.push(value);
              return true;
            }),
          ).toBeUndefined();
          // As by what is read next.
          if (!scanner.keepsChunk) chunk.fill("}");
        }
        expect(last).toHaveLength(1);
        take(last[0]);
        const expected = Object.entries(content).flatMap(([table, members]) =>
          Object.entries(members).map(([uuid, value]) => [
            `${table}.${uuid}`,
            { value, long: "x".repeat(filling) },
          ]),
        );
        expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(expected));
        expect(parts > 0 || text.length <= 100_000).toBe(true);
        expect(scanner.unfinishedBytes).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps every digit of long integers, in every part", () => {
    const members = Array.from(
      { length: 400 },
      (_, at) => `"r${at}":{"n":${9_007_199_254_740_993n + BigInt(at)},"s":"${"y".repeat(400)}"}`,
    );
    const text = `{"id":7,"result":[false,"x",{"T":{${members.join(",")}}}],"error":null}`;
    const found: unknown[] = [];
    const walk = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      if ("n" in value) found.push(value.n);
      for (const member of Object.values(value)) walk(member);
    };
    const scanner = new FrameScanner();
    let parts = 0;
    scanner.wantParts([
      {
        prefix: Buffer.from('{"id":7,"result":'),
        depth: 4,
        take: (part) => {
          parts += 1;
          walk(part);
          return true;
        },
      },
    ]);
    const fault = scanner.push(Buffer.from(text), (value) => {
      walk(value);
      return true;
    });
    expect(fault).toBeUndefined();
    expect(parts).toBeGreaterThan(3);
    expect(found).toEqual(members.map((_, at) => 9_007_199_254_740_993n + BigInt(at)));
  });

  it("leaves other texts whole", () => {
    const text = `{"id":8,"result":{"T":{${Array.from({ length: 200 }, (_, at) => `"r${at}":{"s":"${"y".repeat(400)}"}`).join(",")}}},"error":null}`;
    const scanner = new FrameScanner();
    scanner.wantParts([
      {
        prefix: Buffer.from('{"id":7,"result":'),
        depth: 3,
        take: () => {
          throw new Error("it is not the one");
        },
      },
    ]);
    const whole: unknown[] = [];
    scanner.push(Buffer.from(text), (value) => {
      whole.push(value);
      return true;
    });
    expect(whole).toEqual([JSON.parse(text)]);
  });

  it("is known by its own beginning, where one that is wanted begins as another one ends that has begun to come", () => {
    const rows = Array.from({ length: 200 }, (_, at) => `"r${at}":{"s":"${"y".repeat(400)}"}`).join(",");
    const text = `{"id":7,"result":{"T":{${rows}}},"error":null}`;
    const taken: string[] = [];
    const whole: unknown[] = [];
    const wanted = (id: number) => ({
      prefix: Buffer.from(`{"id":${id},"result":`),
      depth: 3,
      take: () => taken.push(String(id)) > 0,
    });
    const scanner = new FrameScanner();
    const push = (bytes: string): void => {
      expect(scanner.push(Buffer.from(bytes), (value) => whole.push(value) > 0)).toBeUndefined();
    };
    push(text.slice(0, 7));
    scanner.wantParts([wanted(8)]);
    push(text.slice(7));
    expect(taken).toEqual([]);
    expect(whole).toEqual([JSON.parse(text)]);
    scanner.wantParts([wanted(8), wanted(7), wanted(71)]);
    push(text.slice(0, 7));
    push(text.slice(7));
    expect(new Set(taken)).toEqual(new Set(["7"]));
  });

  it("is refused once all its parts together are too long", () => {
    const text = `{"id":7,"result":{"T":{${Array.from({ length: 400 }, (_, at) => `"r${at}":{"s":"${"y".repeat(400)}"}`).join(",")}}},"error":null}`;
    const scanner = new FrameScanner({ maxBytes: 100_000 });
    scanner.wantParts([{ prefix: Buffer.from('{"id":7,"result":'), depth: 3, take: () => true }]);
    expect(scanner.push(Buffer.from(text), () => true)).toContain("longer than 100000 bytes");
  });
});
