import { Ok, type Result } from "../../../src/core/result.js";
import { openDatabase, operations } from "../../../src/ovsdb/index.js";
import { uuidOf } from "../lab.js";
import { plainly } from "./plainly.js";

/** What is recorded: small, as each session is played once for every byte of it. */
export const recordedSchema = {
  name: "Rec",
  version: "1.0.0",
  tables: {
    T: {
      isRoot: true,
      indexes: [["k"]],
      columns: {
        k: { type: "integer" },
        s: { type: { key: "string", min: 0 } },
        set: { type: { key: "integer", min: 0, max: "unlimited" } },
        map: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        r: { type: "real" },
        ref: { type: { key: { type: "uuid", refTable: "T", refType: "weak" }, min: 0 } },
      },
    },
  },
};

const convertedSchema = {
  ...recordedSchema,
  version: "1.1.0",
  tables: {
    T: { isRoot: true, columns: { k: { type: "integer" }, extra: { type: "string" } } },
  },
};

const { deleteRows, insert, mutate, update } = operations();
const first = uuidOf("11111111-0000-4000-8000-000000000001");
const second = uuidOf("11111111-0000-4000-8000-000000000002");
const options = { operation: "test", timeoutMs: 20_000 };

/** How the database is opened that is recorded. */
type Options = Partial<Parameters<typeof openDatabase>[0]>;

async function openRecorded(remote: string, given: Options = {}) {
  const opened = await openDatabase({
    remote,
    database: "Rec",
    timeoutMs: 20_000,
    ...given,
  });
  return opened.unwrap();
}

type RecordedDatabase = Awaited<ReturnType<typeof openRecorded>>;

/** Sends a request to the server from beside. */
export type Send = (method: string, params: readonly unknown[]) => Promise<void>;

/** Where a scenario is played: at a server, or against what was recorded there. */
export interface Stage {
  /** The remote to open the database at. */
  readonly remote: string;
  /** What others do to the server. A recording has what came of it. */
  others(act: (send: Send) => Promise<void>): Promise<void>;
  until(what: () => boolean): Promise<void>;
  /** Waits for what the server still has to say. */
  end(): Promise<void>;
}

/** A scenario under way. */
interface Play {
  readonly db: RecordedDatabase;
  readonly others: (act: (send: Send) => Promise<void>) => Promise<void>;
  readonly until: (what: () => boolean) => Promise<void>;
  /** Notes what a call gave. */
  readonly note: (given: Result<unknown, unknown>) => void;
}

export interface Scenario {
  readonly name: string;
  /** What is to serve it. */
  readonly server: "standalone" | "without monitor_cond" | "cluster";
  readonly options?: Options;
  readonly run: (play: Play) => Promise<void>;
}

/** Plays a scenario, and gives all that its user saw: what calls gave, each change, and how it ended. */
export async function play({ run, options: given }: Scenario, stage: Stage): Promise<string> {
  await using db = await openRecorded(stage.remote, given);
  const seen: unknown[] = [{ start: [...db.table("T")] }];
  db.events.on("change", ({ kind, rows }) => seen.push({ kind, rows }));
  await run({
    db,
    others: (act) => stage.others(act),
    until: (what) => stage.until(what),
    note: (given) => void seen.push(given.isOk() ? { ok: given.value } : { error: given.error }),
  });
  await stage.end();
  const { state, generation, fullLoads, fastResyncs, changes, server } = db.health;
  seen.push({ end: [...db.table("T")], state, generation, fullLoads, fastResyncs, changes, server });
  return plainly(seen);
}

const row = (k: number) => ({ op: "insert", table: "T", row: { k } });
const hasRow = (db: RecordedDatabase, k: number) => () => [...db.table("T")].some((each) => each["k"] === k);

async function changeRows({ db, note }: Play): Promise<void> {
  const given = { k: 1, s: "é😀\u2028", set: [1, 2], map: new Map([["a", "1"]]), r: 0.5, ref: first };
  note(await db.transact([insert("T", given, { uuid: first })], options));
  const changes = { k: 9_223_372_036_854_775_807n, s: null, set: [2, 3], r: -1e-7 };
  note(await db.transact([update("T", [["_uuid", "==", first]], changes)], options));
  const mutation = mutate("T", [["_uuid", "==", first]], [["map", "insert", new Map([["b", '"}]\\']])]]);
  note(await db.transact([mutation, insert("T", { k: 2, ref: first }, { uuid: second })], options));
  note(await db.transact([insert("T", { k: 2 })], options));
  note(await db.transact([deleteRows("T", [["_uuid", "==", first]])], options));
}

async function convert({ db, note, others, until }: Play): Promise<void> {
  note(await db.transact([insert("T", { k: 1 }, { uuid: first })], options));
  await others((send) => send("convert", ["Rec", convertedSchema]));
  await until(() => db.health.generation === 2);
  note(await db.transact([update("T", [], { extra: "new" })], options));
}

export const scenarios: readonly Scenario[] = [
  {
    name: "changes",
    server: "standalone",
    run: async (play) => {
      const { db, note, others, until } = play;
      await changeRows(play);
      await others((send) => send("transact", ["Rec", row(3), row(4)]));
      await until(hasRow(db, 4));
      note(await db.setConditions("T", [["k", "<", 4]], options));
      note(await db.setConditions("T", "all", options));
      note(await db.port.call("nonsense", [], options));
    },
  },
  {
    name: "locks-and-echo",
    server: "standalone",
    run: async ({ db, note, others, until }) => {
      const lock = (await db.lock("l", options)).unwrap();
      const told: string[] = [];
      lock.events.on("lost", (why) => void told.push(why)).on("acquired", () => void told.push("acquired"));
      await others(async (send) => {
        await send("steal", ["l"]);
        await send("unlock", ["l"]);
      });
      await until(() => told.length === 2);
      note(Ok(told));
      await lock.release();
      // The server asks for a sign of life after 5 s.
      await others(() => new Promise((resolve) => void setTimeout(resolve, 5_500)));
    },
  },
  { name: "conversion", server: "standalone", run: convert },
  { name: "conversion-unaware", server: "standalone", options: { changeAware: false }, run: convert },
  { name: "without-conditions", server: "without monitor_cond", run: changeRows },
  {
    name: "cluster",
    server: "cluster",
    run: async (play) => {
      const { db, others, until } = play;
      await changeRows(play);
      db.forceReconnect();
      await until(() => db.health.generation === 2);
      await others((send) => send("transact", ["Rec", row(5)]));
      await until(hasRow(db, 5));
    },
  },
];
