import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { headerBytes } from "../../src/vpp/api/frame.js";
import { closeServer } from "./close-server.js";

/** A message with a header, as a client would send it. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(headerBytes + message.length);
  frame.writeUInt32BE(message.length, 8);
  frame.set(message, headerBytes);
  return frame;
}

/** `sockclnt_create_reply` with the given entries, name and CRC with id. */
export function welcomeOf(
  entries: readonly (readonly [name: string, id: number])[],
  change: { readonly context?: number; readonly response?: number; readonly count?: number } = {},
): Buffer {
  const reply = Buffer.alloc(20 + 66 * entries.length);
  reply.writeUInt16BE(16, 0);
  reply.writeUInt32BE(change.context ?? 124, 6);
  reply.writeInt32BE(change.response ?? 0, 10);
  reply.writeUInt32BE(0x8000_0001, 14);
  reply.writeUInt16BE(change.count ?? entries.length, 18);
  for (const [index, [name, id]] of entries.entries()) {
    reply.writeUInt16BE(id, 20 + 66 * index);
    reply.write(name, 22 + 66 * index, 64, "latin1");
  }
  return reply;
}

/** The least that makes a VPP. */
export const pingEntries: readonly (readonly [string, number])[] = [
  ["control_ping_51077d14", 23],
  ["control_ping_reply_f6b0b8ca", 24],
];

/** A server that says what the test says, message by message, and by itself nothing. */
export class VppPeer implements AsyncDisposable {
  readonly remote: string;
  readonly #dir: string;
  readonly #server: Server;
  readonly #progress = new EventEmitter();
  readonly #sockets: Socket[] = [];
  #bytes = Buffer.alloc(0);
  #ended = 0;

  private constructor(dir: string, server: Server) {
    this.#dir = dir;
    this.#server = server;
    this.remote = `unix:${join(dir, "s")}`;
    server.on("connection", (socket) => {
      this.#sockets.push(socket);
      socket.on("data", (chunk: Buffer) => {
        this.#bytes = Buffer.concat([this.#bytes, chunk]);
        this.#progress.emit("more");
      });
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#ended++;
        this.#progress.emit("more");
      });
    });
  }

  static async listen(): Promise<VppPeer> {
    const dir = mkdtempSync(join(tmpdir(), "vpp-peer-"));
    const server = createServer();
    const peer = new VppPeer(dir, server);
    server.listen(join(dir, "s"));
    await once(server, "listening");
    return peer;
  }

  /** The next message from the client. */
  async next(): Promise<Buffer> {
    while (this.#bytes.length < headerBytes || this.#bytes.length < this.#whole()) {
      await once(this.#progress, "more");
    }
    const message = this.#bytes.subarray(headerBytes, this.#whole());
    this.#bytes = this.#bytes.subarray(this.#whole());
    return message;
  }

  /** Sends bytes as they are on the newest connection. */
  send(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.#sockets.at(-1)?.write(chunk);
  }

  /** Answers the handshake. */
  async welcome(entries: readonly (readonly [string, number])[] = pingEntries): Promise<void> {
    await this.next();
    this.send(frameOf(welcomeOf(entries)));
  }

  hangUp(): void {
    this.#sockets.at(-1)?.end();
  }

  /** Over when so many connections have ended. */
  async ended(count = 1): Promise<void> {
    while (this.#ended < count) await once(this.#progress, "more");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeServer(this.#server, this.#sockets);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #whole(): number {
    return headerBytes + this.#bytes.readUInt32BE(8);
  }
}
