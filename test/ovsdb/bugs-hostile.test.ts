/** What a server may send, or an option may say, that a session must not get stuck on. */
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ScriptedPeer } from "../support/scripted-peer.js";
import { log, openLab, seenLogs, serveLab, upToTheRows } from "./lab-database.js";
import { uuidOf } from "./lab.js";

const slow = { timeout: 30_000 };
const numbered = (k: number) => uuidOf(`${String(k).padStart(8, "0")}-0000-4000-8000-000000000000`);
const rows = (k: number) => ({ Log: { [numbered(k)]: { initial: { k, msg: `m${k}` } } } });

describe("a transaction that is named by what is no uuid", () => {
  // The second one cannot be sent back, for ovsdb-server takes no NUL.
  it.each(["none", "\u0000"])("is not gone on from on the next connection: %j", slow, async (name) => {
    await using peer = await ScriptedPeer.listen("unix");
    const opening = openLab(peer.remote.text);
    const first = await peer.connection();
    const { id, params } = await upToTheRows(first);
    first.send(JSON.stringify({ id, error: null, result: [true, numbered(7), rows(1)] }));
    await using db = (await opening).unwrap();
    const [, monitor] = Array.isArray(params) ? params : [];
    first.send(JSON.stringify({ id: null, method: "update3", params: [monitor, name, rows(2)] }));
    await first.ended;
    const second = await peer.connection();
    const again = await upToTheRows(second);
    expect(again).toMatchObject({ method: "monitor_cond_since" });
    expect(again["params"]).toHaveProperty("[3]", uuidOf("00000000-0000-0000-0000-000000000000"));
    second.send(JSON.stringify({ id: again["id"], error: null, result: [false, numbered(8), rows(3)] }));
    await expect.poll(() => seenLogs(db)).toEqual(["3 m3"]);
  });
});

describe("times without an end", () => {
  it("are as long as a timer can be: Node.js takes longer ones for a millisecond", async () => {
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", onWarning);
    try {
      await using server = await serveLab({ tcp: true });
      log(server, 1);
      const forEver = { inactivityProbe: Infinity, dialMs: Infinity, handshakeMs: Infinity };
      const opened = await openLab(server.tcpRemote, { ...forEver, noProgressMs: Infinity });
      await using db = opened.unwrap();
      expect(seenLogs(db)).toEqual(["1 m1"]);
      await delay(20);
      expect(warnings).toEqual([]);
    } finally {
      process.off("warning", onWarning);
    }
  });
});
