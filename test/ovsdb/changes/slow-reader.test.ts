/**
 * Readers of a change stream that cannot keep up lose nothing and cost no more memory than the rows that differ. `OVSDB_CHANGES`
 * says how many changes there are; a million show what memory is worth. `OVSDB_FIGURES` names a file for what was measured.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";

import type { DatabaseChange, Row } from "../../../src/ovsdb/index.js";
import { availableFlavours, startOvsdbServer } from "../../support/openvswitch.js";
import { RawClient } from "../../testing/ovsdb/raw-client.js";
import type { LabRows } from "../client-port.js";
import { openLab, type LabOpen } from "../lab-database.js";
import { labJson } from "../lab.js";

const { available, note } = availableFlavours().dummy;
const changes = Number(process.env["OVSDB_CHANGES"] ?? 25_000);
/** How many rows there are at a time: more than changes on their way, as a server makes one of those that wait of a row. */
const live = 1000;
const onTheirWay = 200;

const uuidAt = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;

/** The operations of the change `k`, which is told by the one row that it leaves with this `k`. */
function operationsOf(k: number): readonly object[] {
  const insert = { op: "insert", table: "Log", uuid: uuidAt(k), row: { k, msg: "new" } };
  if (k <= live) return [insert];
  // Rows k % live that are left alone for 10 rounds: each tenth round has a new row take the place of the old one.
  const round = Math.floor((k - 1) / live);
  const madeAt = k - (round % 10 === 0 ? 10 : round % 10) * live;
  const where = [["_uuid", "==", ["uuid", uuidAt(Math.max(madeAt, ((k - 1) % live) + 1))]]];
  if (round % 10 === 0) return [{ op: "delete", table: "Log", where }, insert];
  return [{ op: "update", table: "Log", where, row: { k, msg: `round ${round}` } }];
}

/** Makes the changes from one to another, many on their way at a time. */
async function write(remote: string, from: number, to: number): Promise<void> {
  using client = await RawClient.connect(remote);
  let sent = from - 1;
  const send = (): void => {
    if (sent === to) return;
    sent += 1;
    client.send({ id: sent, method: "transact", params: ["Lab", ...operationsOf(sent)] });
  };
  for (let n = 0; n < onTheirWay; n += 1) send();
  for (let answered = from; answered <= to; answered += 1) {
    await client.next();
    send();
  }
}

/** Reads a stream, and looks whether each change takes up where the one before left off. */
class Reader {
  changes = 0;
  reads = 0;
  merged = 0;
  readonly faults: string[] = [];
  readonly ks: number[] = [];
  readonly #stream;
  readonly #rows = new Map<string, Row>();
  #last;

  constructor(db: LabOpen) {
    this.#stream = db.changes();
    this.#last = this.#stream.start;
  }

  /** Reads until the stream ends, and waits between as it is told. */
  async read(pause: () => Promise<void>): Promise<void> {
    for await (const change of this.#stream) {
      this.#take(change);
      await pause();
    }
  }

  /** The rows, as the changes have told them. */
  get rows(): readonly Row[] {
    return [...this.#rows.values()];
  }

  #take({ kind, before, after, rows, count }: DatabaseChange<LabRows>): void {
    this.reads += 1;
    this.changes += count;
    if (count > 1) this.merged += 1;
    if (kind !== "update") this.faults.push(`change ${this.changes} is a ${kind}`);
    if (before !== this.#last) this.faults.push(`change ${this.changes} begins at another state`);
    this.#last = after;
    for (const { uuid, old, new: row } of rows) {
      if (this.#rows.get(uuid) !== old)
        this.faults.push(`change ${this.changes} has another old row ${uuid}`);
      if (row === undefined) this.#rows.delete(uuid);
      else this.#rows.set(uuid, row);
      if (row !== undefined && "k" in row && count === 1) this.ks.push(Number(row.k));
    }
  }
}

setFlagsFromString("--expose-gc");

function heapInUse(): number {
  runInNewContext("gc()");
  return process.memoryUsage().heapUsed;
}

/** Waits until the last of the changes is there, after all before it. */
async function untilThere(db: LabOpen, k: number): Promise<void> {
  const isThere = (): boolean => [...db.table("Log")].some((row) => Number(row.k) === k);
  await expect.poll(isThere, { timeout: 30_000, interval: 20 }).toBe(true);
}

const inOrder = (rows: Iterable<Row>): readonly Row[] =>
  [...rows].toSorted((a, b) => Number(a["k"]) - Number(b["k"]));

describe.skipIf(!available)(`readers of ${changes} changes${note}`, () => {
  it("lose none of them, and cost no more memory for being slow", { timeout: 60_000 + changes }, async () => {
    await using server = await startOvsdbServer({ schema: labJson });
    await using db = (await openLab(server.remote)).unwrap();
    const [quick, slow, asleep] = [new Reader(db), new Reader(db), new Reader(db)];
    let isOver = false;
    const quickly = quick.read(() => Promise.resolve());
    const slowly = slow.read(() => (isOver ? Promise.resolve() : delay(20)));

    // By then every stream has as many waiting as it keeps apart.
    const first = Math.min(changes, 20_000);
    const begun = performance.now();
    await write(server.remote, 1, first);
    await untilThere(db, first);
    const before = heapInUse();
    await write(server.remote, first + 1, changes);
    await untilThere(db, changes);
    const seconds = (performance.now() - begun) / 1000;
    const grown = heapInUse() - before;

    isOver = true;
    const sleeping = asleep.read(() => Promise.resolve());
    const rows = inOrder(db.table("Log"));
    await db.close();
    await Promise.all([quickly, slowly, sleeping]);

    for (const reader of [quick, slow, asleep]) {
      expect(reader.faults).toEqual([]);
      expect(reader.changes).toBe(db.health.changes);
      expect(inOrder(reader.rows)).toEqual(rows);
    }
    expect(rows).toHaveLength(Math.min(live, changes));
    // The quick one has seen each by itself: none is missing, none comes twice.
    expect(quick.merged).toBe(0);
    expect(quick.ks.toSorted((a, b) => a - b).findIndex((k, at) => k !== at + 1)).toBe(-1);
    expect(quick.ks).toHaveLength(changes);
    expect(asleep.merged).toBe(1);
    // A row of a change that waits takes some 500 bytes, what the quick one notes here 8.
    expect(grown).toBeLessThan(20_000_000 + changes * 40);

    const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);
    const readers = { quick, slow, asleep };
    const reads = Object.fromEntries(
      Object.entries(readers).map(([name, { reads, merged }]) => [name, { reads, merged }]),
    );
    const figures = {
      changes,
      notifications: quick.changes,
      seconds,
      grownMiB: mib(grown),
      rssMiB: mib(process.memoryUsage().rss),
      ...reads,
    };
    const file = process.env["OVSDB_FIGURES"];
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(figures)}\n`);
  });
});
