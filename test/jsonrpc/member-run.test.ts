import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameScanner } from "../../src/jsonrpc/frame-scanner.js";
import { isObject } from "../../src/ovsdb/json.js";
import { rowNames as names } from "../../src/ovsdb/session/reply-reader.js";
import { cut } from "../support/cut.js";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

const object = (members: readonly string[]): string => `{${members.join(",")}}`;

/** What might be taken for the end of a row, or for digits that a double cannot hold. */
const trap = fc.constantFrom(
  '},"',
  '"},"',
  "},",
  '}},"01234567-89ab-cdef-0123-456789abcdef":{"',
  "\\",
  '\\"',
  "}}}}",
  "1234567890123456789",
  "網路",
);
const text = fc.array(fc.oneof(trap, fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 4 });
const integer = fc.oneof(
  fc.maxSafeInteger().map(BigInt),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const value = fc.oneof(
  text.map((parts) => JSON.stringify(parts.join(""))),
  integer.map(String),
  fc.array(integer).map((all) => `["set",[${all.join(",")}]]`),
  text.map((parts) => `["map",[["k",${JSON.stringify(parts.join(""))}]]]`),
);
const row = fc
  .dictionary(fc.stringMatching(/^[a-z]{1,6}$/u), value, { maxKeys: 4 })
  .map((columns) => object(Object.entries(columns).map(([name, text]) => `"${name}":${text}`)));
const update = fc.oneof(
  { weight: 5, arbitrary: row.map((text) => `{"initial":${text}}`) },
  row.map((text) => `{"modify":${text}}`),
  fc.constant('{"delete":null}'),
);
const rows = fc
  .uniqueArray(fc.uuid(), { maxLength: 12 })
  .chain((ids) => fc.tuple(...ids.map((id) => update.map((text) => `"${id}":${text}`))));
const tables = fc.dictionary(fc.stringMatching(/^[A-Z][a-z]{1,5}$/u), rows, { maxKeys: 4 });
const tablesText = tables.map((content) =>
  object(Object.entries(content).map(([name, rows]) => `"${name}":${object(rows)}`)),
);
const reply = tablesText.map((text) => `{"id":7,"result":[false,"x",${text}],"error":null}`);
const update3 = tablesText.map((text) => `{"id":null,"method":"update3","params":["m","x",${text}]}`);
/** A reply with what the server tells right after it. */
const stream = fc
  .tuple(reply, fc.array(update3, { maxLength: 3 }))
  .map(([first, more]) => [first, ...more].join(""));
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 90, max: 9000 })), {
  minLength: 1,
  maxLength: 5,
});

interface Read {
  readonly fault: string | undefined;
  /** By table and uuid. */
  readonly rows: ReadonlyMap<string, unknown>;
  /** How many rows came as members. */
  readonly asMembers: number;
  /** The messages behind the reply. */
  readonly others: readonly unknown[];
}

/** Reads a reply as the reader of a monitor does; says what the reader would find wrong too. */
function read(bytes: Buffer, sizes: readonly number[], inParts: boolean): Read {
  const rows = new Map<string, unknown>();
  let table = "";
  let fault: string | undefined;
  let asMembers = 0;
  const put = (name: unknown, value: unknown): void => {
    if (typeof name !== "string" || !uuid.test(name) || !isObject(value)) fault ??= "no row";
    else rows.set(`${table}.${name}`, value);
  };
  const take = (root: unknown): void => {
    const result = isObject(root) ? (root["result"] ?? root[""]) : undefined;
    const last: unknown = Array.isArray(result) ? (result[2] ?? result[0]) : undefined;
    for (const [name, members] of Object.entries(isObject(last) ? last : {})) {
      if (name === "" && members === 0) continue;
      if (name !== "") table = name;
      if (!isObject(members)) fault ??= "no rows";
      else for (const [id, value] of Object.entries(members)) if (id !== "" || value !== 0) put(id, value);
    }
  };
  const members = {
    names,
    take: (list: readonly unknown[]): boolean => {
      asMembers += list.length / 2;
      for (let at = 0; at < list.length; at += 2) put(list[at], list[at + 1]);
      return true;
    },
  };
  const scanner = new FrameScanner();
  const part = { prefix: Buffer.from('{"id":7,"result":'), depth: 4, members };
  const going = (value: unknown): boolean => {
    take(value);
    return true;
  };
  if (inParts) scanner.wantParts([{ ...part, take: going }]);
  let whole = 0;
  const others: unknown[] = [];
  const deliver = (value: unknown): boolean => {
    whole += 1;
    if (whole === 1) return going(value);
    others.push(value);
    return true;
  };
  // The scanner may write to what it is given.
  for (const chunk of cut(bytes, sizes)) {
    if (fault !== undefined) break;
    fault = scanner.push(chunk, deliver) ?? fault;
    // As by what is read next.
    if (!scanner.keepsChunk) chunk.fill("}");
  }
  const isWhole = whole > 0 && scanner.unfinishedBytes === 0;
  return { fault: fault ?? (isWhole ? undefined : "not whole"), rows, asMembers, others };
}

