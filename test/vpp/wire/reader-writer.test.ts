import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BoundsFault,
  EnumCodec,
  FieldFault,
  Reader,
  readU32,
  u32,
  u8,
  unionArm,
  Writer,
  writeU32,
} from "../../../src/vpp/wire/index.js";

const names = fc.string({ unit: "binary", maxLength: 80 }).map((text) => text.replaceAll("\0", ""));

describe("strings of fixed size", () => {
  const sizes = fc.integer({ min: 1, max: 64 });

  test("go there and back when they leave room for a NUL", () => {
    fc.assert(
      fc.property(names, sizes, (text, more) => {
        const size = Buffer.byteLength(text) + more;
        const writer = new Writer();
        writer.string(writer.reserve(size), size, text);
        expect(writer.written()).toHaveLength(size);
        expect(new Reader(writer.written()).string(0, size)).toBe(text);
      }),
    );
  });

  test("are refused when they leave none", () => {
    fc.assert(
      fc.property(names, sizes, (text, less) => {
        const size = Math.max(1, Buffer.byteLength(text) + 1 - less);
        const writer = new Writer();
        const at = writer.reserve(size);
        expect(() => writer.string(at, size, `${text}!`)).toThrow(FieldFault);
      }),
    );
  });

  test("end at their first NUL, whatever stands behind", () => {
    expect(new Reader(Buffer.from("dpdk\0junk")).string(0, 9)).toBe("dpdk");
    expect(new Reader(Buffer.from("abcdefgh")).string(0, 8)).toBe("abcdefgh");
    expect(new Reader(Buffer.alloc(64)).string(0, 64)).toBe("");
  });

  test("with bytes that are no UTF-8 are read with replacement characters", () => {
    expect(new Reader(Buffer.from([0x61, 0xff, 0x62, 0])).string(0, 4)).toBe("a\ufffdb");
  });

  test.each([
    ["a NUL inside", "a\0b", "a string without NUL"],
    ["half a surrogate pair", "a\ud800", "well-formed Unicode"],
    ["too many bytes in too few characters", "é".repeat(4), "a string of at most 7 bytes"],
  ])("%s is refused", (_what, text, expected) => {
    const writer = new Writer();
    expect(() => writer.string(writer.reserve(8), 8, text)).toThrow(expected);
  });
});

describe("strings of variable size", () => {
  test("have their length in bytes before them, and no NUL", () => {
    const writer = new Writer();
    writer.text("é!");
    expect(writer.written().toString("hex")).toBe("00000003c3a921");
    expect(new Reader(writer.written()).text()).toBe("é!");
  });

  test("announcing more than the message has are refused before anything is made", () => {
    expect(() => new Reader(Buffer.from("ffffffff6162", "hex")).text()).toThrow(BoundsFault);
  });

  test("may be long", () => {
    const writer = new Writer(16);
    const text = "vpp# show version\n".repeat(100_000);
    writer.text(text);
    expect(new Reader(writer.written()).text()).toBe(text);
  });
});

describe("lists", () => {
  test("announcing more items than the message has bytes are refused before anything is made", () => {
    expect(() => new Reader(Buffer.alloc(100)).list(0xffff_ffff, 4, readU32)).toThrow(BoundsFault);
    expect(() => new Reader(Buffer.alloc(100)).items(0xffff_ffff, 1, (reader) => reader.take(1))).toThrow(
      BoundsFault,
    );
    expect(() => new Reader(Buffer.alloc(100)).octets(101)).toThrow(BoundsFault);
  });

  test("of a fixed number of items take exactly that many", () => {
    const writer = new Writer();
    const at = writer.reserve(8);
    expect(() => writer.listAt(at, 2, 4, [1], writeU32)).toThrow("an array of 2 items");
    writer.listAt(at, 2, 4, [1, 2], writeU32);
    expect(writer.written().toString("hex")).toBe("0000000100000002");
  });
});

