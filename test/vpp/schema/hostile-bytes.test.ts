import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiCodecs } from "../../../src/vpp/schema/index.js";
import { decodeMessage, Reader, Writer } from "../../../src/vpp/wire/index.js";
import { modelOf, releases, unlessMissing } from "./api-files.js";
import { Values } from "./values.js";

const [newest = ""] = releases.slice(-1);

/** Whether bytes are read or refused as damaged; anything else is thrown. */
function isReadOrRefused(codec: Parameters<typeof decodeMessage>[0], bytes: Uint8Array): boolean {
  const outcome = decodeMessage(codec, new Reader(bytes));
  return outcome.isOk() || outcome.error.kind === "protocol";
}

describe.skipIf(releases.length === 0)(`bytes that no VPP sends${unlessMissing}`, () => {
  test("every message cut short anywhere is refused", () => {
    const codecs = new ApiCodecs(modelOf(newest));
    const values = new Values({ addresses: "text", unknownMembers: true });
    const wrong: string[] = [];
    for (const message of modelOf(newest).messages.values()) {
      const codec = codecs.message(message.name).unwrap();
      // Uncounted bytes take whatever is there.
      if (message.fields.some(({ shape }) => shape.kind === "rest")) continue;
      const [value = {}] = fc.sample(values.message(message), 1);
      const writer = new Writer();
      codec.encode(writer, value, 1, 2, 3);
      const whole = writer.written();
      const step = Math.max(1, whole.length >> 5);
      for (let size = 0; size < whole.length; size += step) {
        if (decodeMessage(codec, new Reader(whole.subarray(0, size))).isOk())
          wrong.push(`${message.name} of ${size} bytes`);
      }
    }
    expect(wrong).toStrictEqual([]);
  }, 60_000);

  test("any bytes are read or refused, by every message that has something variable", () => {
    const codecs = new ApiCodecs(modelOf(newest));
    const variable = [...modelOf(newest).messages.values()].filter(({ size }) => size.variable);
    expect(variable.length).toBeGreaterThan(100);
    fc.assert(
      fc.property(fc.constantFrom(...variable), fc.uint8Array({ maxLength: 400 }), ({ name }, bytes) => {
        expect(isReadOrRefused(codecs.message(name).unwrap(), bytes)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  }, 60_000);

  test("counts of four billion cost nothing", () => {
    const codecs = new ApiCodecs(modelOf(newest));
    const bytes = new Uint8Array(64).fill(0xff);
    const variable = [...modelOf(newest).messages.values()].filter(({ size }) => size.variable);
    const other = variable.filter(({ name }) => !isReadOrRefused(codecs.message(name).unwrap(), bytes));
    expect(other).toStrictEqual([]);
  });
});
