/**
 * Leaders are killed while several write: what was committed is there, once; what was refused is not; and what is called
 * unknown really was in doubt. `OVSDB_KILLS` says how often; `OVSDB_FIGURES` names a file for what was measured.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import { isArray, isObject } from "../../src/ovsdb/json.js";
import { operations } from "../../src/ovsdb/index.js";
import { availableFlavours, startOvsdbCluster, type OvsdbCluster } from "../support/openvswitch.js";
import { RawClient } from "../testing/ovsdb/raw-client.js";
import { openLab, type LabOpen } from "./lab-database.js";
import type { LabDatabase } from "./lab-rows.js";
import { labJson } from "./lab.js";

const { available, note } = availableFlavours().dummy;
const { insert } = operations<LabDatabase>();
const kills = Number(process.env["OVSDB_KILLS"] ?? 4);

type Member = OvsdbCluster["members"][number];
type Outcome = "committed" | "rejected" | "unknown";

/** Four that write until they are told to stop, each value of `k` once, and what they were told of it. */
class Load {
  readonly told = new Map<number, Outcome>();
  /** How often the counter was raised, as far as was told. */
  readonly raised = { committed: 0, unknown: 0 };
  #next = 1;
  #isOver = false;
  #writers: readonly Promise<void>[] = [];
  readonly #db: LabOpen;

  constructor(db: LabOpen) {
    this.#db = db;
  }

  start(): void {
    this.#isOver = false;
    this.#writers = [this.#sending(), this.#sending(), this.#transacting(), this.#counting()];
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#writers);
  }

  #take(): number {
    this.#next += 1;
    return this.#next;
  }

  /** Operations sent once: without an answer it is unknown whether they were done. */
  async #sending(): Promise<void> {
    while (!this.#isOver) {
      const k = this.#take();
      const sent = await this.#db.transact([insert("Log", { k })], { operation: "send", timeoutMs: 20_000 });
      if (sent.isOk()) this.told.set(k, "committed");
      else {
        const isUnknown = "outcome" in sent.error && sent.error.outcome === "unknown";
        this.told.set(k, isUnknown ? "unknown" : "rejected");
        await delay(5);
      }
    }
  }

  /** Transactions, which look for what was lost. */
  async #transacting(): Promise<void> {
    while (!this.#isOver) {
      const k = this.#take();
      const done = await this.#db.transaction((tx) => tx.insert("Log", { k }), {
        operation: "insert",
        timeoutMs: 30_000,
      });
      this.told.set(k, done.outcome);
    }
  }

  /** Transactions that read what they write and leave no trace of their own. */
  async #counting(): Promise<void> {
    while (!this.#isOver) {
      const done = await this.#db.transaction(
        (tx) => {
          const row = tx.table("Log").one("k", 0);
          if (row !== undefined) tx.set("Log", row._uuid, { msg: String(Number(row.msg) + 1) });
        },
        { operation: "count", timeoutMs: 30_000 },
      );
      if (done.outcome !== "rejected") this.raised[done.outcome] += 1;
    }
  }
}

/** The rows of Log as a member has them: how often each `k`, and the counter. */
async function stored(member: Member): Promise<{ times: Map<number, number>; counter: number }> {
  using client = await RawClient.connect(member.remote);
  const select = { op: "select", table: "Log", where: [], columns: ["k", "msg"] };
  const answer = (await client.request("transact", ["Lab", select])).at(-1);
  const [result] = isObject(answer) && isArray(answer["result"]) ? answer["result"] : [];
  const rows = isObject(result) && isArray(result["rows"]) ? result["rows"].filter(isObject) : [];
  const times = new Map<number, number>();
  for (const { k } of rows) times.set(Number(k), (times.get(Number(k)) ?? 0) + 1);
  return { times, counter: Number(rows.find(({ k }) => k === 0)?.["msg"]) };
}

/** Writes a row from beside, at the new leader, and gives after how long the replica has it. */
async function timeToSee(db: LabOpen, leader: Member, k: number): Promise<number> {
  const from = performance.now();
  using client = await RawClient.connect(leader.remote);
  await client.request("transact", ["Lab", { op: "insert", table: "Log", row: { k } }]);
  const seen = await db.waitFor((reader) => reader.table("Log").one("k", k), {
    operation: "see",
    timeoutMs: 30_000,
  });
  seen.unwrap();
  return performance.now() - from;
}

/** What was told of transactions that the server's rows contradict. */
function contradictions(load: Load, times: ReadonlyMap<number, number>): readonly string[] {
  return [...load.told].flatMap(([k, outcome]) => {
    const found = times.get(k) ?? 0;
    const allowed = { committed: [1], rejected: [0], unknown: [0, 1] }[outcome];
    return allowed.includes(found) ? [] : [`${k} is called ${outcome} and is there ${found} times`];
  });
}

describe.skipIf(!available)(`an open database whose cluster's leader is killed ${kills} times${note}`, () => {
  it(
    "loses nothing that was committed, does nothing twice, and is right soon after there is a new leader",
    { timeout: 60_000 + kills * 20_000 },
    async () => {
      await using cluster = await startOvsdbCluster({ schema: labJson, electionMs: 500 });
      await using db = (await openLab(cluster.remote, { indexes: { Log: { k: ["k"] } } })).unwrap();
      const load = new Load(db);
      (await db.transact([insert("Log", { k: 0, msg: "0" })], { operation: "test" })).unwrap();
      const markers = new Set<number>();
      const waits: number[] = [];
      for (let kill = 1; kill <= kills; kill += 1) {
        const killed = await cluster.leader();
        load.start();
        await delay(50 + Math.random() * 300);
        await killed.kill();
        const leader = await cluster.leader();
        waits.push(await timeToSee(db, leader, -kill));
        markers.add(-kill);
        await load.stop();
        await killed.start();
        await expect.poll(() => killed.role(), { timeout: 30_000 }).toBe("follower");

        const { times, counter } = await stored(await cluster.leader());
        expect(contradictions(load, times)).toEqual([]);
        const strangers = [...times.keys()].filter((k) => k !== 0 && !load.told.has(k) && !markers.has(k));
        expect(strangers).toEqual([]);
        expect(counter).toBeGreaterThanOrEqual(load.raised.committed);
        expect(counter).toBeLessThanOrEqual(load.raised.committed + load.raised.unknown);
        const own = new Map<number, number>();
        for (const { k } of db.table("Log")) own.set(Number(k), (own.get(Number(k)) ?? 0) + 1);
        expect(own).toEqual(times);
        expect(db.table("Log").one("k", 0)?.msg).toBe(String(counter));
      }
      const outcomes = [...load.told.values()];
      const count = (which: Outcome): number => outcomes.filter((each) => each === which).length;
      expect(count("committed")).toBeGreaterThan(kills);
      const sorted = waits.toSorted((a, b) => a - b).map(Math.round);
      const { fullLoads, fastResyncs, generation } = db.health;
      const figures = {
        kills,
        committed: count("committed"),
        rejected: count("rejected"),
        unknown: count("unknown"),
        raised: load.raised,
        msToSeeTheNewLeader: { median: sorted[sorted.length >> 1], most: sorted.at(-1) },
        health: { fullLoads, fastResyncs, generation },
      };
      const file = process.env["OVSDB_FIGURES"];
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(figures)}\n`);
    },
  );
});
