import type { Socket } from "node:net";

import type { Remote } from "./remote.js";

/** What a stream tells its reader. */
export interface StreamHandlers {
  /** Bytes came. The chunk is the reader's to keep. */
  data(chunk: Buffer): void;
  /** The connection ended by itself, with an error or, where `reason` is undefined, in good order. Called once, last. */
  close(reason: Error | undefined): void;
}

/** A connection that carries bytes both ways. */
export interface ByteStream {
  readonly remote: Remote;
  /** Whether the peer can vanish without notice: over tcp and tls it can, over a unix socket it cannot. */
  readonly needsProbes: boolean;
  /** Sends, or queues, all of it. Leave the bytes as they are afterwards. After the end it does nothing. */
  write(data: string | Uint8Array): void;
  /** The same for one who has put together what goes out together: it is not held for what else is written in this turn. */
  writeNow(data: Uint8Array): void;
  /** Begins to read. Once; what happened before is told then. */
  start(handlers: StreamHandlers): void;
  /** Stops reading, so that the peer has to wait. */
  pause(): void;
  /** Reads again after `pause`. */
  resume(): void;
  /** How many bytes wait to be sent: what a peer that does not read costs us. */
  readonly writableBytes: number;
  /**
   * Ends the connection at once and does not wait for the peer: what it has not taken yet is dropped, and no handler
   * is called any more. Idempotent.
   */
  destroy(): void;
}

/**
 * Longer writes go out in pieces, one after the other, so that `writableBytes` falls while a slow peer reads:
 * otherwise a peer that takes its time over one long message looks like one that is gone.
 */
const pieceBytes = 65_536;

/** A connected socket as a `ByteStream`. */
export class SocketStream implements ByteStream {
  readonly remote: Remote;
  readonly needsProbes: boolean;
  readonly #socket: Socket;
  #handlers: StreamHandlers | undefined;
  #ended = false;
  #destroyed = false;
  #error: Error | undefined;
  #pieces: Uint8Array[] = [];
  #pieceInFlight = false;
  #corked = false;

  constructor(socket: Socket, remote: Remote) {
    this.remote = remote;
    this.needsProbes = remote.kind !== "unix";
    this.#socket = socket;
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    // Whatever it still had to say was read; to wait for our own queue to drain could take for ever.
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      this.#ended = true;
      this.#pieces = [];
      if (!this.#destroyed) this.#handlers?.close(this.#error);
    });
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    if (this.#ended) {
      queueMicrotask(() => {
        if (!this.#destroyed) handlers.close(this.#error);
      });
    } else if (!this.#destroyed) {
      this.#socket.on("data", (chunk: Buffer) => {
        if (!this.#destroyed) handlers.data(chunk);
      });
    }
  }

  write(data: string | Uint8Array): void {
    if (this.#ended || this.#destroyed) return;
    if (this.#pieces.length === 0 && data.length <= pieceBytes) {
      this.#socket.write(data);
      this.#cork();
      return;
    }
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length; at += pieceBytes)
      this.#pieces.push(bytes.subarray(at, at + pieceBytes));
    this.#writePieces();
  }

  writeNow(data: Uint8Array): void {
    const isFree = !this.#corked && this.#pieces.length === 0 && data.length <= pieceBytes;
    if (!isFree || this.#ended || this.#destroyed) this.write(data);
    else this.#socket.write(data);
  }

  /**
   * What is written first goes out at once; what is written after it in the same turn, in one system call, which costs
   * more than to put the message together.
   */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    process.nextTick(() => this.#uncork());
  }

  #uncork(): void {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  }

  #writePieces(): void {
    const piece = this.#pieceInFlight ? undefined : this.#pieces.shift();
    if (piece === undefined) return;
    this.#pieceInFlight = true;
    this.#socket.write(piece, () => {
      this.#pieceInFlight = false;
      this.#writePieces();
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  get writableBytes(): number {
    let bytes = this.#socket.writableLength;
    for (const piece of this.#pieces) bytes += piece.byteLength;
    return bytes;
  }

  destroy(): void {
    // So that a last word, such as the cancelling of what this side will not wait for, is not dropped needlessly.
    this.#uncork();
    this.#destroyed = true;
    this.#pieces = [];
    this.#socket.destroy();
  }
}
