import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { FrameScanner, type FrameLimits } from "../../src/jsonrpc/frame-scanner.js";

interface Outcome {
  readonly values: unknown[];
  readonly fault: string | undefined;
  readonly scanner: FrameScanner;
}

/**
 * What a scanner makes of the chunks, one after the other, until one is faulty. A chunk that it does not keep is written
 * over, as by what is read next.
 */
function scan(chunks: readonly (string | Buffer)[], limits?: FrameLimits): Outcome {
  const scanner = new FrameScanner(limits);
  const values: unknown[] = [];
  for (const chunk of chunks) {
    const bytes = Buffer.from(chunk);
    const fault = scanner.push(bytes, (value) => values.push(value) > 0);
    if (!scanner.keepsChunk) bytes.fill("}");
    if (fault !== undefined) return { values, fault, scanner };
  }
  return { values, fault: undefined, scanner };
}

const values = (...chunks: readonly (string | Buffer)[]): unknown[] => {
  const { values, fault } = scan(chunks);
  expect(fault).toBeUndefined();
  return values;
};
const faultOf = (...chunks: readonly (string | Buffer)[]): string => scan(chunks).fault ?? "none";
const nested = (depth: number): string => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
/** `text` cut into pieces of one byte. */
const bytewise = (text: string): Buffer[] => Array.from(Buffer.from(text), (byte) => Buffer.of(byte));

