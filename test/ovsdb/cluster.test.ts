/** An open database and a real cluster: relays, members that are behind, cut off or stopped, and other remotes. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { operations } from "../../src/ovsdb/index.js";
import { isArray, isObject } from "../../src/ovsdb/json.js";
import {
  availableFlavours,
  startOvsdbCluster,
  startOvsdbServer,
  type OvsdbCluster,
} from "../support/openvswitch.js";
import { RawClient } from "../testing/ovsdb/raw-client.js";
import { openLab, type LabOpen } from "./lab-database.js";
import type { LabDatabase } from "./lab-rows.js";
import { labJson } from "./lab.js";

const { available, note } = availableFlavours().dummy;
const { insert } = operations<LabDatabase>();
const options = { operation: "test", timeoutMs: 20_000 };
const slow = { timeout: 60_000 };
const soon = { timeout: 20_000 };

type Member = OvsdbCluster["members"][number];

let next = 1;

/** Writes a row with a value of its own, and gives that. */
async function writeOwn(db: LabOpen): Promise<number> {
  const k = (next += 1);
  (await db.transact([insert("Log", { k })], options)).unwrap();
  return k;
}

/** Writes a row from beside, and gives its value. */
async function writeBeside(remote: string): Promise<number> {
  const k = (next += 1);
  using client = await RawClient.connect(remote);
  await client.request("transact", ["Lab", { op: "insert", table: "Log", row: { k } }]);
  return k;
}

const sorted = (ks: Iterable<unknown>): readonly number[] => Array.from(ks, Number).toSorted((a, b) => a - b);

const seen = (db: LabOpen): readonly number[] => sorted(Array.from(db.table("Log"), ({ k }) => k));

async function stored(remote: string): Promise<readonly number[]> {
  using client = await RawClient.connect(remote);
  const select = { op: "select", table: "Log", where: [], columns: ["k"] };
  const answer = (await client.request("transact", ["Lab", select])).at(-1);
  const [result] = isObject(answer) && isArray(answer["result"]) ? answer["result"] : [];
  const rows = isObject(result) && isArray(result["rows"]) ? result["rows"].filter(isObject) : [];
  return sorted(rows.map(({ k }) => k));
}

/** Stops processes for as long as something is done. */
async function whileStopped<T>(members: readonly Member[], act: () => Promise<T>): Promise<T> {
  for (const { pid } of members) process.kill(pid, "SIGSTOP");
  try {
    return await act();
  } finally {
    for (const { pid } of members) process.kill(pid, "SIGCONT");
  }
}

