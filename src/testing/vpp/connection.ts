import type { Socket } from "node:net";

import { FrameSplitter, headerBytes, lengthAt } from "../../vpp/api/frame.js";

/** What VPP leaves in the header's first eight bytes: an address of its own memory. */
const pointer = Buffer.from("c0b4043001000000", "hex");

/** A message with its header. */
export function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(headerBytes + message.length);
  pointer.copy(frame);
  frame.writeUInt32BE(message.length, lengthAt);
  frame.set(message, headerBytes);
  return frame;
}

/** What a connection tells the server. */
export interface ConnectionEvents {
  message(connection: Connection, bytes: Buffer): void;
  /** The client ended it, or it was cut. */
  end(connection: Connection): void;
  /** The client sent what kills the real VPP, or what it waits for for ever. */
  nonsense(connection: Connection, why: string): void;
}

/** The server's end of one connection. */
export class Connection {
  readonly #socket: Socket;
  readonly #splitter: FrameSplitter;
  #clientIndex: number | undefined;
  #name = "";
  #out: Uint8Array[] = [];
  #isFlushing = false;
  #chopBytes: number | undefined;
  #isOver = false;

  constructor(socket: Socket, events: ConnectionEvents) {
    this.#socket = socket;
    this.#splitter = new FrameSplitter({
      chunk: () => undefined,
      message: (bytes, start, end) => events.message(this, bytes.subarray(start, end)),
    });
    socket.on("data", (chunk: Buffer) => {
      const fault = this.#splitter.push(chunk);
      if (fault === undefined) return;
      // VPP would wait for the announced bytes; what follows cannot be understood any more.
      socket.removeAllListeners("data").resume();
      events.nonsense(this, fault);
    });
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      this.#isOver = true;
      events.end(this);
    });
  }

  /** What the handshake gave; undefined before it. */
  get clientIndex(): number | undefined {
    return this.#clientIndex;
  }

  /** How the client calls itself. */
  get name(): string {
    return this.#name;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  register(clientIndex: number, name: string): void {
    this.#clientIndex = clientIndex;
    this.#name = name;
  }

  /** From now on every write is of so many bytes, each in its own turn of the event loop; undefined: as they come. */
  chop(bytes: number | undefined): void {
    this.#chopBytes = bytes;
  }

  send(bytes: Uint8Array): void {
    this.#out.push(bytes);
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    process.nextTick(() => this.#flush());
  }

  /** Sends what is to be sent, then hangs up. */
  hangUp(): void {
    this.#flush();
    this.#socket.end();
  }

  /** Cuts the connection after what has been sent. */
  cut(): void {
    this.#flush();
    this.#socket.destroySoon();
  }

  #flush(): void {
    this.#isFlushing = false;
    const bytes = this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out);
    this.#out = [];
    if (this.#isOver || bytes === undefined || bytes.length === 0) return;
    const size = this.#chopBytes;
    if (size === undefined || bytes.length <= size) {
      this.#socket.write(bytes);
      return;
    }
    this.#socket.write(bytes.subarray(0, size));
    this.#out = [bytes.subarray(size)];
    this.#isFlushing = true;
    setImmediate(() => this.#flush());
  }
}
