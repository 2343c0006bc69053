import type { OnReadOpts, Socket } from "node:net";

import type { Remote } from "./remote.js";

/** What a stream tells its reader. */
export interface StreamHandlers {
  /** Bytes came. The chunk is the reader's to keep. */
  data(chunk: Buffer): void;
  /**
   * Asked right after `data`: whether the reader has kept nothing of that chunk, so that its room is read into again. Without
   * it, every chunk counts as kept.
   */
  keepsNothing?(): boolean;
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

/** A read gets this much room at most, and a quarter of it at least. */
const readBytes = 65_536;

/**
 * Where a socket reads to: one chunk behind the other. Left to itself, Node gets 64 KiB for each read and gives most of it
 * back, and has a stream queue the chunk: together a sixth of what a short request and its answer cost.
 */
export class ReadBuffer {
  /** What the socket is made with. */
  readonly onread: OnReadOpts = {
    // Asked for after each `callback`, for the next read.
    buffer: () => {
      if (this.#room.length < readBytes / 4) this.#room = Buffer.allocUnsafeSlow(readBytes);
      return this.#room;
    },
    callback: (length) => {
      const isKept = this.reader(this.#room.subarray(0, length));
      if (isKept) this.#room = this.#room.subarray(length);
      return true;
    },
  };
  /** Takes each chunk, and gives whether it keeps any of it. */
  reader: (chunk: Buffer) => boolean = () => false;
  #room = Buffer.allocUnsafeSlow(readBytes);
}

/** A connected socket as a `ByteStream`. */
export class SocketStream implements ByteStream {
  readonly remote: Remote;
  readonly needsProbes: boolean;
  readonly #socket: Socket;
  readonly #buffer: ReadBuffer | undefined;
  #handlers: StreamHandlers | undefined;
  #ended = false;
  #destroyed = false;
  #error: Error | undefined;
  #pieces: Uint8Array[] = [];
  #pieceInFlight = false;
  #corked = false;
  readonly #uncork = (): void => {
    if (!this.#corked) return;
    this.#corked = false;
    this.#socket.uncork();
  };

  /** With the buffer that the socket reads into, if it has one. */
  constructor(socket: Socket, remote: Remote, buffer?: ReadBuffer) {
    this.remote = remote;
    this.#buffer = buffer;
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
      const reader = (chunk: Buffer): boolean => {
        if (!this.#destroyed) handlers.data(chunk);
        return handlers.keepsNothing?.() !== true;
      };
      if (this.#buffer === undefined) this.#socket.on("data", reader);
      else {
        this.#buffer.reader = reader;
        // Not `resume`, which would begin to read again, a little later, in a pause that follows at once.
        this.#socket.read(0);
      }
    }
  }

  write(data: string | Uint8Array): void {
    if (this.#ended || this.#destroyed) return;
    if (this.#pieces.length === 0 && data.length <= pieceBytes) {
      // What waits behind something else is kept together anyway.
      if (this.#corked || this.#socket.writableLength > 0) this.#socket.write(data);
      else this.#writeFirst(data);
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
  #writeFirst(data: string | Uint8Array): void {
    // Node calls back at the end of the turn, or when what the peer did not take at once is gone too.
    this.#socket.write(data, this.#uncork);
    this.#corked = true;
    this.#socket.cork();
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
