import { Backoff } from "../../net/backoff.js";
import { noDatabase } from "../errors.js";
import type { Conditions } from "./conditions.js";
import { Election } from "./election.js";
import type { SessionEffect, SessionEvent, SessionState, TimerName } from "./events.js";
import type { SessionOptions } from "./options.js";
import { Position } from "./position.js";
import { Progress, type Step } from "./progress.js";
import { RemoteRing } from "./remote-ring.js";
import type { SessionRemote } from "./remotes.js";
import { acceptableRow, type ServerRow } from "./server-row.js";

/** Forced reconnects that come sooner after each other than this wait like others. */
const forcedEveryMs = 1000;

/**
 * All that decides what a session does: an event goes in, what is to be done comes out, and nothing is waited for. It
 * follows the reference client (lib/ovsdb-cs.c, lib/reconnect.c) but for the waits of an {@link Election}. Whoever runs
 * it drops the events of connections that it has ended.
 */
export class SessionMachine {
  readonly #options: SessionOptions;
  readonly #conditions: Conditions;
  readonly #backoff: Backoff;
  readonly #election: Election;
  readonly #remotes: RemoteRing;
  readonly #position: Position;
  #cid: string | undefined;
  #tries = 0;
  #remote: SessionRemote | undefined;
  #state: SessionState = "waiting";
  #reason = "";
  readonly #progress = new Progress();
  #hasRows = false;
  #minIndex = 0;
  #server: ServerRow | undefined;
  /** What `_Server` told of the schema when that was asked for last. */
  #askedOf: string | undefined;
  #connectedAt = 0;
  #forcedAt = -Infinity;
  /** Whether the rows are those of a cluster's member. */
  #isOfCluster = false;
  #effects: SessionEffect[] = [];

  constructor(options: SessionOptions, conditions: Conditions) {
    this.#options = options;
    this.#conditions = conditions;
    this.#position = new Position(conditions);
    this.#remotes = new RemoteRing(options.remotes, options.shuffle, options.random);
    this.#cid = options.cid;
    this.#backoff = new Backoff({ ...options.backoff, freeTries: options.remotes.length });
    this.#election = new Election(options.random);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Why it stands where it does. */
  get reason(): string {
    return this.#reason;
  }

  /** The remote that it is connected to, tries, or tried last. */
  get remote(): string | undefined {
    return this.#remote?.text;
  }

  /** What the server says of the database; `undefined` from one that does not tell. */
  get server(): ServerRow | undefined {
    return this.#server;
  }

  get minIndex(): number {
    return this.#minIndex;
  }

  /** Whether conditions can be changed: not by a server that only has `monitor`. */
  get hasConditions(): boolean {
    return this.#position.method !== "monitor";
  }

  handle(event: SessionEvent): readonly SessionEffect[] {
    if (this.#state === "closed") return [];
    this.#effects = [];
    this.#react(event);
    return this.#effects;
  }

  #react(event: SessionEvent): void {
    switch (event.kind) {
      case "start":
        return this.#connect();
      case "timer":
        return event.timer === "wait" ? this.#connect() : this.#checkProgress(event.arrived, event.now);
      case "connected":
        this.#connectedAt = event.now;
        return this.#begin();
      case "dial-failed":
        return this.#lost(event.reason, event.error, this.#backoff.failed(), event.now);
      case "disconnected":
        return this.#disconnected(event.reason, event.error, event.now);
      case "server-schema":
        return event.present ? this.#ask("server-rows", { do: "monitor-server" }) : this.#askSchema();
      case "server-rows":
        return this.#checkServer(event.rows, event.now);
      case "schema":
        return this.#askRows(event.changed);
      case "schema-refused":
      case "monitor-refused":
        return this.#refused(event.kind, event.error, event.now);
      case "unusable":
        this.#progress.end();
        this.#clear("progress");
        return this.#tell("incompatible", event.error.message, event.error);
      case "monitored":
        return this.#monitored(event.lastId);
      case "updated":
        if (event.lastId !== undefined) this.#position.reached(event.lastId);
        return undefined;
      case "conditions-held":
        this.#conditions.held();
        return this.#conditionsSettled(undefined);
      case "conditions-refused":
        this.#conditions.refused();
        return this.#conditionsSettled(event.error);
      case "monitor-canceled":
        this.#beAware(false);
        this.#push({ do: "cancel-monitor", monitor: event.monitor === "data" ? "server" : "data" });
        this.#tell("synchronizing", "the server has changed the database");
        return this.#begin();
      case "inconsistent":
        this.#position.forget();
        return this.#distrust(event.error, event.now);
      case "set-remotes":
        return this.#setRemotes(event.remotes, event.cid, event.now);
      case "force-reconnect":
        return this.#force("a reconnect was asked for", new Error("a reconnect was asked for"), event.now);
      case "reset-min-index":
        this.#minIndex = 0;
        return undefined;
      case "conditions-set":
        return this.#conditionsSet();
      case "close":
        this.#hangUp();
        this.#server = undefined;
        return this.#tell("closed", "this side closed it");
    }
  }

  #connect(): void {
    const remote = this.#remotes.take();
    if (remote === undefined) return;
    this.#tries += 1;
    this.#remote = remote;
    if (remote.kind === "passive") {
      this.#push({ do: "listen", remote });
      this.#tell("listening", `waiting for the server to connect to ${remote.text}`);
    } else {
      this.#push({ do: "dial", remote, timeoutMs: this.#options.dialMs ?? this.#backoff.attemptMs });
      this.#tell("connecting", this.#reason === "" ? `connecting to ${remote.text}` : this.#reason);
    }
  }

