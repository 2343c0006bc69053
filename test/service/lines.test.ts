import { array, assert, integer, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { LineSplitter } from "../../src/service/lines.js";

const texts = (splitter: LineSplitter, chunks: readonly Buffer[]): readonly unknown[] =>
  [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()].map((line) => line.text ?? line);

describe("LineSplitter", () => {
  test("gives the same lines however the bytes are cut", () => {
    const line = string({ unit: "grapheme", minLength: 1 }).filter((text) => !/^\s*$|\n/u.test(text));
    assert(
      property(array(line), array(integer({ min: 1, max: 9 })), (lines, cuts) => {
        let rest = Buffer.from(lines.map((text) => `${text}\n`).join(""));
        const chunks: Buffer[] = [];
        for (const cut of cuts) {
          chunks.push(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        expect(texts(new LineSplitter(10_000), [...chunks, rest])).toEqual(lines);
      }),
    );
  });

  test("takes a last line without a newline, and skips empty ones", () => {
    expect(texts(new LineSplitter(99), [Buffer.from("\n\r\n{}\n \n[]")])).toEqual(["{}", "[]"]);
  });

  test("stops at a line over the limit, whether or not its end has come", () => {
    const tooLong = { fault: "a message is longer than 4 bytes, which is the limit here", last: true };
    expect(new LineSplitter(4).push(Buffer.from("1234\n12345\n1\n"))).toEqual([{ text: "1234" }, tooLong]);
    expect(new LineSplitter(4).push(Buffer.from("12345"))).toEqual([tooLong]);
  });

  test("goes on after a line that is not UTF-8", () => {
    const lines = new LineSplitter(99).push(Buffer.from([0xff, 0x0a, 0x31, 0x0a]));
    expect(lines).toEqual([{ fault: "a message is not UTF-8", last: false }, { text: "1" }]);
  });
});
