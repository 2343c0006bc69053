import { join } from "node:path";
import { startOvsdbServer } from "../../test/support/openvswitch.js";
import { checkSame, lags, report } from "./replica-report.js";
import { lastChange } from "./replica-result.js";
import { fill, fillPorts, rewrite, schema, switchSchemaFile, write } from "./replica-servers.js";
import { interleave, print, turn, type Programs, type Turn } from "./replica-turns.js";
import { record, Replay } from "./replay.js";

const ours = "vswitch-drivers";
const limit = "drain + JSON.parse";
const bare = "bare socket";

/** Has V8 keep its young generation at 8 MiB, where it would grow to 32. */
const smallNursery = "--max-semi-space-size=4";

/** What one section is measured with. */
export interface Bench {
  readonly programs: Programs;
  readonly rounds: number;
  readonly document: Record<string, unknown>;
}

/** Every row of Bench, in tables of these sizes. */
export async function syncs(
  { programs, rounds, document }: Bench,
  sizes: readonly number[],
  schemaFile: string,
) {
  const { ours: own, socket, libovsdb, python } = programs;
  for (const rows of sizes) {
    await using server = await startOvsdbServer({ schema });
    await fill(server, rows);
    const turns = [
      ...turn(ours, own, "sync"),
      ...turn(`${ours}, the 4th time`, own, "sync", "4"),
      ...turn("drain", socket, "drain", schemaFile),
      ...turn(limit, socket, "parse", schemaFile),
      ...turn("Node.js, doing nothing", socket, "idle"),
      ...turn("libovsdb", libovsdb, "sync"),
      ...turn("python3-openvswitch", python, "sync"),
    ];
    const results = await interleave(turns, server.remote, rounds);
    checkSame(results);
    document[`sync ${rows}`] = Object.fromEntries(results);
    print(`\n## Initial sync of ${rows} rows (ovsdb-server ${server.version})\n\n${report(results, limit)}`);
  }
}

/** Who reads every column of a switch. */
function portTurns({ ours: own, socket, libovsdb, python }: Programs): readonly Turn[] {
  const [node = "", ...script] = own;
  return [
    ...turn(ours, own, "ports"),
    ...turn(`${ours}, the 4th time`, own, "ports", "4"),
    ...turn(`${ours}, ${smallNursery}`, [node, smallNursery, ...script], "ports"),
    ...turn(limit, socket, "parse", switchSchemaFile),
    ...turn("libovsdb", libovsdb, "ports", switchSchemaFile),
    ...turn("python3-openvswitch", python, "ports"),
  ];
}

/** Every row of a switch with so many ports; then so many more are added and taken away. */
export async function ports({ programs, rounds, document }: Bench, count: number, churns: number) {
  const { ours: own, socket, libovsdb } = programs;
  await using server = await startOvsdbServer();
  await fillPorts(server, count);
  const turns = [...portTurns(programs), ...turn("Node.js, doing nothing", socket, "idle")];
  const results = await interleave(turns, server.remote, rounds);
  checkSame(results);
  document[`ports ${count}`] = Object.fromEntries(results);
  const what = `${count} ports and ${count} interfaces, every column`;
  print(`\n## Initial sync of ${what} (ovsdb-server ${server.version})\n\n${report(results, limit)}`);
  if (churns === 0) return;
  const both = [
    ...turn(ours, own, "churn", String(churns)),
    ...turn(`${ours} with a replica`, own, "churn", String(churns), "replica"),
    ...turn(bare, socket, "churn", String(churns)),
    ...turn(`${bare} with a monitor`, socket, "churn", String(churns), switchSchemaFile),
    ...turn("libovsdb", libovsdb, "churn", String(churns)),
    // It takes tens of milliseconds for each.
    ...turn(
      "libovsdb with a replica, a 20th of it",
      libovsdb,
      "churn",
      String(Math.ceil(churns / 20)),
      "replica",
    ),
  ];
  const churned = await interleave(both, server.remote, rounds);
  document[`churn ${count}`] = Object.fromEntries(churned);
  print(`\n## ${churns} ports added to that bridge and taken away, one by one\n\n${report(churned, ours)}`);
}