describe("FrameScanner", () => {
  it("finds objects with nothing or white space between them", () => {
    expect(values('{"a":1}{"b":[2]} \t\r\n {"c":{}}\n')).toEqual([{ a: 1 }, { b: [2] }, { c: {} }]);
  });

  it("finds an object that comes byte by byte, with multi-byte characters and escapes cut apart", () => {
    const text = '{"größe":"網路😀","quote":"\\"}\\\\","u":"\\u00e9\\ud83d\\ude00"}{"next":"\\\\\\\\"}';
    expect(values(...bytewise(text))).toEqual([
      { größe: "網路😀", quote: '"}\\', u: "é😀" },
      { next: "\\\\" },
    ]);
  });

  it("gives an object as soon as its last byte has come", () => {
    const { values, scanner } = scan(['{"a":1}{"b":']);
    expect(values).toEqual([{ a: 1 }]);
    expect(scanner.unfinishedBytes).toBe(5);
  });

  it("keeps a chunk only for the long beginning of a text that goes on", () => {
    const long = "x".repeat(5000);
    const scanner = new FrameScanner();
    const keeps = (text: string): boolean => {
      scanner.push(Buffer.from(text), () => true);
      return scanner.keepsChunk;
    };
    expect(keeps(`{"a":"${long}"}`)).toBe(false);
    expect(keeps('{"a":1}{"b":')).toBe(false);
    expect(keeps(`"${long}`)).toBe(true);
    expect(keeps('"}')).toBe(false);
    const text = `{"a":"${long}","b":["${long}"]}`;
    expect(values(text.slice(0, 20), text.slice(20, 6000), text.slice(6000), "{}")).toEqual([
      { a: long, b: [long] },
      {},
    ]);
  });

  it("stops when the receiver has had enough", () => {
    const scanner = new FrameScanner();
    const received: unknown[] = [];
    scanner.push(Buffer.from('{"a":1}{"b":2}'), (value) => received.push(value) < 1);
    expect(received).toEqual([{ a: 1 }]);
  });

  it("reads integers exactly: bigint beyond ±(2^53 - 1), number within", () => {
    const text =
      '{"s":9007199254740991,"b":9007199254740992,"m":-9007199254740993,"max":9223372036854775807,' +
      '"min":-9223372036854775808,"beyond":[18446744073709551616],"sixteen":1234567890123456,"zero":-0}';
    expect(values(text)).toEqual([
      {
        s: 9007199254740991,
        b: 9007199254740992n,
        m: -9007199254740993n,
        max: 9223372036854775807n,
        min: -9223372036854775808n,
        beyond: [18446744073709551616n],
        sixteen: 1234567890123456,
        zero: -0,
      },
    ]);
  });

  it("leaves real numbers and digits in strings alone", () => {
    const text =
      '{"a":0.12345678901234567,"b":12345678901234567.0,"c":12345678901234567e1,"d":1e+1234567890123456,' +
      '"e":9.22337203685478e+18,"f":"12345678901234567","g":1e400,"12345678901234567":1,"h":1E-1234567890123456}';
    expect(values(text)).toEqual([JSON.parse(text)]);
  });

  it("makes Infinity of an integer that no double can hold, as of a real", () => {
    expect(values(`{"a":${"9".repeat(400)}}`)).toEqual([{ a: Infinity }]);
    expect(values(`{"a":${"9".repeat(309)}}`)).toEqual([{ a: BigInt("9".repeat(309)) }]);
  });

  it("finds big integers behind every kind of name", () => {
    const names = ["__proto__", "constructor", "", "7", "ö網", 'a"b', "a\\", '\\"', "\n", "[0]", "length"];
    const members = names.map((name) => `${JSON.stringify(name)}:9007199254740993`).join(",");
    const expected = new Map(names.map((name) => [name, 9007199254740993n]));
    for (const chunks of [[`{"x":{${members}}}`], bytewise(`{"x":{${members}}}`)]) {
      const [value] = values(...chunks);
      const inner = value !== null && typeof value === "object" && "x" in value ? value.x : {};
      expect(new Map(Object.entries(inner ?? {}))).toEqual(expected);
    }
    expect(Object.getPrototypeOf({})).not.toHaveProperty("x");
  });

  it("finds them in time that grows with the text, whatever is in the names", () => {
    const name = String.raw`\"\\`.repeat(200_000);
    const read = '"\\'.repeat(200_000);
    const text = `{"${name}":[9007199254740993,{"${name}":9007199254740993}]}`;
    expect(values(text)).toEqual([{ [read]: [9007199254740993n, { [read]: 9007199254740993n }] }]);
  });

  it("takes the last of several members of one name", () => {
    expect(values('{"a":9007199254740993,"a":1}')).toEqual([{ a: 1 }]);
    expect(values('{"a":1,"a":9007199254740993}')).toEqual([{ a: 9007199254740993n }]);
    expect(values('{"a":9007199254740993,"a":9007199254740995}')).toEqual([{ a: 9007199254740995n }]);
    expect(values('{"a":[9007199254740993],"a":[[]]}')).toEqual([{ a: [[]] }]);
    expect(values('{"a":{"b":9007199254740993},"a":9007199254740993}')).toEqual([{ a: 9007199254740993n }]);
    expect(values('{"a":{"b":9007199254740993},"a":null}')).toEqual([{ a: null }]);
  });

  it("begins anew after each object", () => {
    const text = '{"a":[[1,9007199254740993]],"b":"x\\"y"}';
    expect(values(...bytewise(text + text), text)).toEqual(
      Array.from({ length: 3 }, () => ({ a: [[1, 9007199254740993n]], b: 'x"y' })),
    );
  });

  it.each([
    ["a closing bracket too many", '{"a":1}}', /between two messages it sent "}"/],
    ["a comma between messages", '{"a":1},{"b":2}', /between two messages it sent ",/],
    ["text between messages", '{"a":1}OK', /between two messages it sent "OK"/],
    ["an array", '[{"a":1}]', /not an OVSDB server.*a JSON array is no JSON-RPC/],
    ["a string", '"hello"', /not an OVSDB server.*began with/],
    ["an HTTP server", "HTTP/1.1 400 Bad Request\r\n", /not an OVSDB server.*it is an HTTP server/],
    ["a TLS server", Buffer.from("15030100020246", "hex"), /not an OVSDB server.*it speaks TLS: use ssl:/],
    ["an SSH server", "SSH-2.0-OpenSSH_9.2\r\n", /not an OVSDB server.*SSH server/],
    ["an OpenFlow switch", Buffer.from("0400000800000001", "hex"), /not an OVSDB server.*OpenFlow/],
    ["NUL bytes", Buffer.alloc(16), /not an OVSDB server.*began with/],
    ["brackets that do not match", '{"a":[1}]', /a message is not JSON/],
    ["a number that is none", '{"a":1234567890123456789x}', /a message is not JSON/],
    ["a leading zero", '{"a":01234567890123456789}', /a message is not JSON/],
    ["a number as a name", "{1234567890123456789:1}", /a message is not JSON/],
    ["a raw control character", '{"a":"\x01"}', /a message is not JSON/],
    [
      "bytes that are not UTF-8",
      Buffer.from('{"a":"\xff"}', "latin1"),
      /a message is not JSON: it is not UTF-8/,
    ],
  ])("refuses %s", (_name, text, fault) => {
    expect(faultOf(text)).toMatch(fault);
  });

  it("refuses bytes that are not UTF-8 in a long message too, and takes U+FFFD in both", () => {
    const long = "x".repeat(10_000);
    expect(faultOf(Buffer.from(`{"a":"\xff${long}"}`, "latin1"))).toMatch(/it is not UTF-8/);
    expect(values('{"a":"\ufffd"}', `{"a":"\ufffd${long}"}`)).toEqual([
      { a: "\ufffd" },
      { a: `\ufffd${long}` },
    ]);
  });

  it("gives what came before the fault", () => {
    const { values, fault } = scan(['{"a":1}{"b":2}junk{"c":3}']);
    expect(values).toEqual([{ a: 1 }, { b: 2 }]);
    expect(fault).toMatch(/"junk/);
  });

  it("takes 1000 levels, which is Open vSwitch's limit, and not one more", () => {
    expect(values(nested(1000))).toHaveLength(1);
    expect(faultOf(nested(1001))).toMatch(/more than 1000 deep/);
    expect(faultOf("{".repeat(1001))).toMatch(/more than 1000 deep/);
  });

  it("refuses a message that is too long as soon as it is, not when it ends", () => {
    const limits = { maxBytes: 10 };
    expect(scan(['{"a":"12"}'], limits).fault).toBeUndefined();
    expect(scan(['{"a":"123"}'], limits).fault).toMatch(/longer than 10 bytes/);
    expect(scan(['{"a":', '"12345'], limits).fault).toMatch(/longer than 10 bytes/);
    expect(scan(['{"a":1}{"b":1}{"c":1}'], limits).values).toHaveLength(3);
  });

  it("looks at each byte of a long text once: from its beginning for each chunk would take an hour", () => {
    const row = '{"msg":"' + "x".repeat(1000) + '"}';
    const text = Buffer.from(`{"id":1,"result":[${Array.from({ length: 30_000 }, () => row).join(",")}]}`);
    const chunks: Buffer[] = [];
    for (let at = 0; at < text.length; at += 1000) chunks.push(text.subarray(at, at + 1000));
    const { fault, values } = scan(chunks);
    expect([fault, values.length]).toEqual([undefined, 1]);
  });

  it("keeps a text of very many tiny chunks together", () => {
    const text = JSON.stringify({ a: "x".repeat(150_000), b: "y".repeat(5000) });
    const chunks = [
      ...bytewise(text.slice(0, 140_000)),
      text.slice(140_000, 152_000),
      ...bytewise(text.slice(152_000)),
    ];
    expect(scan(chunks)).toMatchObject({ fault: undefined, values: [JSON.parse(text)] });
  });
});

/** A JSON value as text in one of its many spellings, and as what must come out. */
interface Spelled {
  readonly text: string;
  readonly value: unknown;
}

const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/);
const character = fc.oneof(
  fc.constantFrom(
    '"',
    "\\",
    "/",
    "\n",
    "\u0001",
    "\u007f",
    "é",
    "網",
    "😀",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "1",
  ),
  fc.string({ minLength: 1, maxLength: 1 }),
);
const spelledString: fc.Arbitrary<{ text: string; value: string }> = fc
  .array(fc.tuple(character, fc.boolean()), { maxLength: 24 })
  .map((characters) => ({
    value: characters.map(([one]) => one).join(""),
    text: `"${characters.map(([one, escape]) => (escape ? escaped(one) : JSON.stringify(one).slice(1, -1))).join("")}"`,
  }));
const escaped = (text: string): string =>
  text.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

const spelledNumber: fc.Arbitrary<Spelled> = fc.oneof(
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(spelledInteger),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }).map(spelledInteger),
  fc.integer().map((value) => spelledInteger(BigInt(value))),
  fc
    .stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?$/)
    .filter((text) => /[.eE]/.test(text))
    .map((text) => ({ text, value: Number(text) })),
);

