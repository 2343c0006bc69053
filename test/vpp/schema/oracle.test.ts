import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiCodecs } from "../../../src/vpp/schema/index.js";
import { decodeMessage, Reader, Writer } from "../../../src/vpp/wire/index.js";
import { modelOf, releases, unlessMissing } from "./api-files.js";
import { Oracle } from "./oracle.js";
import { Values } from "./values.js";

describe.skipIf(releases.length === 0)(
  `binary-parser agrees on what every message means${unlessMissing}`,
  () => {
    test.each(releases)(
      "%s",
      (release) => {
        const model = modelOf(release);
        const codecs = new ApiCodecs(model);
        const values = new Values({ addresses: "text", unknownMembers: true });
        const oracle = new Oracle();
        const different: string[] = [];
        for (const message of model.messages.values()) {
          const codec = codecs.message(message.name).unwrap();
          for (const value of fc.sample(values.message(message), 2)) {
            const writer = new Writer();
            codec.encode(writer, value, 1, 2, 3);
            const bytes = writer.written();
            const ours = decodeMessage(codec, new Reader(bytes)).unwrap();
            const theirs = oracle.decode(message, bytes);
            if (!isDeepStrictEqual(ours, theirs))
              different.push(`${message.name}: ${fc.stringify([ours, theirs])}`);
          }
        }
        expect(different).toStrictEqual([]);
      },
      120_000,
    );
  },
);
