/*
 * What it costs to find and read messages in the stream of an OVSDB session. Run it with `npx tsx benchmarks/framing.ts`.
 * Times of reading are CPU times of this process, so that other work on the machine counts less; times of calls are
 * wall times. The variants of a comparison take turns. The heap is not collected between them: a forced collection
 * throws compiled JavaScript away, and none that is written in C++.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FrameScanner } from "../src/jsonrpc/frame-scanner.js";
import { JsonRpcConnection } from "../src/jsonrpc/connection.js";
import { rowNames } from "../src/ovsdb/session/reply-reader.js";
import { SocketStream } from "../src/net/stream.js";

const chunkBytes = 65_536;
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

/** A monitor reply of about `bytes`, like that of a switch with many vhost-user ports. */
function monitorReply(bytes: number, options: { bigEvery: number; name: string }): Buffer {
  const rows: string[] = [];
  for (let size = 0, row = 0; size < bytes; row++) {
    const big = options.bigEvery > 0 && row % options.bigEvery === 0;
    const counter = (value: number): string =>
      big ? `92233720368547${10_000 + (value % 10_000)}` : String(value);
    const text =
      `"${uuid(row)}":{"initial":{"name":"${options.name}${row}","type":"dpdkvhostuserclient","mtu":1500,` +
      `"admin_state":"up","link_state":"${row % 2 === 0 ? "up" : "down"}","ofport":${row},"mac_in_use":"52:54:00:12:34:${10 + (row % 90)}",` +
      `"external_ids":["map",[["iface-id","${uuid(row + 7)}"],["owner","lab"]]],` +
      `"options":["map",[["vhost-server-path","/run/vhost/sock-${row}"]]],` +
      `"statistics":["map",[["rx_bytes",${counter(123_456_789 + row)}],["rx_packets",${row * 17}],` +
      `["tx_bytes",${counter(row * 1771)}],["tx_packets",${row * 3}],["rx_dropped",0],["tx_dropped",0]]],` +
      `"status":["map",[["mode","client"],["numa","0"]]]}}`;
    rows.push(text);
    size += text.length + 1;
  }
  return Buffer.from(`{"id":7,"result":{"Interface":{${rows.join(",")}}},"error":null}`);
}

function uuid(seed: number): string {
  const hex = (seed * 2_654_435_761).toString(16).padStart(12, "0").slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(4, 8)}-4${hex.slice(1, 4)}-8${hex.slice(5, 8)}-${hex}`;
}

function chunksOf(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes)
    chunks.push(Buffer.from(bytes.subarray(at, at + chunkBytes)));
  return chunks;
}

/** How many messages the chunks hold. */
function scan(chunks: readonly Buffer[]): number {
  const scanner = new FrameScanner();
  let messages = 0;
  for (const chunk of chunks) {
    const fault = scanner.push(chunk, () => ++messages > 0);
    if (fault !== undefined) throw new Error(fault);
  }
  return messages;
}

/** The same in parts, as the rows of a database are read. How many parts and rows there are. */
function scanInParts(chunks: readonly Buffer[]): number {
  const scanner = new FrameScanner();
  let parts = 0;
  scanner.wantParts([
    {
      prefix: Buffer.from('{"id":7,"result":'),
      depth: 3,
      take: () => ++parts > 0,
      members: { names: rowNames, take: (members) => (parts += members.length / 2) > 0 },
    },
  ]);
  for (const chunk of chunks) {
    const fault = scanner.push(chunk, () => ++parts > 0);
    if (fault !== undefined) throw new Error(fault);
  }
  return parts;
}

/** The CPU time of each variant, in milliseconds, in rounds in which they take turns. */
function measure<Name extends string>(
  variants: Record<Name, () => unknown>,
  rounds: number,
  prepare: () => void = () => undefined,
): Map<string, number[]> {
  const times = new Map(Object.keys(variants).map((name): [string, number[]] => [name, []]));
  for (let round = -2; round < rounds; round++) {
    for (const [name, run] of Object.entries<() => unknown>(variants)) {
      prepare();
      const before = process.cpuUsage();
      run();
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) times.get(name)?.push((user + system) / 1000);
    }
  }
  return times;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(times: ReadonlyMap<string, readonly number[]>, base: string, unit: string): void {
  const baseMedian = median(times.get(base) ?? []);
  for (const [name, values] of times) {
    const range = `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
    const ratio = (median(values) / baseMedian).toFixed(2);
    print(
      `  ${name.padEnd(34)} ${median(values).toFixed(1).padStart(8)} ${unit} (${range}), ${ratio} of ${base}`,
    );
  }
}

