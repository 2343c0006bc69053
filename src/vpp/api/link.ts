import { setTimeout as sleep } from "node:timers/promises";

import { Deadline, type CallOptions } from "../../core/call.js";
import { AbortedError, DisconnectedError, UnreachableError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { Backoff } from "../../net/backoff.js";
import { dialAny } from "../../net/dial.js";
import type { Remote } from "../../net/remote.js";
import type { ByteStream } from "../../net/stream.js";
import { loadCatalog, type Catalog, type Loaded } from "./catalog.js";
import type { VppConnectError } from "./errors.js";
import type { Settings } from "./options.js";
import { Routes } from "./routes.js";
import { Session } from "./session.js";

/** A connection that is ready for calls. */
export interface Connection {
  /** Counts the connections of one client, from 1. */
  readonly generation: number;
  readonly session: Session;
  readonly routes: Routes;
  readonly catalog: Catalog | undefined;
}

/** What a link tells of. */
export interface LinkEvents {
  /** A connection is made. Nobody else may use it before this is over; undefined: it is. */
  connecting(connection: Connection): Promise<void> | undefined;
  /** The connection is ready. */
  ready(connection: Connection): void;
  /** The connection was lost; whether another is tried for. */
  lost(reason: Error, again: boolean): void;
}

/** The deadline of each attempt after the first connection, in milliseconds. */
const attemptMs = 5000;

/** The longest pause between two knocks at a socket that is crowded, in milliseconds. */
const mostCrowdMs = 32;

/** How long a farewell may take, in milliseconds. */
const farewellMs = 2000;

/** Keeps one connection to a server, and makes it again when it is lost. */
export class Link {
  readonly #remotes: readonly Remote[];
  readonly #settings: Settings;
  readonly #events: LinkEvents;
  readonly #backoff: Backoff;
  #isClosed = false;
  /** Ends the wait for the next attempt. */
  #waking: AbortController | undefined;
  #current: Connection | undefined;
  #loaded: Loaded | undefined;
  #generation = 0;
  #connectedAt = 0;
  #trouble: Error | undefined;

  constructor(remotes: readonly Remote[], settings: Settings, events: LinkEvents) {
    this.#remotes = remotes;
    this.#settings = settings;
    this.#events = events;
    this.#backoff = new Backoff(settings.reconnect);
  }

  /** The connection, while there is one. */
  get current(): Connection | undefined {
    return this.#current;
  }

  /** Why there is none. */
  get trouble(): Error {
    if (this.#isClosed) return new Error("the client was closed");
    return this.#trouble ?? new Error("not connected yet");
  }

  /** Connects for the first time. */
  async open(options: CallOptions): Promise<Result<void, VppConnectError>> {
    const started = Deadline.start("connectVpp", options, attemptMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    // Awaited here: the deadline ends with this function.
    const result = await this.#attempt(deadline);
    return result;
  }

  /** Tries for no other connection from now on; the one that there is stays. */
  stopTrying(): void {
    this.#isClosed = true;
    this.#waking?.abort();
  }

  /** Ends the connection in good order, and tries for no other. */
  async close(): Promise<void> {
    this.stopTrying();
    const current = this.#current;
    this.#current = undefined;
    await current?.session.close(farewellMs);
  }

  async #attempt(deadline: Deadline): Promise<Result<void, VppConnectError>> {
    const stream = await this.#dial(deadline);
    if (stream.isErr()) return stream;
    const { name, window, maxFrameBytes } = this.#settings;
    const onEnd = (reason: Error, ended: Session): void => this.#lost(ended, reason);
    const opened = await Session.open(stream.value, { name, window, maxFrameBytes, onEnd }, deadline);
    if (opened.isErr()) return opened;
    const session = opened.value;
    const ready = await this.#prepare(session, deadline);
    if (ready.isErr()) void session.close(farewellMs);
    return ready;
  }

  /** VPP lets five connections wait to be accepted: more at once are turned away with EAGAIN and have to come again. */
  async #dial(deadline: Deadline): Promise<Result<ByteStream, VppConnectError>> {
    for (let waitMs = 1; ; waitMs = Math.min(2 * waitMs, mostCrowdMs)) {
      const stream = await dialAny(this.#remotes, {
        operation: "connectVpp",
        signal: deadline,
        server: "VPP",
        whereToLook:
          "VPP listens where socksvr { socket-name } in its startup.conf says, by default on /run/vpp/api.sock",
      });
      if (stream.isOk()) return stream;
      const { error } = stream;
      if (error instanceof AbortedError) return Err(deadline.failure("connecting", "not-sent"));
      if (!(error instanceof UnreachableError)) return Err(error);
      if (error.errno === "EPROTOTYPE") return Err(tooOld(error));
      if (error.errno !== "EAGAIN" || deadline.remainingMs() <= waitMs) return Err(error);
      // Not all at the same time again.
      await sleep(waitMs * (0.5 + Math.random()), undefined, { signal: deadline.signal }).catch(
        () => undefined,
      );
    }
  }

  async #prepare(session: Session, deadline: Deadline): Promise<Result<void, VppConnectError>> {
    const { api, allowUnsafe } = this.#settings;
    let catalog: Catalog | undefined;
    if (api !== undefined) {
      const loaded = await loadCatalog(api, session, this.#loaded, deadline.remainingMs());
      if (loaded.isErr()) return loaded;
      this.#loaded = loaded.value;
      catalog = loaded.value.catalog;
    }
    const routes = new Routes(session, catalog, allowUnsafe);
    const connection: Connection = { generation: this.#generation + 1, session, routes, catalog };
    const others = this.#events.connecting(connection);
    if (others !== undefined) await others;
    if (session.isOver || this.#isClosed) return Err(endedEarly());
    this.#generation = connection.generation;
    this.#connectedAt = performance.now();
    this.#current = connection;
    this.#events.ready(connection);
    return Ok(undefined);
  }

  /** While a connection is being made ready, its end is noticed there. */
  #lost(session: Session, reason: Error): void {
    if (this.#current?.session !== session) return;
    this.#current = undefined;
    this.#trouble = reason;
    const again = this.#settings.reconnect !== undefined && !this.#isClosed;
    this.#events.lost(reason, again);
    if (again) void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    this.#waking ??= new AbortController();
    const { signal } = this.#waking;
    let waitMs = this.#backoff.disconnected(performance.now() - this.#connectedAt);
    while (!this.#isClosed) {
      // Refused when it is closed meanwhile.
      await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      if (this.#isClosed) return;
      const result = await this.open({ signal });
      if (result.isOk()) return;
      this.#trouble = result.error;
      waitMs = this.#backoff.failed();
    }
  }
}

function endedEarly(): DisconnectedError {
  const message = "connectVpp: the connection ended while it was made ready; is VPP ending?";
  return new DisconnectedError({ operation: "connectVpp", outcome: "not-sent", message });
}

/** Up to 19.04 the socket was of another type (4ff09ae3483); Node opens stream sockets only. */
function tooOld(error: UnreachableError): UnreachableError {
  const { operation, address, errno, cause } = error;
  const hint =
    "it is a seqpacket socket: either VPP is older than 19.08, whose API only later versions let Node reach (upgrade to 20.05 or later), or this is VPP's stats.sock";
  const message = `${operation}: cannot connect to ${address}: ${hint}`;
  return new UnreachableError({ operation, address, errno, hint, message, cause });
}
