import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { InvalidError, UnreachableError } from "../../core/errors.js";
import { Ok, type Result } from "../../core/result.js";
import { readSources } from "../../vpp/schema/files.js";
import type { MessageValue } from "../../vpp/schema/narrow.js";
import { readApi } from "../../vpp/schema/read.js";
import { Faults, type Fault } from "./faults.js";
import { callHandlers, dumpHandlers } from "./handlers/index.js";
import type { CallHandler, DumpHandler } from "./handlers/handler.js";
import { Incarnation } from "./incarnation.js";
import { MessageSet, type MessageSource } from "./message-set.js";
import { RequestLog } from "./requests.js";
import type { SimulatedVpp } from "./simulated-vpp.js";

/** What a VPP API server is to be. */
export interface VppServerOptions {
  /**
   * The messages that it has: the `*.api.json` files of any release, their model, or codecs. From a directory it also
   * answers `get_api_json`, where that release has it.
   */
  readonly api: { readonly directory: string } | MessageSource;
  /** The modules (API files) that are loaded; the messages of others are not there. Default: all. */
  readonly modules?: readonly string[] | undefined;
  /** The socket. Default: one in a new directory under the system's temporary one, which goes with the server. */
  readonly path?: string | undefined;
  /** What `show_version` says. Default: `26.06-release`. */
  readonly version?: string | undefined;
  /** Message ids are others with another number. Default: 0. */
  readonly idStart?: number | undefined;
  /** Details on a page of a stream. Default: all. */
  readonly pageSize?: number | undefined;
  /** What a stream of nothing answers: retval -7 (`vector`, the default), or retval 0 and a cursor that means nothing. */
  readonly emptyStreams?: "vector" | "pool" | undefined;
  /** The host's interfaces that `af_packet_create` finds. Default: any name. */
  readonly hostInterfaces?: readonly string[] | undefined;
  /** Whether events go on for whoever gets the index of a client that left, as before VPP 22.02. Default: false. */
  readonly keepSubscriptions?: boolean | undefined;
  /** How many requests are kept for `requests`. Default: 10000. */
  readonly keepRequests?: number | undefined;
}

/**
 * A VPP API server in this process, for tests: it speaks the protocol of the real one over a real unix socket, byte by
 * byte, with the message table of whatever release it is given, and does what the real one does to interfaces, bridge
 * domains, memif sockets, tags and addresses. It answers wrong arguments as the real one does, dies of what the real one
 * dies of, and has faults on demand.
 */
export class VppServer implements AsyncDisposable {
  /** The requests that came, without those that make and end connections. */
  readonly requests: RequestLog;
  /** What it has died of, the oldest first. The real VPP would have to be started anew. */
  readonly deaths: string[] = [];
  readonly #options: VppServerOptions;
  readonly #source: MessageSource;
  readonly #path: string;
  readonly #temporary: string | undefined;
  readonly #faults = new Faults();
  readonly #calls = new Map(callHandlers);
  readonly #dumps = new Map(dumpHandlers);
  #listener: Server | undefined;
  #incarnation: Incarnation;
  #rudeEnds = 0;
  #endsUnderAnswers = 0;

  private constructor(options: VppServerOptions, source: MessageSource, bundle: string | undefined) {
    this.#options = options;
    this.#source = source;
    this.#temporary = options.path === undefined ? mkdtempSync(join(tmpdir(), "vpp-")) : undefined;
    this.#path = options.path ?? join(this.#temporary ?? "", "api.sock");
    this.requests = new RequestLog(options.keepRequests ?? 10_000);
    if (bundle !== undefined) this.#calls.set("get_api_json", () => ({ json: bundle }));
    this.#incarnation = this.#incarnate(options.idStart ?? 0);
  }

