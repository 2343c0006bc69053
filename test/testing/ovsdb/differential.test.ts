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

/** What is heard of a transaction, or of the beginning, and all rows then. */
interface Step {
  readonly heard: readonly unknown[];
  readonly rows: unknown;
}

async function play(remote: string, { monitor, changes }: Run): Promise<readonly Step[]> {
  using writer = await RawClient.connect(remote);
  using reader = await RawClient.connect(remote);
  const noted = (messages: readonly (Message | "closed")[]): unknown =>
    comparable(messages.map(tagged), chosenUuids);
  const select = async (): Promise<unknown> =>
    noted(await writer.request("transact", ["Random", ...everything]));
  const steps: Step[] = [
    { heard: [noted(await reader.request("monitor_cond", ["Random", "m", monitor]))], rows: await select() },
  ];
  for (const operations of changes) {
    const answer = noted(await writer.request("transact", ["Random", ...operations]));
    steps.push({ heard: [answer, noted(await reader.settled())], rows: await select() });
  }
  return steps;
}

/**
 * Whether a reference leads to a row that is not there. A transaction that changes a row and then deletes what the row
 * refers to weakly leaves the reference as it is, in ovsdb-server 3.1 and 3.7; RFC 7047 (section 3.2) has it taken out.
 */
function leadsNowhere({ rows }: Step): boolean {
  const there = new Set<unknown>();
  const mentioned = new Set<string>();
  const walk = (each: unknown): void => {
    if (typeof each === "string" && chosenUuids.has(each)) mentioned.add(each);
    if (isArray(each)) each.forEach(walk);
    if (!isObject(each)) return;
    if (isArray(each["_uuid"])) there.add(each["_uuid"][1]);
    Object.values(each).forEach(walk);
  };
  walk(rows);
  return [...mentioned].some((uuid) => !there.has(uuid));
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
          const bad = expected.findIndex(leadsNowhere);
          const most = bad < 0 ? expected.length : bad;
          expect(actual.slice(0, most)).toEqual(expected.slice(0, most));
        } finally {
          await real.stop();
        }
      }),
      { numRuns, endOnFailure: process.env["CI"] !== undefined },
    );
  },
  numRuns * 10_000,
);
