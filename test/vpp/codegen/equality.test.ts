import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ApiCodecs, type MessageModel, type RuntimeCodec } from "../../../src/vpp/schema/index.js";
import { type MessageCodec, Reader, Writer } from "../../../src/vpp/wire/index.js";
import { modelOf, releases, unlessMissing } from "../schema/api-files.js";
import { Values } from "../schema/values.js";
import { generate, loadTable, TemporaryDirectory, writeFiles } from "./generated.js";

describe.skipIf(releases.length === 0)(
  `generated code does what codecs made at run time do${unlessMissing}`,
  () => {
    const [newest = ""] = releases.slice(-1);
    test.each([
      ...releases.map((release) => ({ of: [release], addresses: "text" as const })),
      { of: [newest], addresses: "bytes" as const },
      // Of several releases an enumeration has the members of all: a number that has no name in one may have one here.
      { of: releases, addresses: "text" as const },
    ])(
      "every message of $of, addresses as $addresses",
      async ({ of, addresses }) => {
        using directory = new TemporaryDirectory();
        writeFiles(directory.path, generate(of, { addresses }));
        const table = await loadTable(directory.path);
        const values = new Values({ addresses, unknownMembers: of.length === 1 });
        const different: string[] = [];
        for (const release of of) {
          const model = modelOf(release);
          const codecs = new ApiCodecs(model, { addresses });
          for (const message of model.messages.values()) {
            const generated = table.find(message.name, message.crc);
            const runtime = codecs.message(message.name).unwrap();
            const difference =
              generated === undefined ? "not generated" : differs(message, generated, runtime, values);
            if (difference !== undefined) different.push(`${release} ${message.name}: ${difference}`);
          }
        }
        expect(different).toStrictEqual([]);
      },
      240_000,
    );
  },
);

/** In what two codecs of a message differ. */
function differs(
  message: MessageModel,
  generated: MessageCodec<unknown, unknown>,
  runtime: RuntimeCodec,
  values: Values,
): string | undefined {
  for (const fact of ["name", "layout", "size", "variable", "clientIndexAt", "contextAt"] as const) {
    if (generated[fact] !== runtime[fact]) return `${fact} is ${generated[fact]}, not ${runtime[fact]}`;
  }
  const outcome = fc.check(
    fc.property(values.message(message), (value) => {
      const [one, other] = [new Writer(), new Writer()];
      generated.encode(one, value, 1, 2, 3);
      runtime.encode(other, value, 1, 2, 3);
      if (!one.written().equals(other.written())) throw new Error("other bytes");
      const back = generated.decode(new Reader(one.written()));
      if (!isDeepStrictEqual(back, value)) throw new Error("other value");
    }),
    { numRuns: 5 },
  );
  return outcome.failed
    ? `${String(outcome.errorInstance)} ${fc.stringify(outcome.counterexample)}`
    : undefined;
}
