import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { encodeExactly } from "../../../src/jsonrpc/encode.js";
import { FrameScanner } from "../../../src/jsonrpc/frame-scanner.js";
import { isArray, isObject } from "../../../src/ovsdb/json.js";

/** A JSON-RPC message as it came. */
export type Message = Readonly<Record<string, unknown>>;

/** A client that sends what it is told and tells what comes. It knows nothing of OVSDB. */
export class RawClient implements Disposable {
  readonly #socket: Socket;
  readonly #messages: Message[] = [];
  #wake: (() => void) | undefined;
  #isOver = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const scanner = new FrameScanner();
    socket.on("data", (chunk: Buffer) => {
      scanner.push(chunk, (value) => {
        if (isObject(value)) this.#messages.push(value);
        return true;
      });
      this.#wake?.();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.#isOver = true;
      this.#wake?.();
    });
  }

  /** Connects to `unix:PATH` or `tcp:HOST:PORT`. */
  static async connect(remote: string): Promise<RawClient> {
    const [, host = "", port = ""] = /^tcp:(.*):(\d+)$/u.exec(remote) ?? [];
    const socket =
      host === "" ? connect(remote.replace(/^unix:/u, "")) : connect({ host, port: Number(port) });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  send(message: Message | Uint8Array | string): void {
    const isText = typeof message === "string" || message instanceof Uint8Array;
    this.#socket.write(isText ? message : encodeExactly(message));
  }

  /** The next message, or `closed`. */
  async next(): Promise<Message | "closed"> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (this.#isOver) return "closed";
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** What comes up to the answer to a request, the answer included. */
  async upTo(id: unknown): Promise<readonly (Message | "closed")[]> {
    const messages: (Message | "closed")[] = [];
    for (;;) {
      const message = await this.next();
      messages.push(message);
      if (message === "closed") return messages;
      if (encodeExactly(message["id"]) === encodeExactly(id)) return messages;
    }
  }

  /** Sends a request, and gives what comes up to its answer. */
  async request(method: string, params: readonly unknown[], id: unknown = 1) {
    this.send({ method, params, id });
    return this.upTo(id);
  }

  /** What comes before an echo is answered: the server has then done everything that was sent before. */
  async settled(): Promise<readonly (Message | "closed")[]> {
    const messages = await this.request("echo", [], "settled");
    return messages.filter((message) => message === "closed" || message["id"] !== "settled");
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

/**
 * A value in a form in which two servers' answers are equal: uuids that a server has chosen numbered in the order of
 * their mention, and the rows of a select in order.
 */
export function comparable(value: unknown, known: ReadonlySet<string>): unknown {
  const numbers = new Map<string, string>();
  const named = (text: string): string => {
    const isOurs = known.has(text) || text === "00000000-0000-0000-0000-000000000000";
    if (isOurs || !uuidPattern.test(text)) return text;
    const name = numbers.get(text) ?? `uuid ${numbers.size}`;
    numbers.set(text, name);
    return name;
  };
  const walk = (each: unknown): unknown => {
    if (typeof each === "string") {
      // Which of two equal rows is the first is the order of a hash table.
      const text = each.replace(/(index on columns? .*?\.).*/u, "$1");
      return text.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gu, named);
    }
    // ovsdb-server writes -0, which is equal to 0 there too; JSON.stringify writes 0.
    if (each === 0) return 0;
    if (isArray(each)) return each.map(walk);
    if (!isObject(each)) return each;
    const members = Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(members.map(([name, member]) => [named(name), walkMember(name, member)]));
  };
  const walkMember = (name: string, member: unknown): unknown => {
    if (name === "_version") return "a version";
    if (name !== "rows" || !isArray(member)) return walk(member);
    return member.map(walk).toSorted((a, b) => (encodeExactly(a) < encodeExactly(b) ? -1 : 1));
  };
  return walk(value);
}