function spelledInteger(integer: bigint): Spelled {
  const number = Number(integer);
  return { text: String(integer), value: Number.isSafeInteger(number) ? number : integer };
}

const { spelled } = fc.letrec<{ spelled: Spelled }>((tie) => ({
  spelled: fc.oneof(
    { depthSize: "small" },
    spelledNumber,
    spelledString,
    fc.constantFrom(
      { text: "null", value: null },
      { text: "true", value: true },
      { text: "false", value: false },
    ),
    fc.tuple(space, fc.array(fc.tuple(tie("spelled"), space), { maxLength: 5 })).map(([before, items]) => ({
      text: `[${before}${items.map(([{ text }, after]) => text + after).join(`,${before}`)}]`,
      value: items.map(([{ value }]) => value),
    })),
    spelledObject(tie("spelled")),
  ),
}));

function spelledObject(member: fc.Arbitrary<Spelled>): fc.Arbitrary<Spelled> {
  const name = fc.oneof(spelledString, fc.constantFrom(...["__proto__", "7", "a"].map(quoted)));
  const members = fc.uniqueArray(fc.tuple(name, space, member, space), {
    maxLength: 5,
    selector: ([{ value }]) => value,
  });
  return fc.tuple(space, members).map(([before, all]) => ({
    text: `{${before}${all.map(([{ text }, between, one, after]) => `${text}${between}:${between}${one.text}${after}`).join(`,${before}`)}}`,
    value: Object.fromEntries(all.map(([{ value }, , one]) => [value, one.value])),
  }));
}