describe.skipIf(!available)(`an open database and a cluster${note}`, () => {
  let cluster: OvsdbCluster;
  let tcp: readonly string[];

  beforeAll(async () => {
    cluster = await startOvsdbCluster({ schema: labJson, electionMs: 500 });
    tcp = await Promise.all(cluster.members.map((member) => member.listenOnTcp()));
  }, 60_000);
  afterAll(() => cluster.stop());

  const tcpOf = (member: Member): string => tcp[cluster.members.indexOf(member)] ?? "";

  it("goes on with the new leader when the leader is stopped but not gone", slow, async () => {
    const leader = await cluster.leader();
    await using db = (await openLab(tcp.join(","), { inactivityProbe: 1000 })).unwrap();
    await writeOwn(db);
    expect(db.health.remote).toBe(tcpOf(leader));
    await whileStopped([leader], async () => {
      await expect.poll(() => db.health.generation, soon).toBe(2);
      expect(db.health.remote).not.toBe(tcpOf(leader));
      await writeOwn(db);
    });
    // The old leader has to find out that it is one no more.
    await expect.poll(() => leader.role(), soon).toBe("follower");
    await writeOwn(db);
    expect(seen(db)).toEqual(await stored(tcpOf(await cluster.leader())));
  });

  it("is not troubled by a follower that is stopped, and leaves it where it reads there", slow, async () => {
    const [follower] = await cluster.followers();
    if (follower === undefined) throw new Error("there is no follower");
    const others = cluster.members.filter((member) => member !== follower);
    await using atLeader = (await openLab(tcp.join(","), { inactivityProbe: 1000 })).unwrap();
    await using atFollower = (
      await openLab(tcpOf(follower), { inactivityProbe: 1000, leaderOnly: false })
    ).unwrap();
    // It keeps the connection as long as it is among the remotes.
    atFollower.setRemotes([follower, ...others].map(tcpOf).join(",")).unwrap();
    expect(atFollower.health).toMatchObject({
      generation: 1,
      remote: tcpOf(follower),
      server: { leader: false },
    });
    await whileStopped([follower], async () => {
      const k = await writeOwn(atLeader);
      await expect.poll(() => seen(atFollower), soon).toContain(k);
      expect(atFollower.health.remote).not.toBe(tcpOf(follower));
    });
    expect(atLeader.health.generation).toBe(1);
    expect(seen(atFollower)).toEqual(seen(atLeader));
    expect(atFollower.health.fullLoads).toBe(1);
  });

  it(
    "leaves a member that is cut off, says so, keeps its rows, and comes back with the cluster",
    slow,
    async () => {
      const [member] = await cluster.followers();
      if (member === undefined) throw new Error("there is no follower");
      await using db = (await openLab(member.remote, { leaderOnly: false })).unwrap();
      const k = await writeOwn(db);
      const others = cluster.members.filter((other) => other !== member);
      await whileStopped(others, async () => {
        await expect.poll(() => db.health.reason, soon).toMatch(/is cut off from its cluster/u);
        expect(db.port.isReady).toBe(false);
        expect(seen(db)).toContain(k);
        const refused = await db.transact([insert("Log", { k: -1 })], options);
        expect(refused).toMatchObject({ error: { kind: "disconnected", outcome: "not-sent" } });
      });
      (await db.port.ready(options)).unwrap();
      await writeOwn(db);
      expect(seen(db)).toEqual(await stored(member.remote));
      expect(db.health.fullLoads).toBe(1);
    },
  );

  it("takes other remotes while it lives, and misses nothing on the way", slow, async () => {
    const remotes = cluster.members.map(({ remote }) => remote);
    const [first = ""] = remotes;
    await using db = (await openLab(first, { leaderOnly: false })).unwrap();
    for (const [at, remote] of [...remotes, ...remotes].entries()) {
      const { generation } = db.health;
      db.setRemotes(remote).unwrap();
      const k = await writeBeside(first);
      await expect.poll(() => seen(db), soon).toContain(k);
      expect(db.health).toMatchObject({ remote, generation: at === 0 ? generation : generation + 1 });
    }
    expect(db.health).toMatchObject({ fullLoads: 1, fastResyncs: 5 });
    expect(db.setRemotes("nowhere")).toMatchObject({ error: { kind: "invalid" } });
    expect(db.port.isReady).toBe(true);

    // Of another cluster these remotes are not.
    const { cid } = db.health.server ?? {};
    const strange = "11111111-0000-4000-8000-000000000001";
    db.setRemotes(`${first},cid:${strange}`).unwrap();
    await expect.poll(() => db.health.reason, soon).toMatch(/is not of cluster 11111111/u);
    db.setRemotes(`${first},cid:${String(cid)}`).unwrap();
    (await db.port.ready(options)).unwrap();
    expect(seen(db)).toEqual(await stored(first));
  });

  it("reads and writes through a relay, which it takes only where it need not lead", slow, async () => {
    await using relay = await startOvsdbServer({ database: `relay:Lab:${cluster.remote}` });
    const refused = await openLab(relay.remote, { timeoutMs: 1500 });
    expect(refused).toMatchObject({ error: { kind: "timeout", message: expect.stringMatching(/a relay/u) } });

    await using db = (await openLab(relay.remote, { leaderOnly: false })).unwrap();
    expect(db.health.server).toMatchObject({ model: "relay", leader: false });
    await writeOwn(db);
    const k = await writeBeside((await cluster.leader()).remote);
    await expect.poll(() => seen(db), soon).toContain(k);

    // A relay that finds another leader goes on; meanwhile it cannot write.
    const leader = await cluster.leader();
    await leader.kill();
    const { remote } = await cluster.leader();
    const later = await writeBeside(remote);
    await expect.poll(() => seen(db), soon).toContain(later);
    const added = await db.transaction((tx) => tx.insert("Log", { k: -2 }), options);
    expect(added.outcome).toBe("committed");
    expect(seen(db)).toEqual(await stored(remote));
    await leader.start();
    await expect.poll(() => leader.role(), soon).toBe("follower");
  });

  it("waits for a relay that waits for its cluster", slow, async () => {
    await Promise.all(cluster.members.map((member) => member.kill()));
    await using relay = await startOvsdbServer({ database: `relay:Lab:${cluster.remote}` });
    const refused = await openLab(relay.remote, { leaderOnly: false, timeoutMs: 1500 });
    const message = expect.stringMatching(
      /has not found the source of database Lab yet|cut off from its source/u,
    );
    expect(refused).toMatchObject({ error: { kind: "timeout", message } });

    const opening = openLab(relay.remote, { leaderOnly: false, timeoutMs: 40_000 });
    await Promise.all(cluster.members.map((member) => member.start()));
    await using db = (await opening).unwrap();
    expect(seen(db)).toEqual(await stored((await cluster.leader()).remote));
  });
});

describe.skipIf(!available)(`a cluster that was restored from a backup${note}`, () => {
  it("is refused as one of the past until it is said that it is meant", slow, async () => {
    await using cluster = await startOvsdbCluster({ schema: labJson, members: 1 });
    const [member] = cluster.members;
    if (member === undefined) throw new Error("there is no member");
    await using db = (await openLab(member.remote)).unwrap();
    const early = await writeOwn(db);
    await member.stop();
    const file = join(cluster.dir, "1", "raft.db");
    copyFileSync(file, `${file}.backup`);
    await member.start();
    (await db.port.ready(options)).unwrap();
    await Promise.all([writeOwn(db), writeOwn(db), writeOwn(db), writeOwn(db)]);

    await member.kill();
    copyFileSync(`${file}.backup`, file);
    await member.start();
    await expect
      .poll(() => db.health.reason, soon)
      .toMatch(/is behind what was seen before \(index \d+, seen \d+\)/u);
    expect(seen(db)).toHaveLength(5);
    db.resetMinIndex();
    (await db.port.ready(options)).unwrap();
    expect(seen(db)).toEqual([early]);
    await writeOwn(db);
    expect(seen(db)).toEqual(await stored(member.remote));
  });
});