describe("a writer", () => {
  test("leaves nothing of what was written before behind or between what is written now", () => {
    const what = fc.oneof(names, fc.string({ unit: "binary", minLength: 60, maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(what, { minLength: 1, maxLength: 8 }), fc.nat(), (texts, some) => {
        const writer = new Writer(16);
        for (const text of texts) {
          const kept = writer.offset;
          const at = writer.reserve(700);
          try {
            writer.string(at, 64, text);
            writer.text(text);
          } catch {
            // What was too long is taken back with the rest.
          }
          writer.truncate(kept + (some % (writer.offset - kept)));
          expect(writer.bytes.subarray(writer.offset).every((byte) => byte === 0)).toBe(true);
        }
        writer.reset();
        expect(writer.bytes.every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  test("takes no more room for a text than its bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const written = text.replaceAll("\0", "");
        const writer = new Writer(16);
        writer.text(written);
        expect(writer.offset).toBe(4 + Buffer.byteLength(written));
        expect(writer.bytes.subarray(writer.offset).every((byte) => byte === 0)).toBe(true);
        expect(new Reader(writer.written()).text()).toBe(written);
      }),
    );
  });

  test("grows and keeps what was written", () => {
    const writer = new Writer(1);
    for (let i = 0; i < 1000; i++) {
      const at = writer.reserve(4);
      writer.view.setUint32(at, i);
    }
    expect(new Reader(writer.written()).list(1000, 4, readU32)).toStrictEqual(
      Array.from({ length: 1000 }, (_, i) => i),
    );
  });

  test("grows for bytes too", () => {
    const writer = new Writer(4);
    writer.octets(Buffer.from("counted bytes"));
    expect(writer.written().toString()).toBe("counted bytes");
  });

  test("refuses what no VPP could take", () => {
    expect(() => new Writer().reserve(65 * 1024 * 1024)).toThrow("a message of at most 67108864 bytes");
  });
});

describe("what is read", () => {
  test("does not change with the buffer that it was read from", () => {
    const buffer = Buffer.from([1, 2, 3, 4]);
    const copy = new Reader(buffer).octets(4);
    buffer.fill(0);
    expect(copy).toStrictEqual(Uint8Array.of(1, 2, 3, 4));
  });

  test("ends with the message, not with the chunk that it came in", () => {
    const reader = new Reader(Buffer.from("0000000100000002", "hex")).select(4, 8);
    expect(reader.view.getUint32(reader.take(4))).toBe(2);
    expect(() => reader.take(1)).toThrow("the message has 0 bytes left where 1 are announced");
  });
});

describe("enumerations", () => {
  const codec = new EnumCodec({ RED: 0, GREEN: 1, ALSO_GREEN: 1, FAR: 0xffff_ffff }, u32);

  test("are names where a member has the number, the first of several, and numbers where none has", () => {
    expect([0, 1, 2, 0xffff_ffff].map((value) => codec.read(value))).toStrictEqual([
      "RED",
      "GREEN",
      2,
      "FAR",
    ]);
  });

  test("are given as names or numbers", () => {
    const given = ["RED", "GREEN", "ALSO_GREEN", "FAR", 77] as const;
    expect(given.map((value) => codec.write(value))).toStrictEqual([0, 1, 1, 0xffff_ffff, 77]);
  });

  test("with many members are found all the same", () => {
    const members = Object.fromEntries(Array.from({ length: 3000 }, (_, value) => [`M${value}`, value]));
    const many = new EnumCodec(members, u32);
    expect(Object.keys(members).map((name) => many.read(many.write(name)))).toStrictEqual(
      Object.keys(members),
    );
  });

  test.each(["toString", "__proto__", "constructor", "BLUE"])("%s is no member", (name) => {
    const any: EnumCodec<string> = codec;
    expect(() => any.write(name)).toThrow("one of RED, GREEN, ALSO_GREEN, FAR, or a number");
  });

  test("refuse a number that does not fit", () => {
    expect(() => new EnumCodec({ A: 1 }, u8).write(256)).toThrow("an integer from 0 to 255");
  });
});

describe("an arm of a union that nothing discriminates", () => {
  const ip4 = unionArm<string>(
    16,
    (reader, at) => reader.ip4(at),
    (writer, at, value) => writer.ip4(at, value),
  );

  test("is made as the bytes of the whole union, zeros behind it, and read from them", () => {
    const union = ip4.encode("10.0.0.1");
    expect(Buffer.from(union).toString("hex")).toBe(`0a000001${"00".repeat(12)}`);
    expect(ip4.decode(union)).toBe("10.0.0.1");
  });

  test("is not read from fewer bytes", () => {
    expect(() => ip4.decode(new Uint8Array(4))).toThrow("a Uint8Array of 16 bytes");
  });
});
