/**
 * The replica is what the server has, whatever happens: random schemas, transactions, conditions, disconnects, conversions
 * and kills, over real ovsdb-servers. `OVSDB_STEPS` makes the run longer, `OVSDB_SEED` plays one again.
 */
import process from "node:process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isArray } from "../../src/ovsdb/json.js";
import { startOvsdbCluster, startOvsdbServer } from "../support/openvswitch.js";
import { ReplicaRun, write, type Host, type Step, type Watch } from "./random/replica-run.js";
import { changedSchemas, schemas, tableNames, unbounded, type SchemaJson } from "./random/schemas.js";
import { seeds, transactions, wheres, type OperationJson } from "./random/transactions.js";

const steps = Number(process.env["OVSDB_STEPS"] ?? 240);
const stepsPerRun = 40;
const seed = Number(process.env["OVSDB_SEED"] ?? Date.now() % 1_000_000);

interface Run {
  readonly schema: SchemaJson;
  /** What is in it when the replica begins. */
  readonly first: readonly (readonly OperationJson[])[];
  readonly watch: Watch;
  readonly steps: readonly Step[];
}

function stepsOf(schema: SchemaJson, more: fc.MaybeWeightedArbitrary<Step>[]): fc.Arbitrary<Step> {
  const tables = fc.constantFrom(...tableNames);
  const conditions = tables.chain((table) => {
    const where = fc.oneof(
      fc.constant("all" as const),
      fc.constant("none" as const),
      wheres(schema, table)
        .map((clauses) => clauses.filter((clause) => !isArray(clause) || !String(clause[1]).match(/[<>]/u)))
        .filter((clauses) => clauses.length > 0),
    );
    return fc.record({ kind: fc.constant("conditions" as const), table: fc.constant(table), where });
  });
  const operations = transactions(schema);
  const transact = fc.record({ kind: fc.constant("transact" as const), operations });
  return fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    { weight: 12, arbitrary: transact },
    { weight: 3, arbitrary: conditions },
    { weight: 1, arbitrary: fc.constant({ kind: "disconnect" }) },
    { weight: 1, arbitrary: fc.constant({ kind: "reconnect" }) },
    ...more,
  );
}

const kill = { weight: 1, arbitrary: fc.constant<Step>({ kind: "kill" }) };

const convert = (schema: SchemaJson, fits: boolean) => ({
  weight: 1,
  arbitrary: changedSchemas(schema, fits).map((changed): Step => ({
    kind: "convert",
    schema: fits ? unbounded(changed) : changed,
  })),
});

/** ovsdb-server 3.1 dies now and then of weak references after a conversion. */
const hasWeak = (schema: SchemaJson): boolean => JSON.stringify(schema).includes('"weak"');

function runs(
  from: fc.Arbitrary<SchemaJson>,
  more: (schema: SchemaJson) => fc.MaybeWeightedArbitrary<Step>[],
): fc.Arbitrary<Run> {
  return from.chain((schema) =>
    fc.record({
      schema: fc.constant(schema),
      first: seeds(schema),
      watch: fc.constantFrom("listening", "looking"),
      steps: fc.array(stepsOf(schema, more(schema)), {
        minLength: stepsPerRun,
        maxLength: stepsPerRun,
        size: "max",
      }),
    }),
  );
}

async function play({ schema, first, watch, steps: given }: Run, host: Host): Promise<void> {
  for (const operations of first) await write(host, schema, operations);
  await using run = await ReplicaRun.open(host, schema, watch);
  for (const step of given) await run.play(step);
}

const isCi = process.env["CI"] !== undefined;

describe(`the replica is what the server has (seed ${seed})`, () => {
  const standaloneRuns = Math.max(1, Math.round((steps * 0.8) / stepsPerRun));
  it(
    `through ${standaloneRuns * stepsPerRun} random steps on single servers`,
    async () => {
      const property = fc.asyncProperty(
        runs(schemas, (schema) => (hasWeak(schema) ? [kill] : [kill, convert(schema, false)])),
        async (run) => {
          await using server = await startOvsdbServer({ schema: run.schema });
          await play(run, {
            remote: server.remote,
            writer: () => Promise.resolve(server.remote),
            disconnect: async () => void (await server.appctl("ovsdb-server/reconnect")),
            kill: async () => {
              await server.killServer();
              await server.startServer();
            },
          }).catch((error: unknown) => {
            // ovsdb-server 3.1 itself dies now and then, of conditions and of weak references: such a run tells nothing.
            fc.pre(!String(error).includes("ECONNREFUSED"));
            throw error;
          });
        },
      );
      await expect(
        fc.assert(property, { seed, numRuns: standaloneRuns, endOnFailure: isCi }),
      ).resolves.toBeUndefined();
    },
    60_000 + steps * 1000,
  );

  const clusterRuns = Math.max(1, Math.round((steps * 0.2) / stepsPerRun));
  it(
    `through ${clusterRuns * stepsPerRun} random steps on clusters whose leaders are killed`,
    async () => {
      const property = fc.asyncProperty(
        // A cluster whose rows do not fit never answers, and does not start again.
        runs(schemas.map(unbounded), (schema) => (hasWeak(schema) ? [kill] : [kill, convert(schema, true)])),
        async (run) => {
          await using cluster = await startOvsdbCluster({ schema: run.schema, electionMs: 200 });
          await play(run, {
            remote: cluster.remote,
            writer: async () => (await cluster.leader()).remote,
            disconnect: async () => {
              const leader = await cluster.leader();
              await leader.appctl("ovsdb-server/reconnect");
            },
            kill: async () => {
              const leader = await cluster.leader();
              await leader.kill();
              await leader.start();
            },
          });
        },
      );
      await expect(
        fc.assert(property, { seed, numRuns: clusterRuns, endOnFailure: isCi }),
      ).resolves.toBeUndefined();
    },
    60_000 + steps * 2000,
  );
});