  /** From the top, on the connection that there is (`ovsdb_cs_restart_fsm`). */
  #begin(): void {
    this.#server = undefined;
    this.#isOfCluster = false;
    this.#position.interrupted();
    if (this.#state !== "synchronizing") this.#tell("synchronizing", `connected to ${this.remote ?? ""}`);
    this.#ask("server-schema", { do: "get-server-schema" });
  }

  /** Asks the server something that has to be answered in time. */
  #ask(step: Step, effect: SessionEffect): void {
    this.#progress.expect(step);
    this.#push(effect);
    const { noProgressMs, handshakeMs } = this.#options;
    this.#push({ do: "set-timer", timer: "progress", ms: step === "rows" ? noProgressMs : handshakeMs });
  }

  #askSchema(): void {
    this.#askedOf = this.#server?.schema;
    this.#ask("schema", { do: "get-schema" });
  }

  #checkServer(rows: readonly ServerRow[], now: number): void {
    const { operation, database, leaderOnly } = this.#options;
    const row = acceptableRow(rows, { database, leaderOnly, cid: this.#cid, minIndex: this.#minIndex });
    if (row === undefined || typeof row === "string") {
      this.#server = undefined;
      const names = rows.map(({ name }) => name);
      const error = row === undefined ? noDatabase(operation, database, names) : new Error(row);
      return this.#force(error.message, error, now);
    }
    this.#server = row;
    this.#isOfCluster = row.model === "clustered";
    if (row.model === "clustered") this.#minIndex = Math.max(this.#minIndex, row.index ?? 0);
    // In a cluster the row changes with every transaction.
    const mayBeOfUse = this.#state === "incompatible" && row.schema !== this.#askedOf;
    if (this.#progress.step === "server-rows" || mayBeOfUse) this.#askSchema();
  }

  /**
   * Who is aware of changes is told of them by the end of its monitors, and is disconnected no more. Without a monitor, as
   * between the schema and the rows, or with a database that is of no use, it would never hear of a conversion.
   */
  #beAware(isAware: boolean): void {
    if (this.#options.changeAware && this.#server !== undefined) this.#push({ do: "change-aware", isAware });
  }

  #askRows(schemaChanged: boolean): void {
    if (schemaChanged) this.#position.forget();
    this.#ask("rows", { do: "monitor", ...this.#position.begin() });
  }

  #refused(what: "schema-refused" | "monitor-refused", error: Error, now: number): void {
    const next = what === "monitor-refused" ? this.#position.fallBack() : undefined;
    if (next === undefined) this.#force(error.message, error, now);
    else this.#ask("rows", { do: "monitor", ...next });
  }

  #monitored(lastId: string | undefined): void {
    this.#position.reached(lastId);
    this.#hasRows = true;
    this.#tries = 0;
    this.#progress.end();
    this.#clear("progress");
    this.#conditions.held();
    this.#beAware(true);
    this.#tell("monitoring", `up to date with ${this.remote ?? ""}`);
    this.#conditionsSettled(undefined);
  }

  #conditionsSettled(
    error: Extract<SessionEvent, { kind: "conditions-refused" }>["error"] | undefined,
  ): void {
    this.#push({ do: "settle-conditions", upTo: this.#conditions.heldNumber, error });
    this.#changeConditions();
  }

  #conditionsSet(): void {
    if (this.#state !== "incompatible" || this.#progress.step !== "nothing") return this.#changeConditions();
    // By these the database may be of use.
    this.#position.interrupted();
    this.#askRows(false);
  }

  #changeConditions(): void {
    if (this.#state !== "monitoring" || !this.#conditions.isDue) return;
    this.#push({ do: "change-conditions", conditions: this.#conditions.request() });
  }

  #checkProgress(arrived: number, now: number): void {
    if (this.#progress.step === "nothing") return;
    if (this.#progress.goesOn(arrived)) {
      this.#push({ do: "set-timer", timer: "progress", ms: this.#options.noProgressMs });
      return;
    }
    const reason = `${this.remote ?? ""}: the server does not answer`;
    this.#disconnected(reason, new Error(reason), now);
  }

  #disconnected(reason: string, error: Error, now: number): void {
    // Whoever connects to us waits by itself.
    const isPassive = this.#remote?.kind === "passive";
    this.#lost(reason, error, isPassive ? 0 : this.#backoff.disconnected(now - this.#connectedAt), now);
  }

  /** Leaves a server that will not do. One that did, until now, is left at once; others in their turn. */
  #force(reason: string, error: Error, now: number): void {
    if (this.#state === "waiting" || this.#state === "connecting" || this.#state === "listening") {
      if (this.#state !== "waiting") return;
      this.#clear("wait");
      return this.#connect();
    }
    const atOnce = this.#state === "monitoring" && now - this.#forcedAt >= forcedEveryMs;
    if (atOnce) {
      this.#forcedAt = now;
      this.#backoff.reset(this.#remotes.size);
    }
    this.#disconnected(reason, error, now);
  }

  /**
   * Leaves a server that sends what cannot be right. Others are tried at once only where it did for long: whoever sends it
   * with every answer would be asked for all rows over and over. An election has nothing to do with it.
   */
  #distrust(error: Error, now: number): void {
    if (this.#state === "waiting" || this.#state === "connecting" || this.#state === "listening") return;
    const didForLong = this.#state === "monitoring" && now - this.#connectedAt >= this.#options.backoff.maxMs;
    if (didForLong) this.#backoff.reset(this.#remotes.size);
    this.#isOfCluster = false;
    this.#disconnected(error.message, error, now);
  }

  #lost(reason: string, error: Error, backoffMs: number, now: number): void {
    const waitMs = this.#electionWait(now) ?? backoffMs;
    this.#hangUp();
    this.#server = undefined;
    this.#position.interrupted();
    if (!this.#options.retry && (this.#hasRows || this.#tries >= this.#remotes.size)) {
      return this.#tell("closed", reason, error);
    }
    this.#tell("waiting", reason, error);
    if (waitMs === 0) this.#connect();
    else this.#push({ do: "set-timer", timer: "wait", ms: waitMs });
  }

  #electionWait(now: number): number | undefined {
    // Whoever connects to us waits by itself.
    if (this.#remote?.kind === "passive") return undefined;
    if (this.#state === "monitoring" && this.#isOfCluster) this.#election.begin(now, this.#remotes.size);
    const waitMs = this.#election.wait(now, this.#remotes.size);
    if (waitMs !== undefined) this.#backoff.reset(0);
    return waitMs;
  }

  #hangUp(): void {
    this.#progress.end();
    this.#clear("wait");
    this.#clear("progress");
    this.#push({ do: "hang-up" });
  }

  #setRemotes(remotes: readonly SessionRemote[], cid: string | undefined, now: number): void {
    const isSameCluster = cid === this.#cid;
    const stays = remotes.some(({ text }) => text === this.#remote?.text) && isSameCluster;
    this.#remotes.replace(remotes);
    this.#cid = cid;
    if (!isSameCluster) this.#minIndex = 0;
    this.#backoff.reset(remotes.length);
    if (stays) return;
    const reason = "the remotes were changed";
    if (this.#state === "waiting") return this.#force(reason, new Error(reason), now);
    this.#isOfCluster = false;
    this.#election.end();
    this.#lost(reason, new Error(reason), 0, now);
  }

  #clear(timer: TimerName): void {
    this.#push({ do: "clear-timer", timer });
  }

  #tell(state: SessionState, reason: string, error?: Error): void {
    this.#state = state;
    this.#reason = reason;
    this.#push({ do: "tell-state", state, reason, remote: this.remote, error });
  }

  #push(effect: SessionEffect): void {
    this.#effects.push(effect);
  }
}
