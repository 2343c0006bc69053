/** A service on a switch in memory, in a private folder, and a client that speaks to it as any language would. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { Ok } from "../../src/index.js";
import { serve, type ServeOptions, type Service } from "../../src/service/index.js";
import { MemorySwitch } from "../../src/testing/index.js";

export interface Reply {
  readonly jsonrpc?: string;
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

const isReply = (value: unknown): value is Reply => typeof value === "object" && value !== null;

/** One connection; what comes is given line by line. */
export class RpcClient implements Disposable {
  readonly socket: Socket;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  #id = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#reader = createInterface({ input: socket });
    this.#lines = this.#reader[Symbol.asyncIterator]();
    socket.on("error", () => undefined);
  }

  static async connect(path: string): Promise<RpcClient> {
    const socket = createConnection({ path, allowHalfOpen: true });
    const client = new RpcClient(socket);
    await once(socket, "connect");
    return client;
  }

  write(text: string): void {
    this.socket.write(text);
  }

  send(message: unknown): void {
    this.write(`${JSON.stringify(message)}\n`);
  }

  /** The next message as it is; `undefined`: the service has closed its side. */
  async nextValue(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : JSON.parse(value);
  }

  /** The next message, which is to be an object. */
  async next(): Promise<Reply> {
    const value = await this.nextValue();
    if (!isReply(value)) throw new Error(`no object came, but ${JSON.stringify(value)}`);
    return value;
  }

  /** Asks, and takes the next message for the answer. */
  call(method: string, params?: unknown): Promise<Reply> {
    this.#id += 1;
    this.send({ jsonrpc: "2.0", id: this.#id, method, ...(params !== undefined && { params }) });
    return this.next();
  }

  [Symbol.dispose](): void {
    this.#reader.close();
    this.socket.destroy();
  }
}

export interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  readonly memory: MemorySwitch;
  readonly service: Service;
  readonly log: readonly string[];
  client(): Promise<RpcClient>;
}

/** Starts a service. `options` may say anything but where it listens. */
export async function startBench(options: Partial<ServeOptions> = {}): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "vswitch-serve-"));
  const path = join(folder, "vswitch.sock");
  const memory = new MemorySwitch();
  const log: string[] = [];
  const service = (
    await serve({
      socket: { path },
      connect: async ({ owner }) => Ok(memory.connect(owner === undefined ? {} : { owner })),
      log: (line) => log.push(line),
      ...options,
    })
  ).unwrap();
  return {
    folder,
    path,
    memory,
    service,
    log,
    client: () => RpcClient.connect(path),
    [Symbol.asyncDispose]: async () => {
      await service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
