/** Records the scenarios at a real ovsdb-server: `npx tsx test/ovsdb/recorded/record.ts`. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { closeServer } from "../../support/close-server.js";
import { startOvsdbCluster, startOvsdbServer } from "../../support/openvswitch.js";
import { RawClient } from "../../testing/ovsdb/raw-client.js";
import { recordingFile, type Entry, type Side } from "./recording.js";
import { play, recordedSchema, scenarios, type Scenario } from "./scenarios.js";

interface Piece {
  readonly connection: number;
  readonly from: Side;
  /** No bytes: the end. */
  readonly bytes: Buffer | undefined;
}

/** Passes everything on between clients and a server, and keeps it. */
class Tap implements AsyncDisposable {
  readonly remote: string;
  readonly #pieces: (Piece | "others")[] = [];
  readonly #sockets: Socket[] = [];
  readonly #server;

  private constructor(path: string, target: string) {
    this.remote = `unix:${path}`;
    let connection = -1;
    this.#server = createServer((client) => {
      const number = (connection += 1);
      const [, host = "", port = ""] = /^tcp:(.*):(\d+)$/u.exec(target) ?? [];
      const server =
        host === "" ? connect(target.replace(/^unix:/u, "")) : connect({ host, port: Number(port) });
      this.#pass(client, server, { connection: number, from: "client" });
      this.#pass(server, client, { connection: number, from: "server" });
    });
  }

  static async start(path: string, target: string): Promise<Tap> {
    const tap = new Tap(path, target);
    tap.#server.listen(path);
    await once(tap.#server, "listening");
    return tap;
  }

  others(): void {
    this.#pieces.push("others");
  }

  #pass(from: Socket, to: Socket, side: Omit<Piece, "bytes">): void {
    this.#sockets.push(from);
    from.on("data", (bytes: Buffer) => {
      this.#pieces.push({ ...side, bytes });
      to.write(bytes);
    });
    from.on("end", () => this.#pieces.push({ ...side, bytes: undefined }));
    from.on("close", () => to.destroy());
    from.on("error", () => from.destroy());
  }

  /** What has passed, as it was said in turn. */
  entries(): readonly Entry[] {
    const entries: Entry[] = [];
    let turn: { readonly side: Omit<Piece, "bytes">; readonly bytes: Buffer[] } | undefined;
    const finish = (): void => {
      if (turn !== undefined) entries.push({ ...turn.side, text: Buffer.concat(turn.bytes).toString() });
      turn = undefined;
    };
    for (const piece of this.#pieces) {
      if (piece === "others") {
        finish();
        entries.push({ others: true });
        continue;
      }
      const { bytes, ...side } = piece;
      const goesOn = turn?.side.connection === side.connection && turn.side.from === side.from;
      if (!goesOn || bytes === undefined) finish();
      if (bytes === undefined) entries.push({ ...side, end: true });
      else if (turn === undefined) turn = { side, bytes: [bytes] };
      else turn.bytes.push(bytes);
    }
    finish();
    return entries;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return closeServer(this.#server, this.#sockets);
  }
}

async function serve(kind: Scenario["server"]) {
  if (kind === "cluster") {
    const cluster = await startOvsdbCluster({ schema: recordedSchema, members: 1 });
    const { remote } = await cluster.leader();
    return { dir: cluster.dir, remote, stop: () => cluster.stop() };
  }
  // Over tcp, where a server asks for signs of life.
  const server = await startOvsdbServer({ schema: recordedSchema, listen: ["tcp"] });
  if (kind === "without monitor_cond") await server.appctl("ovsdb-server/disable-monitor-cond");
  return { dir: server.dir, remote: server.remotes.tcp ?? "", stop: () => server.stop() };
}

async function record(scenario: Scenario): Promise<void> {
  const { dir, remote, stop } = await serve(scenario.server);
  try {
    await using tap = await Tap.start(join(dir, "tap.sock"), remote);
    using beside = await RawClient.connect(remote);
    let entries: readonly Entry[] = [];
    const seen = await play(scenario, {
      remote: tap.remote,
      others: (act) => {
        tap.others();
        return act(async (method, params) => void (await beside.request(method, params)));
      },
      until: async (what) => {
        while (!what()) await delay(5);
      },
      end: async () => {
        await delay(200);
        entries = tap.entries();
      },
    });
    const lines = [...entries, { seen }].map((entry) => JSON.stringify(entry));
    writeFileSync(recordingFile(scenario.name), `${lines.join("\n")}\n`);
  } finally {
    await stop();
  }
}

for (const scenario of scenarios) await record(scenario);
