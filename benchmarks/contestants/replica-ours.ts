/**
 * This library: all rows decoded and kept up to date; or transactions on one connection.
 *
 * Arguments: REMOTE sync | REMOTE transact COUNT WINDOW
 */
import process from "node:process";
import {
  connectOvsdb,
  openDatabase,
  operations,
  toUuid,
  zeroUuid,
  type OvsdbClient,
} from "../../src/ovsdb/index.js";
import { measureReplica, warmUp } from "../support/replica-result.js";

const [, , remote = "", task = "", count = "0", window = "1"] = process.argv;
const { update } = operations();

async function sync() {
  await using database = (await openDatabase({ remote, database: "Bench" })).unwrap();
  let rows = 0;
  let sum = 0;
  for (const { n, opts, tags } of database.table("Item")) {
    rows++;
    if (typeof n === "number" && opts instanceof Map && Array.isArray(tags))
      sum += n + opts.size + tags.length;
  }
  return { rows, sum };
}

/** Updates one row by its uuid, over and over. */
async function transact(client: OvsdbClient, total: number) {
  const row = toUuid("00000000-0000-4000-8000-000000000000") ?? zeroUuid;
  let left = total;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const one = [update("Item", [["_uuid", "==", row]], { n: 1 })];
      (await client.transact(one, { operation: "benchmark" })).unwrap();
    }
  };
  await Promise.all(Array.from({ length: Number(window) }, worker));
  return { rows: total, sum: 0 };
}

if (task === "sync") await measureReplica(sync);
else {
  await using client = (await connectOvsdb({ remote, database: "Bench" })).unwrap();
  await transact(client, warmUp);
  await measureReplica(() => transact(client, Number(count)));
}
