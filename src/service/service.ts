import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import * as v from "valibot";
import { validate } from "../core/validate.js";
import {
  connect as connectToSwitch,
  Ok,
  type ConnectOptions,
  type Result,
  type VSwitchError,
} from "../index.js";
import { Client, type ClientOptions } from "./client.js";
import { defaultLimits, limitsSchema, type Limits } from "./limits.js";
import { listenOn, type SocketOptions, type Unlink } from "./listen.js";
import { switchMethods, type Method } from "./methods.js";
import { SwitchPool } from "./pool.js";
import type { Connect } from "./shared.js";

/** How a service is started. */
export interface ServeOptions {
  /** Where it listens: a socket that is made, or the number of a descriptor that listens already (socket activation). */
  readonly socket: SocketOptions | { readonly fd: number };
  /** The switch, and as whom it is used; as `connect` takes them. It need not be there yet. */
  readonly vswitch?: Omit<ConnectOptions, "signal" | "timeoutMs"> | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** How switches are connected to. Default: the library's `connect`. */
  readonly connect?: Connect | undefined;
  /**
   * Methods besides the verbs, by name. Their connections to switches should come from the `connect` that they are
   * given: it shares those of the service.
   */
  readonly methods?: ((connect: Connect) => ReadonlyMap<string, Method>) | undefined;
  /** Is told what happens, one line each: connections to switches that come and go, clients refused, faults. */
  readonly log?: ((line: string) => void) | undefined;
}

/** The version of the service's protocol. A change that could break a client gives it another number. */
export const protocolVersion = 1;

/** How long the start waits for the switch. */
const earlyMs = 1000;

const optionsSchema = v.object({ limits: v.optional(limitsSchema) });

/** A service that runs. Whoever started it closes it. */
export class Service implements AsyncDisposable {
  readonly #server: Server;
  readonly #pool: SwitchPool;
  readonly #limits: Limits;
  readonly #clients = new Set<Client>();
  readonly #unlink: Unlink;
  #closing: Promise<void> | undefined;

  private constructor(
    parts: { server: Server; pool: SwitchPool; limits: Limits; unlink: Unlink },
    client: ClientOptions,
  ) {
    this.#server = parts.server;
    this.#pool = parts.pool;
    this.#limits = parts.limits;
    this.#unlink = parts.unlink;
    this.#server.on("connection", (socket) => this.#accept(socket, client));
    this.#server.on("error", (error) => client.log(`accepting a client failed: ${error.message}`));
  }

  /** @internal */
  static async start(options: ServeOptions): Promise<Result<Service, VSwitchError>> {
    const valid = validate("serve", "options", optionsSchema, { limits: options.limits });
    if (valid.isErr()) return valid;
    const limits = { ...defaultLimits, ...options.limits };
    const log = options.log ?? (() => undefined);
    const pool = new SwitchPool(options.connect ?? connectToSwitch, log);
    // Early: so that settings which can never work are told of now. A switch that is not there yet is no fault.
    const early = await pool.connect({ ...options.vswitch, timeoutMs: earlyMs });
    if (early.isErr() && early.error.kind === "invalid") return early;
    // Half-open: who sends a request and closes its side, as `socat` does, still gets the answer.
    const server = createServer({ allowHalfOpen: true });
    const unlink = await listen(server, options.socket);
    if (unlink.isErr()) {
      await pool.close();
      return unlink;
    }
    const source = ({ signal }: { readonly signal: AbortSignal }) =>
      pool.connect({ ...options.vswitch, signal });
    const methods = new Map([...switchMethods(source), ...(options.methods?.(pool.connect) ?? [])]);
    const about = {
      protocol: protocolVersion,
      methods: [...methods.keys(), "about", "unwatch", "watch"].toSorted(),
      limits: { maxMessageBytes: limits.maxMessageBytes, maxInFlight: limits.maxInFlight },
    };
    methods.set("about", () => Ok(about));
    const watch: ClientOptions["watch"] = async (watchOptions, call) => {
      const vswitch = await source(call);
      return vswitch.isErr() ? vswitch : await vswitch.value.watch(watchOptions);
    };
    return Ok(new Service({ server, pool, limits, unlink: unlink.value }, { methods, watch, limits, log }));
  }

  #accept(socket: Socket, options: ClientOptions): void {
    const { maxClients } = this.#limits;
    if (this.#closing !== undefined) return void socket.destroy();
    if (this.#clients.size >= maxClients) {
      options.log(`a client was refused: ${maxClients} are connected already`);
      return Client.refuse(socket, `${maxClients} clients are connected already; try again later`);
    }
    const client = new Client(socket, options);
    this.#clients.add(client);
    void client.closed.then(() => this.#clients.delete(client));
  }

  /**
   * Ends the service: no new client or request is taken, what runs is answered (for `graceMs`, then cancelled), the
   * connections to switches are closed and the socket is taken away. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#unlink();
    const closed = once(this.#server, "close");
    this.#server.close();
    await Promise.all([...this.#clients].map((client) => client.finish(this.#limits.graceMs)));
    await closed;
    await this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function listen(server: Server, socket: ServeOptions["socket"]): Promise<Result<Unlink, VSwitchError>> {
  if (!("fd" in socket)) return listenOn(server, socket);
  server.listen({ fd: socket.fd });
  await once(server, "listening");
  return Ok(() => undefined);
}

/**
 * Starts the core API as a service: JSON-RPC 2.0 on a unix socket, one message a line. Whoever may write the socket may
 * do with the switch what this process may.
 *
 * Errors: `invalid` (a place that others could write, a limit that is none); `conflict` (another service listens there).
 */
export const serve = (options: ServeOptions): Promise<Result<Service, VSwitchError>> =>
  Service.start(options);