describe("members that are not looked at byte by byte", () => {
  it("are those of the whole text, wherever the chunks end", () => {
    fc.assert(
      fc.property(stream, sizes, (text, sizes) => {
        const bytes = Buffer.from(text);
        const whole = read(bytes, [bytes.length], false);
        const parts = read(bytes, sizes, true);
        expect(whole.fault).toBeUndefined();
        expect(parts.fault).toBeUndefined();
        expect(parts.rows).toEqual(whole.rows);
        expect(parts.others).toEqual(whole.others);
      }),
      { numRuns: 500 },
    );
  });

  it("are those of the whole text, or refused, where it is broken", () => {
    const breakage = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      drop: fc.nat({ max: 3 }),
      insert: fc.constantFrom("", "{", "}", "[", "]", ",", ":", '"', "\\", '},"', " ", "9", "x"),
    });
    fc.assert(
      fc.property(stream, sizes, breakage, (text, sizes, { at, drop, insert }) => {
        const place = Math.floor(at * text.length);
        const bytes = Buffer.from(text.slice(0, place) + insert + text.slice(place + drop));
        const whole = read(bytes, [bytes.length], false);
        const parts = read(bytes, sizes, true);
        if (parts.fault !== undefined) return;
        expect(whole.fault).toBeUndefined();
        expect(parts.rows).toEqual(whole.rows);
        expect(parts.others).toEqual(whole.others);
      }),
      { numRuns: 2000 },
    );
  });

  it("are most members of a long object", () => {
    const ids = Array.from(
      { length: 1000 },
      (_, at) => `${String(at).padStart(8, "0")}-0000-4000-8000-000000000000`,
    );
    const list = ids.map((id, at) => `"${id}":{"initial":{"name":"port ${at}","tag":${at}}}`);
    const bytes = Buffer.from(`{"id":7,"result":[false,"x",{"Port":{${list.join(",")}}}],"error":null}`);
    const { fault, rows, asMembers } = read(bytes, [bytes.length / 4], true);
    expect(fault).toBeUndefined();
    expect([...rows.keys()]).toEqual(ids.map((id) => `Port.${id}`));
    expect(asMembers).toBeGreaterThan(900);
  });

  it("count for the length of a message", () => {
    const list = Array.from(
      { length: 400 },
      (_, at) =>
        `"${String(at).padStart(8, "0")}-0000-4000-8000-000000000000":{"initial":{"s":"${"y".repeat(400)}"}}`,
    );
    const text = `{"id":7,"result":{"T":{${list.join(",")}}},"error":null}`;
    const scanner = new FrameScanner({ maxBytes: 100_000 });
    const members = { names, take: () => true };
    scanner.wantParts([{ prefix: Buffer.from('{"id":7,"result":'), depth: 3, take: () => true, members }]);
    expect(scanner.push(Buffer.from(text), () => true)).toContain("longer than 100000 bytes");
  });
});
