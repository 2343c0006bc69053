import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { FrameSplitter, headerBytes } from "../../../src/vpp/api/frame.js";

/** Splits what is pushed, and notes what comes out. */
function splitter(maxBytes?: number): {
  messages: string[];
  push(...chunks: Uint8Array[]): string | undefined;
} {
  const messages: string[] = [];
  let atHand: Buffer | undefined;
  const frames = new FrameSplitter(
    {
      chunk: (bytes) => {
        atHand = bytes;
      },
      message: (bytes, start, end) => {
        // Readers are loaded with the chunk; each message has to lie in it.
        expect(bytes).toBe(atHand);
        messages.push(bytes.toString("hex", start, end));
      },
    },
    maxBytes,
  );
  return {
    messages,
    push: (...chunks) => {
      let fault: string | undefined;
      for (const chunk of chunks) fault ??= frames.push(Buffer.from(chunk));
      return fault;
    },
  };
}

function frame(message: Uint8Array, header = 0xc0): Buffer {
  const bytes = Buffer.alloc(headerBytes + message.length, header);
  bytes.writeUInt32BE(message.length, 8);
  bytes.set(message, headerBytes);
  return bytes;
}

function announcing(length: number): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32BE(length, 8);
  return header;
}

describe("splitting the stream into messages", () => {
  test("any messages come out whole and in order, however the bytes are cut", () => {
    const messages = fc.array(fc.uint8Array({ minLength: 2, maxLength: 300 }), { maxLength: 20 });
    const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(messages, cuts, (sent, sizes) => {
        const stream = Buffer.concat(sent.map((message) => frame(message)));
        const chunks: Buffer[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        const split = splitter();
        expect(split.push(...chunks)).toBeUndefined();
        expect(split.messages).toStrictEqual(sent.map((message) => Buffer.from(message).toString("hex")));
      }),
    );
  });

  test("the first eight bytes and the last four of a header mean nothing: VPP sends a pointer there", () => {
    const split = splitter();
    split.push(frame(Buffer.from("0018"), 0xff), frame(Buffer.from("0019"), 0x00));
    expect(split.messages).toHaveLength(2);
  });

  test("a message that came whole is not copied", () => {
    const chunk = frame(Buffer.from("0018aabb", "hex"));
    let seen: Buffer | undefined;
    const frames = new FrameSplitter({ chunk: () => undefined, message: (bytes) => (seen = bytes) });
    frames.push(chunk);
    expect(seen).toBe(chunk);
  });

  test.each([0, 1])("a message of %d bytes has no id: the stream is wrong", (length) => {
    expect(splitter().push(announcing(length))).toContain("too few for a message id");
  });

  test("a message above the limit is refused on its announcement", () => {
    const split = splitter(1000);
    expect(split.push(frame(Buffer.alloc(1000)))).toBeUndefined();
    expect(split.push(announcing(1001))).toBe("a message of 1001 bytes was announced and the limit is 1000");
  });

  test("the announcement is refused also when it comes byte by byte", () => {
    const bytes = Array.from(announcing(0xffff_ffff), (byte) => Buffer.of(byte));
    expect(splitter().push(...bytes)).toContain("4294967295 bytes was announced");
  });

  test("an announcement alone costs no memory: room grows with what has come", () => {
    const before = process.memoryUsage().arrayBuffers;
    const split = splitter();
    split.push(announcing(60 * 1024 * 1024), Buffer.alloc(10));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 1024 * 1024);
  });
});
