import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

import { parseRemotes, type Remote } from "../../src/net/remote.js";
import { closeServer } from "./close-server.js";

/** Where a scripted peer listens: a path of its own, a given path, or a free port of loopback. */
export type Place = "unix" | "tcp" | "tcp6" | { readonly path: string };

/**
 * A server that does what the test says, byte by byte: what no real server would do. It accepts every connection and
 * by itself says nothing.
 */
export class ScriptedPeer implements AsyncDisposable {
  readonly remote: Remote;
  readonly #server: Server;
  readonly #dir: string | undefined;
  readonly #connections: PeerConnection[] = [];
  readonly #unclaimed: PeerConnection[] = [];

  private constructor(server: Server, remote: Remote, dir: string | undefined) {
    this.#server = server;
    this.remote = remote;
    this.#dir = dir;
    server.on("connection", (socket) => {
      const connection = new PeerConnection(socket);
      this.#connections.push(connection);
      this.#unclaimed.push(connection);
      server.emit("accepted");
    });
  }

  static async listen(place: Place): Promise<ScriptedPeer> {
    const server = createServer({ allowHalfOpen: true });
    const dir = place === "unix" ? mkdtempSync(join(tmpdir(), "peer-")) : undefined;
    const path = typeof place === "object" ? place.path : dir === undefined ? undefined : join(dir, "s");
    const host = place === "tcp6" ? "::1" : "127.0.0.1";
    server.listen(path === undefined ? { host, port: 0 } : { path });
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const text = path === undefined ? `tcp:${place === "tcp6" ? "[::1]" : host}:${port}` : `unix:${path}`;
    return new ScriptedPeer(server, theRemote(text), dir);
  }

  /** The port, where it has one. */
  get port(): number {
    return this.remote.kind === "unix" ? 0 : this.remote.port;
  }

  /** The next connection that a client makes or has made. */
  async connection(): Promise<PeerConnection> {
    while (this.#unclaimed.length === 0) await once(this.#server, "accepted");
    const [connection] = this.#unclaimed.splice(0, 1);
    if (connection === undefined) throw new Error("no connection");
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeServer(
      this.#server,
      this.#connections.map(({ socket }) => socket),
    );
    if (this.#dir !== undefined) rmSync(this.#dir, { recursive: true });
  }
}

/** The peer's end of one connection. */
export class PeerConnection {
  readonly socket: Socket;
  /** Fulfilled when the client has closed the connection, or cut it. */
  readonly ended: Promise<void>;
  readonly #progress = new EventEmitter();
  #received = "";
  #taken = 0;
  #isOver = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const over = (): void => {
      this.#isOver = true;
      this.#progress.emit("more");
    };
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      this.#received += text;
      this.#progress.emit("more");
    });
    socket.on("error", over);
    socket.on("end", over);
    socket.on("close", over);
    this.ended = this.#untilOver();
  }

  /** All that the client has sent so far. */
  get received(): string {
    return this.#received;
  }

  send(...texts: readonly (string | Uint8Array)[]): void {
    for (const text of texts) this.socket.write(text);
  }

  /** The next JSON text from the client, found the slow and certain way: by trying every length. */
  async next(): Promise<Record<string, unknown>> {
    for (;;) {
      const rest = this.#received.slice(this.#taken);
      for (let length = rest.indexOf("}") + 1; length > 0; length = nextBrace(rest, length)) {
        const value = parsed(rest.slice(0, length));
        if (value === undefined) continue;
        this.#taken += length;
        return value;
      }
      if (this.#isOver) throw new Error(`the client hung up; left over: ${JSON.stringify(rest)}`);
      await once(this.#progress, "more");
    }
  }

  async #untilOver(): Promise<void> {
    while (!this.#isOver) await once(this.#progress, "more");
  }

  /** Answers the client's next request with `result`. */
  async answer(result: unknown): Promise<Record<string, unknown>> {
    const request = await this.next();
    this.send(JSON.stringify({ id: request["id"], result, error: null }));
    return request;
  }

  /** Closes in good order. */
  end(): void {
    this.socket.end();
  }
}

/** `text`, which names one remote, as a `Remote`. */
export function theRemote(text: string): Remote {
  const [remote] = parseRemotes(text, "test").unwrap();
  if (remote === undefined) throw new Error(`no remote in ${JSON.stringify(text)}`);
  return remote;
}

/** Runs `work` with the rights of nobody. Gives `undefined` where this process is not root. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T | undefined> {
  if (process.geteuid?.() !== 0 || process.seteuid === undefined) return undefined;
  process.seteuid(65_534);
  try {
    return await work();
  } finally {
    process.seteuid(0);
  }
}

function nextBrace(text: string, from: number): number {
  return text.indexOf("}", from) + 1;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