function largeReplies(): void {
  const cases = [
    ["no long number", { bigEvery: 0, name: "vhost-" }],
    ["two integers of 19 digits in every 100th row", { bigEvery: 100, name: "vhost-" }],
    ["two integers of 19 digits in every 10th row", { bigEvery: 10, name: "vhost-" }],
    ["two integers of 19 digits in every row", { bigEvery: 1, name: "vhost-" }],
    ["no long number, text beyond Latin", { bigEvery: 0, name: "網路-" }],
  ] as const;
  for (const [name, options] of cases) {
    const bytes = monitorReply(10_000_000, options);
    const chunks = chunksOf(bytes);
    const text = bytes.toString();
    print(`\n${(bytes.length / 1e6).toFixed(1)} MB reply in ${chunks.length} chunks: ${name}`);
    // It may write to the chunks that it is given.
    let own: readonly Buffer[] = [];
    const times = measure(
      {
        "JSON.parse": (): unknown => JSON.parse(text),
        "toString + JSON.parse": (): unknown => JSON.parse(bytes.toString()),
        "FrameScanner, whole": () => scan(own),
        "FrameScanner, in parts": () => scanInParts(own),
      },
      15,
      () => (own = chunks.map((chunk) => Buffer.from(chunk))),
    );
    report(times, "JSON.parse", "ms");
  }
}

function smallMessages(): void {
  const count = 100_000;
  const messages = Array.from(
    { length: count },
    (_, id) => `{"id":${id},"result":[{"uuid":["uuid","${uuid(id)}"]}],"error":null}`,
  );
  const single = messages.map((message) => Buffer.from(message));
  const glued = chunksOf(Buffer.from(messages.join("")));
  print(`\n${count} replies of about ${messages[0]?.length} bytes`);
  const times = measure(
    {
      "JSON.parse of each": () => messages.map((message): unknown => JSON.parse(message)).length,
      "toString + JSON.parse of each": () =>
        single.map((bytes): unknown => JSON.parse(bytes.toString())).length,
      "FrameScanner, one in a chunk": () => scan(single),
      "FrameScanner, glued": () => scan(glued),
    },
    15,
  );
  report(times, "JSON.parse of each", "ms");
  for (const [name, values] of times)
    print(`  ${name}: ${Math.round(count / median(values))} thousand a second`);
}

const echoServer = `
  const server = require("node:net").createServer((socket) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
      let answers = "";
      for (let end; (end = text.indexOf("]}")) >= 0; text = text.slice(end + 2)) {
        answers += '{"id":' + JSON.parse(text.slice(0, end + 2)).id + ',"result":[{"count":1}],"error":null}';
      }
      socket.write(answers);
    });
    socket.on("error", () => undefined);
  });
  server.listen(process.argv[1], () => console.log("ready"));`;

/** Calls one after the other, and in flight together, against the same done by hand on a bare socket. */
async function calls(): Promise<void> {
  const path = join(tmpdir(), `framing-${process.pid}.sock`);
  const server = spawn(process.execPath, ["-e", echoServer, path], { stdio: ["ignore", "pipe", "inherit"] });
  await once(server.stdout, "data");
  const bare = new BareClient(await connected(path));
  const stream = new SocketStream(await connected(path), { kind: "unix", path, text: `unix:${path}` });
  using connection = new JsonRpcConnection(stream);
  const { signal } = new AbortController();
  const ours = (n: number): Promise<unknown> =>
    connection.call("transact", ["Open_vSwitch", n], { operation: "benchmark", timeoutMs: 10_000, signal });

  for (const inFlight of [1, 32]) {
    const count = inFlight === 1 ? 4000 : 16_000;
    const wall: Record<string, number[]> = { "bare socket": [], JsonRpcConnection: [] };
    for (let round = -2; round < 11; round++) {
      for (const [name, call] of [
        ["bare socket", (n: number) => bare.call(n)],
        ["JsonRpcConnection", ours],
      ] as const) {
        const before = performance.now();
        await Promise.all(
          Array.from({ length: inFlight }, async () => {
            for (let n = 0; n < count / inFlight; n++) await call(n);
          }),
        );
        if (round >= 0) wall[name]?.push(((performance.now() - before) * 1000) / count);
      }
    }
    print(`\n${count} calls over a unix socket, ${inFlight} in flight, wall time of each`);
    report(new Map(Object.entries(wall)), "bare socket", "us");
  }
  bare.close();
  server.kill();
  await once(server, "exit");
}

async function connected(path: string): Promise<Socket> {
  const socket = connect({ path });
  await once(socket, "connect");
  return socket;
}

/** The least that a client must do: it trusts that every message is whole and right, and that no brace is in a string. */
class BareClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #text = "";
  #id = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      const messages = (this.#text + chunk.toString("latin1")).split("}{");
      this.#text = "";
      for (const [index, message] of messages.entries()) {
        const text = `${index > 0 ? "{" : ""}${message}${index < messages.length - 1 ? "}" : ""}`;
        if (text.endsWith("null}")) this.#settle(text);
        else this.#text = text;
      }
    });
  }

  #settle(text: string): void {
    const reply: unknown = JSON.parse(text);
    if (typeof reply !== "object" || reply === null || !("id" in reply) || !("result" in reply)) return;
    const id = Number(reply.id);
    this.#waiting.get(id)?.(reply.result);
    this.#waiting.delete(id);
  }

  call(n: number): Promise<unknown> {
    const id = ++this.#id;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.write(JSON.stringify({ id, method: "transact", params: ["Open_vSwitch", n] }));
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

print(`Node ${process.version}`);
largeReplies();
smallMessages();
await calls();
