import { FrameScanner } from "../../jsonrpc/frame-scanner.js";
import { isArray, isObject, isSendable } from "../../ovsdb/json.js";
import type { Socket } from "node:net";

/** A request or, without an id, a notification. */
export interface WireRequest {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What a connection tells its session. */
export interface WireEvents {
  request(request: WireRequest): void;
  /** There was something to send for longer than one write, and now there is not. */
  drained(): void;
  /** It is over, for whatever reason. */
  end(): void;
}

/**
 * The server's end of one connection: JSON-RPC 1.0 as strict as ovsdb-server's (lib/jsonrpc.c), which answers a
 * violation by hanging up.
 */
export class WireConnection {
  readonly #socket: Socket;
  readonly #scanner = new FrameScanner();
  readonly #events: WireEvents;
  #waiting: Buffer[] = [];
  #out: Buffer[] = [];
  #isFlushing = false;
  #isWriting = false;
  #isSilent = false;
  #isOver = false;
  #chopBytes: number | undefined;

  constructor(socket: Socket, events: WireEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      this.#isOver = true;
      events.end();
    });
  }

  /** Whether what was sent has not all left: the server then reads no further request, and merges its updates. */
  get isBusy(): boolean {
    return this.#isWriting;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** From now on every write is of so many bytes, each in its own turn of the event loop. */
  chop(bytes: number | undefined): void {
    this.#chopBytes = bytes;
  }

  /** Neither reads nor writes, as a server that is stopped, until it is told otherwise. */
  silence(isSilent: boolean): void {
    this.#isSilent = isSilent;
    if (isSilent) this.#socket.pause();
    else {
      this.#socket.resume();
      this.#schedule();
      this.#readOn();
    }
  }

  /** A message; `undefined` members are left out. */
  send(message: Readonly<Record<string, unknown>>): void {
    this.sendBytes(encodeMessage(message));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#out.push(Buffer.from(bytes));
    this.#schedule();
  }

  /** Ends the connection behind what has been sent. */
  hangUp(): void {
    if (!this.#isSilent) this.#flush();
    this.#socket.destroySoon();
    this.#isOver = true;
  }

  #schedule(): void {
    if (this.#isFlushing || this.#isSilent) return;
    this.#isFlushing = true;
    process.nextTick(() => {
      this.#isFlushing = false;
      if (!this.#isSilent) this.#flush();
    });
  }

  #flush(): void {
    const bytes = this.#out.length === 1 ? this.#out[0] : Buffer.concat(this.#out);
    this.#out = [];
    if (this.#isOver || bytes === undefined || bytes.length === 0) return;
    const size = this.#chopBytes ?? bytes.length;
    this.#write(bytes.subarray(0, size));
    if (bytes.length <= size) return;
    this.#out = [bytes.subarray(size)];
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #write(bytes: Buffer): void {
    this.#socket.write(bytes, () => {
      const wasBusy = this.#isWriting;
      this.#isWriting = this.#socket.writableLength > 0;
      if (!wasBusy || this.#isWriting || this.#isOver) return;
      this.#events.drained();
      this.#readOn();
    });
    // The kernel takes what fits at once.
    this.#isWriting = this.#socket.writableLength > 0;
  }

  #receive(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#readOn();
  }

  #readOn(): void {
    while (!this.#isWriting && !this.#isSilent && !this.#isOver) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) return;
      const fault = this.#scanner.push(chunk, (value) => {
        if (!this.#isMessage(value)) this.hangUp();
        return !this.#isOver;
      });
      if (fault !== undefined) this.hangUp();
    }
  }

  /** Handles a message; false where it is none, or one that nobody asked for. */
  #isMessage(value: unknown): boolean {
    if (!isObject(value) || !isAcceptable(value)) return false;
    if (Object.keys(value).some((name) => !knownMembers.has(name))) return false;
    const { id, method, params, result, error } = value;
    if (method === undefined || method === null) {
      // Only the answer to the server's own probe is expected.
      return id === "echo" && (isThere(result) || isThere(error)) && !isThere(params);
    }
    if (typeof method !== "string" || !isArray(params) || isThere(result) || isThere(error)) return false;
    this.#events.request({ id: id ?? undefined, method, params });
    return true;
  }
}

const knownMembers = new Set(["id", "method", "params", "result", "error"]);

export function encodeMessage(message: Readonly<Record<string, unknown>>): Buffer {
  const members = Object.entries(message).filter(([, value]) => value !== undefined);
  return Buffer.from(encode(Object.fromEntries(members)));
}

/** JSON with bigints as integers, and large whole reals in the server's form, `1e+17`. */
function encode(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number")
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? value.toExponential() : String(value);
  if (isArray(value)) return `[${value.map(encode).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}:${encode(member)}`);
  return `{${members.join(",")}}`;
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** What the server's own reader takes (lib/json.c): no NUL and no half of a surrogate pair, no number out of range. */
function isAcceptable(value: unknown): boolean {
  if (typeof value === "string") return isSendable(value);
  if (typeof value === "number") return Number.isFinite(value);
  if (isArray(value)) return value.every(isAcceptable);
  if (!isObject(value)) return true;
  return Object.entries(value).every(([name, member]) => isSendable(name) && isAcceptable(member));
}