/** Changes, so many rows a second. */
export async function streams({ programs, rounds, document }: Bench, rates: readonly number[]) {
  await using server = await startOvsdbServer({ schema });
  await fill(server, 10_000);
  const { ours: own, libovsdb, python } = programs;
  const turns = [
    ...turn(ours, own, "follow"),
    ...turn("libovsdb", libovsdb, "follow"),
    ...turn("python3-openvswitch", python, "follow"),
  ];
  for (const rate of rates) {
    const results = await interleave(turns, server.remote, rounds, () => write(server, rate));
    document[`stream ${rate}`] = Object.fromEntries(results);
    print(`\n## Changes of ${rate} rows a second, for 2 s, in a table of 10000\n\n${lags(results)}`);
  }
}

/** The same bytes for all, from memory: no server works meanwhile. */
export async function replays(
  { programs, rounds, document }: Bench,
  count: number,
  folder: string,
  schemaFile: string,
) {
  const { ours: own, socket, libovsdb, python } = programs;
  const files = { rows: join(folder, "rows.json"), ports: join(folder, "ports.json") };
  {
    await using server = await startOvsdbServer({ schema });
    await fill(server, 10_000);
    const change = { make: () => rewrite(server, 20_000), ending: lastChange };
    await record(files.rows, server.remote, schema.name, change);
  }
  {
    await using server = await startOvsdbServer();
    await fillPorts(server, count);
    await record(files.ports, server.remote, "Open_vSwitch");
  }
  await using rows = await Replay.listen(join(folder, "rows.sock"), files.rows);
  await using ports = await Replay.listen(join(folder, "ports.sock"), files.ports);
  const ofRows = [
    ...turn(ours, own, "replay"),
    ...turn(limit, socket, "replay", schemaFile),
    ...turn("libovsdb", libovsdb, "replay"),
    ...turn("python3-openvswitch", python, "replay"),
  ];
  const replayed = await interleave(ofRows, rows.remote, rounds);
  checkSame(replayed);
  document["replay rows"] = Object.fromEntries(replayed);
  print(`\n## Replay of 10000 rows and 20000 changes\n\n${report(replayed, limit)}`);
  const switched = await interleave(portTurns(programs), ports.remote, rounds);
  checkSame(switched);
  document["replay ports"] = Object.fromEntries(switched);
  print(`\n## Replay of ${count} ports and ${count} interfaces\n\n${report(switched, limit)}`);
}

/** Transactions of a process before any counts, in which a just-in-time compiler learns the code. */
export const warmUp = 1000;

/** What is measured of transactions: the first of a young process, or those of one that has done some. */
export interface Age {
  readonly name: string;
  readonly count: number;
  readonly warmUp: number;
}

/** One row is changed over and over. */
export async function transactions({ programs, rounds, document }: Bench, ages: readonly Age[]) {
  const { ours: own, socket, libovsdb } = programs;
  await using server = await startOvsdbServer({ schema });
  await fill(server, 1000);
  for (const window of ["1", "16", "256"]) {
    for (const { name, count, warmUp } of ages) {
      if (count === 0) continue;
      const more = [String(count), window, String(warmUp)];
      const turns = [
        ...turn(ours, own, "transact", ...more),
        ...turn(bare, socket, "transact", ...more),
        ...turn("libovsdb", libovsdb, "transact", ...more),
      ];
      const results = await interleave(turns, server.remote, rounds);
      document[`transact ${name} ${window}`] = Object.fromEntries(results);
      print(`\n## ${count} transactions, ${window} in flight, ${name}\n\n${report(results, bare)}`);
    }
  }
}
