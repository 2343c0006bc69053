/**
 * This library: all rows decoded and kept up to date; or transactions.
 *
 * Arguments: REMOTE TASK, see benchmarks/ovsdb.ts for the tasks.
 */
import process from "node:process";
import {
  connectOvsdb,
  newUuid,
  openDatabase,
  operations,
  toUuid,
  zeroUuid,
  type Operation,
} from "../../src/ovsdb/index.js";
import { clock, measureReplica, type Done } from "../support/replica-result.js";

const [, , remote = "", task = "", first = "", second = "", third = ""] = process.argv;
const { update, insert, mutate } = operations();
const operation = "benchmark";
const firstItem = toUuid("00000000-0000-4000-8000-000000000000") ?? zeroUuid;

type Transact = (operations: readonly Operation[]) => Promise<unknown>;

const openBench = async () => (await openDatabase({ remote, database: "Bench" })).unwrap();
type Opened = Awaited<ReturnType<typeof openBench>>;

/** Every row of Bench, so many times in this process; the last time counts. */
async function sync(times: number): Promise<void> {
  for (let time = 1; time < times; time++) {
    await using database = await openBench();
    database.snapshot();
  }
  await measureReplica(async () => {
    const database = await openBench();
    return () => readItems(database);
  });
}

function readItems(database: Opened): Done {
  let rows = 0;
  let sum = 0;
  for (const { n, opts, tags } of database.table("Item")) {
    rows++;
    if (typeof n === "number" && opts instanceof Map && Array.isArray(tags))
      sum += n + opts.size + tags.length;
  }
  void database.close();
  return { rows, sum };
}

/** Every row of Bench, and what is changed in them until one says -1. */
async function replay(): Promise<void> {
  await measureReplica(async () => {
    const database = await openBench();
    const seen = await database.waitFor((at) => at.table("Item").get(firstItem)?.["n"] === -1, { operation });
    seen.unwrap();
    return () => readItems(database);
  });
}

const openSwitch = async () => (await openDatabase({ remote, database: "Open_vSwitch" })).unwrap();

/** Every column of every table of Open_vSwitch, so many times in this process; the last time counts. */
async function ports(times: number): Promise<void> {
  for (let time = 1; time < times; time++) {
    await using database = await openSwitch();
    database.snapshot();
  }
  await measureReplica(async () => {
    const database = await openSwitch();
    return () => {
      let rows = 0;
      let sum = 0;
      for (const { ofport, statistics } of database.table("Interface")) {
        rows++;
        if (typeof ofport === "number" && statistics instanceof Map) sum += ofport + statistics.size;
      }
      void database.close();
      return { rows: rows + database.table("Port").size, sum };
    };
  });
}

/** Notes how old each change is when it is told, until one says -1. */
async function untilEnd(database: Opened): Promise<() => Done> {
  const lags: number[] = [];
  await new Promise<void>((resolve) => {
    database.events.on("change", ({ rows }) => {
      const now = clock();
      for (const { new: row } of rows) {
        if (typeof row?.["n"] === "number" && row["n"] >= 0) lags.push(now - row["n"]);
        else resolve();
      }
    });
  });
  void database.close();
  return () => ({ rows: lags.length, sum: 0, lags });
}

/** Is told of changes until one says -1, from when all rows are in. */
async function follow(): Promise<void> {
  const database = await openBench();
  process.stdout.write("ready\n");
  return measureReplica(() => untilEnd(database));
}

/** Has `one` done so many times, so many of them under way. */
async function repeat(total: number, window: number, one: () => Promise<unknown>): Promise<() => Done> {
  let left = total;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: window }, worker));
  return () => ({ rows: total, sum: 0 });
}

/** Updates one row by its uuid, over and over. */
async function transact(): Promise<void> {
  await using client = (await connectOvsdb({ remote, database: "Bench" })).unwrap();
  const one = async () => {
    const all = [update("Item", [["_uuid", "==", firstItem]], { n: 1 })];
    return (await client.transact(all, { operation })).unwrap();
  };
  await repeat(Number(third), Number(second), one);
  await measureReplica(() => repeat(Number(first), Number(second), one));
}

/** Adds a port to the bridge with many and takes it away again; with or without a replica of everything. */
async function churn(): Promise<void> {
  const client =
    second === "replica"
      ? await openSwitch()
      : (await connectOvsdb({ remote, database: "Open_vSwitch" })).unwrap();
  const transact: Transact = async (all) => (await client.transact(all, { operation })).unwrap();
  let count = 0;
  const one = async () => {
    const name = `churn${count++}`;
    const [port, iface] = [newUuid(), newUuid()];
    const where = [["name", "==", "br0"]] as const;
    await transact([
      insert("Interface", { name, type: "internal" }, { uuid: iface }),
      insert("Port", { name, interfaces: [iface] }, { uuid: port }),
      mutate("Bridge", where, [["ports", "insert", [port]]]),
    ]);
    // The rows of a port that no bridge has go by themselves.
    await transact([mutate("Bridge", where, [["ports", "delete", [port]]])]);
  };
  await repeat(100, 1, one);
  await measureReplica(() => repeat(Number(first), 1, one));
  await client.close();
}

const times = first === "" ? 1 : Number(first);
if (task === "sync") await sync(times);
else if (task === "ports") await ports(times);
else if (task === "follow") await follow();
else if (task === "replay") await replay();
else if (task === "churn") await churn();
else await transact();
