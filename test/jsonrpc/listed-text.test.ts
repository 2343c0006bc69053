import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameScanner } from "../../src/jsonrpc/frame-scanner.js";
import { isArray, isObject } from "../../src/ovsdb/json.js";
import { cut } from "../support/cut.js";

const prefix = Buffer.from('{"rows":');

/** What the text's `rows` are read as, part by part and then the end, or why it is refused. */
function rowsOf(text: string, sizes: readonly number[] = [text.length]): unknown {
  const scanner = new FrameScanner();
  const found: unknown[] = [];
  const take = (part: unknown): boolean => {
    const rows = isObject(part) ? (part["rows"] ?? part[""]) : undefined;
    // What stands for those before.
    if (isArray(rows)) found.push(...(rows[0] === 0 ? rows.slice(1) : rows));
    else if (rows !== 0) found.push(rows);
    return true;
  };
  scanner.wantParts([{ prefix, depth: 2, isListed: true, take }]);
  for (const chunk of cut(Buffer.from(text), sizes)) {
    const fault = scanner.push(chunk, take);
    if (fault !== undefined) return fault;
    // As by what is read next.
    if (!scanner.keepsChunk) chunk.fill("}");
  }
  expect(scanner.unfinishedBytes).toBe(0);
  return found;
}

/** A value with its text. */
const value = fc.oneof(
  fc
    .jsonValue()
    // Of whole numbers as long as that every digit is kept.
    .filter((json) => !/\d{16}/u.test(JSON.stringify(json)))
    .map((json): readonly [unknown, string] => [JSON.parse(JSON.stringify(json)), JSON.stringify(json)]),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }).map((n): readonly [unknown, string] => [[n], `[${n}]`]),
  fc.constant<readonly [unknown, string]>([{ s: "y".repeat(20_000) }, `{"s":"${"y".repeat(20_000)}"}`]),
);
const member = fc.tuple(fc.string(), value);
const space = fc.constantFrom("", " ", "\n\t");

describe("objects that are read as lists", () => {
  it("have every name and value in its place, wherever the chunks end", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), space, sizes, (members, space, sizes) => {
        const texts = members.map(([name, [, text]]) => `${JSON.stringify(name)}${space}:${space}${text}`);
        const text = `{"rows":{${texts.join(`${space},`)}},"more":{"a":1}}`;
        expect(rowsOf(text, sizes)).toEqual(members.flatMap(([name, [value]]) => [name, value]));
      }),
      { numRuns: 300 },
    );
  });

  it("are those at their depth alone, and of texts that begin so alone", () => {
    expect(rowsOf('{"rows":{"a":{"b":{"c":1}},"d":[{"e":2}]}}')).toEqual([
      "a",
      { b: { c: 1 } },
      "d",
      [{ e: 2 }],
    ]);
    expect(rowsOf('{"more":{"a":1},"rows":{"b":2}}')).toEqual([{ b: 2 }]);
  });

  it.each([
    '{"rows":{"a":1]}',
    '{"rows":["a"}}',
    '{"rows":{"a":1,}}',
    '{"rows":{"a":}}',
    '{"rows":{"a"::1}}',
    '{"rows":{:1}}',
    '{"rows":{a:1}}',
    '{"rows":{"a":{"b",1}}}',
    '{"rows":{"a":1}:2}',
  ])("do not hide that %s is no JSON", (text) => {
    expect(rowsOf(text)).toContain("a message is not JSON");
  });
});