function quoted(value: string): { text: string; value: string } {
  return { text: JSON.stringify(value), value };
}

/** `bytes` cut at the given fractions of its length. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = places.map((place) => Math.floor(place * bytes.length)).toSorted((a, b) => a - b);
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end));
}

describe("FrameScanner, for every text however it is cut", () => {
  const texts = fc.array(fc.tuple(spelledObject(spelled), space), { minLength: 1, maxLength: 4 });
  const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

  it("gives the values that were written", () => {
    fc.assert(
      fc.property(texts, places, (objects, cuts) => {
        const bytes = Buffer.from(objects.map(([{ text }, after]) => text + after).join(""));
        const expected = objects.map(([{ value }]) => value);
        expect(values(...cut(bytes, cuts))).toStrictEqual(expected);
        expect(values(...Array.from(bytes, (byte) => Buffer.of(byte)))).toStrictEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("finds in arbitrary bytes just what trying every length finds, and throws never", () => {
    const noise = fc.array(fc.constantFrom(...'{ } [ ] " , : \\ u e 1 0 . - é'.split(" "), " ", "\n"), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(noise, places, (pieces, cuts) => {
        const text = `{${pieces.join("")}`;
        const { values, fault, scanner } = scan(cut(Buffer.from(text), cuts));
        expect({ values, hasRest: fault !== undefined || scanner.unfinishedBytes > 0 }).toEqual(
          splitSlowly(text),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

/** The objects at the beginning of `text`, and whether anything follows them. */
function splitSlowly(text: string): { readonly values: unknown[]; readonly hasRest: boolean } {
  const values: unknown[] = [];
  let rest = text.trimStart();
  for (let length = 1; length <= rest.length; length++) {
    const value = rest.startsWith("{") ? parsed(rest.slice(0, length)) : undefined;
    if (value === undefined) continue;
    values.push(value);
    rest = rest.slice(length).trimStart();
    length = 0;
  }
  return { values, hasRest: rest !== "" };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
