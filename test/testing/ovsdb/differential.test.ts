/** The server of this library and a real ovsdb-server do the same random things, and come to the same. */
import * as fc from "fast-check";
import process from "node:process";
import { expect, it } from "vitest";

import { isArray, isObject } from "../../../src/ovsdb/json.js";
import { OvsdbServer } from "../../../src/testing/index.js";
import { schemas, type SchemaJson } from "../../ovsdb/random/schemas.js";
import {
  chosenUuids,
  monitorRequests,
  transactions,
  type OperationJson,
} from "../../ovsdb/random/transactions.js";
import { startOvsdbServer } from "../../support/openvswitch.js";
import { comparable, RawClient, type Message } from "./raw-client.js";

interface Run {
  readonly schema: SchemaJson;
  readonly monitor: Readonly<Record<string, unknown>>;
  readonly changes: readonly (readonly OperationJson[])[];
}

const runs: fc.Arbitrary<Run> = schemas.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    monitor: monitorRequests(schema),
    changes: fc.array(transactions(schema), { minLength: 10, maxLength: 30 }),
  }),
);

const everything = ["A", "B", "C"].map((table) => ({ op: "select", table, where: [] }));

/** A message in which an error is its tag: the words may differ in what is the server's own business. */
function tagged(message: Message | "closed"): unknown {
  if (message === "closed") return message;
  const { id, error, result } = message;
  if (isObject(error)) return { id, error: error["error"] };
  if (!isArray(result)) return message;
  return result.map((each) => (isObject(each) && "error" in each ? { error: each["error"] } : each));
}

/** All that is heard while a run is played. */
async function play(remote: string, { monitor, changes }: Run): Promise<readonly unknown[]> {
  using writer = await RawClient.connect(remote);
  using reader = await RawClient.connect(remote);
  const heard: unknown[] = [];
  const note = (messages: readonly (Message | "closed")[]): void =>
    void heard.push(comparable(messages.map(tagged), chosenUuids));
  note(await reader.request("monitor_cond", ["Random", "m", monitor]));
  for (const operations of changes) {
    note(await writer.request("transact", ["Random", ...operations]));
    note(await reader.settled());
    note(await writer.request("transact", ["Random", ...everything]));
  }
  return heard;
}

const numRuns = Number(process.env["OVSDB_RUNS"] ?? 12);

it(
  "answers, monitors and rows are the same after random transactions on random schemas",
  async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        const real = await startOvsdbServer({ schema: run.schema });
        try {
          await using ours = await OvsdbServer.start({ schemas: [run.schema] });
          const [expected, actual] = [await play(real.remote, run), await play(ours.remote, run)];
          for (const [at, each] of expected.entries())
            expect({ at, heard: actual[at] }).toEqual({ at, heard: each });
        } finally {
          await real.stop();
        }
      }),
      { numRuns, endOnFailure: process.env["CI"] !== undefined },
    );
  },
  numRuns * 10_000,
);