  /** Starts a server, which then listens. Its API files may be unreadable, or none. */
  static async start(options: VppServerOptions): Promise<Result<VppServer, InvalidError | UnreachableError>> {
    const { api } = options;
    if (!("directory" in api)) return Ok(await new VppServer(options, api, undefined).#listening());
    const read = readSources(api.directory).andThen((sources) =>
      readApi(sources).map((model) => ({
        model,
        bundle: `[${sources.map(({ text }) => text).join(",")}]`,
      })),
    );
    if (read.isErr()) return read;
    return Ok(await new VppServer(options, read.value.model, read.value.bundle).#listening());
  }

  /** What to connect to, such as `unix:/tmp/vpp-x/api.sock`. */
  get remote(): string {
    return `unix:${this.#path}`;
  }

  /** What the VPP is now: another one after each restart. Look at it, or change it as an administrator would. */
  get vpp(): SimulatedVpp {
    return this.#incarnation.vpp;
  }

  /** The names of the clients that are connected. */
  get clients(): readonly string[] {
    return this.#incarnation.clients();
  }

  /**
   * How many clients ended their connection without `sockclnt_delete`. Sixteen at once hang the real VPP 26.06.
   */
  get rudeEnds(): number {
    return this.#rudeEnds;
  }

  /** How many of those did it while an answer was to come, which ends a real VPP before 23.02. */
  get endsUnderAnswers(): number {
    return this.#endsUnderAnswers;
  }

  /** Does a message in another way, or one that the server cannot do by itself. */
  handle(message: string, handler: CallHandler): void {
    this.#calls.set(message, handler);
  }

  /** The same for a dump or a stream. */
  handleDump(message: string, handler: DumpHandler): void {
    this.#dumps.set(message, handler);
  }

  /** The next `times` requests of this name (undefined: of any) are answered with a fault. */
  fail(message: string | undefined, fault: Fault, times = 1): void {
    this.#faults.plan(message, fault, times);
  }

  /** Takes back the faults that have not happened yet. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** Sends the answers that a fault of the kind `held` has held back. */
  release(): void {
    this.#incarnation.release();
  }

  /** From now on every write is of so many bytes, each in its own turn of the event loop; undefined: whole again. */
  chop(bytes: number | undefined): void {
    this.#incarnation.chop(bytes);
  }

  /** Sends an event to those who have asked for it. */
  emit(event: string, value: MessageValue): void {
    this.#incarnation.emit(event, value);
  }

  /** Cuts all connections and stops listening, as a VPP that is killed. */
  async stop(): Promise<void> {
    this.#incarnation.end();
    const listener = this.#listener;
    this.#listener = undefined;
    if (listener === undefined) return;
    listener.close();
    await once(listener, "close");
  }

  /** Another VPP on the same socket: with nothing in it, and with other message ids unless they are given. */
  async restart(idStart?: number): Promise<void> {
    await this.stop();
    const before = this.#options.idStart ?? 0;
    this.#incarnation = this.#incarnate(idStart ?? before + 7 + this.deaths.length);
    await this.#listening();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
  }

  async #listening(): Promise<this> {
    const listener = createServer({ allowHalfOpen: true }, (socket) => this.#incarnation.accept(socket));
    listener.listen(this.#path);
    await once(listener, "listening");
    this.#listener = listener;
    return this;
  }

  #incarnate(idStart: number): Incarnation {
    const { modules, version, pageSize, emptyStreams, hostInterfaces, keepSubscriptions } = this.#options;
    return new Incarnation({
      messages: new MessageSet(this.#source, modules, idStart),
      calls: this.#calls,
      dumps: this.#dumps,
      pages: { pageSize: pageSize ?? Number.POSITIVE_INFINITY, emptyStreams: emptyStreams ?? "vector" },
      faults: this.#faults,
      requests: this.requests,
      version: version ?? "26.06-release",
      runtimeDirectory: dirname(this.#path),
      pid: process.pid,
      hostInterfaces,
      keepSubscriptions: keepSubscriptions ?? false,
      onDeath: (why) => {
        this.deaths.push(why);
        void this.stop();
      },
      onRudeEnd: (hadAnswersToCome) => {
        this.#rudeEnds++;
        if (hadAnswersToCome) this.#endsUnderAnswers++;
      },
    });
  }
}
