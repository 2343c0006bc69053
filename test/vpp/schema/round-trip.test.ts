import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiCodecs } from "../../../src/vpp/schema/index.js";
import { decodeMessage, encodeMessage, Reader, Writer } from "../../../src/vpp/wire/index.js";
import { modelOf, releases, unlessMissing } from "./api-files.js";
import { messageSize } from "./size.js";
import { type Addresses, Values } from "./values.js";

const header = { id: 0x1234, clientIndex: 0x8000_0001, context: 0x7654_3210 };

describe.skipIf(releases.length === 0)(
  `every message of every release goes there and back${unlessMissing}`,
  () => {
    const cases = releases.flatMap((release) =>
      (["text", "bytes"] as const).map((addresses) => ({ release, addresses })),
    );

    test.each(cases)(
      "$release, addresses as $addresses",
      ({ release, addresses }) => {
        const broken = brokenMessages(release, addresses);
        expect(broken).toStrictEqual([]);
      },
      120_000,
    );
  },
);

/** The messages of which some value comes back as another, or has another size than its definition says. */
function brokenMessages(release: string, addresses: Addresses): readonly string[] {
  const model = modelOf(release);
  const codecs = new ApiCodecs(model, { addresses });
  const values = new Values({ addresses, unknownMembers: true });
  const writer = new Writer();
  const broken: string[] = [];
  for (const message of model.messages.values()) {
    const codec = codecs.message(message.name).unwrap();
    const outcome = fc.check(
      fc.property(values.message(message), (value) => {
        writer.reset();
        const size = encodeMessage(codec, value, header, writer).unwrap();
        const back = decodeMessage(codec, new Reader(writer.written())).unwrap();
        return size === messageSize(message, value) && isDeepStrictEqual(back, value);
      }),
      { numRuns: 10 },
    );
    if (outcome.failed)
      broken.push(
        `${message.name}: ${fc.stringify(outcome.counterexample)} ${String(outcome.errorInstance)}`,
      );
  }
  return broken;
}
