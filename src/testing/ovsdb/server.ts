import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { newUuid, type Uuid } from "../../ovsdb/uuid.js";
import { StoredDatabase, type Commit, type DatabaseListener } from "./database.js";
import { OvsdbFaults, type OvsdbFault } from "./faults.js";
import { Locks } from "./locks.js";
import { OvsdbRequestLog } from "./requests.js";
import { readSchema } from "./schema-text.js";
import { ServerDatabase, standalone, type DatabaseStatus } from "./server-database.js";
import { Session, type Service } from "./session.js";

/** What an OVSDB server is to be. */
export interface OvsdbServerOptions {
  /** The databases that it has: `<database-schema>`s of RFC 7047 section 3.2. Default: none. */
  readonly schemas?: readonly unknown[] | undefined;
  /** Another server whose databases it has too, as another member of its cluster. */
  readonly shares?: OvsdbServer | undefined;
  /** How it says that it serves them. Default: `standalone`, or with `shares` as that one. */
  readonly model?: DatabaseStatus["model"] | undefined;
  /**
   * How many transactions a client may have missed and still get only what is new. Default: 100, and 0 of a
   * `standalone` server, which then tells the transaction id as all zeros.
   */
  readonly history?: number | undefined;
  /** The unix socket. Default: one in a new directory under the system's temporary one, which goes with the server. */
  readonly path?: string | undefined;
  /** Also listens on a free port of 127.0.0.1, see `tcpRemote`. Default: false. */
  readonly tcp?: boolean | undefined;
  /** Over tcp: after so many milliseconds of silence a client is asked for a sign of life. 0: never. Default: 5000. */
  readonly probeIntervalMs?: number | undefined;
  /** Methods that it does not know, as an older server: `monitor_cond_since` before 2.12, `set_db_change_aware` before 2.9. */
  readonly unknownMethods?: readonly string[] | undefined;
  /** How many requests are kept for `requests`. Default: 10000. */
  readonly keepRequests?: number | undefined;
}

/** What a cluster is told of a member. */
export type StatusChange = Partial<Pick<DatabaseStatus, "leader" | "connected" | "index">>;

interface ServedDatabase {
  readonly stored: StoredDatabase;
  readonly listener: DatabaseListener;
  status: DatabaseStatus;
}

/**
 * An OVSDB server in this process, for tests: RFC 7047 with Open vSwitch's extensions, over a real unix socket and tcp, for
 * any schema. It does what ovsdb-server does to rows (constraints, references, garbage, indexes), answers and refuses in
 * its words, and has faults on demand.
 *
 * ```ts
 * await using server = await OvsdbServer.start({ schemas: [schema] });
 * const client = (await connectOvsdb({ remote: server.remote, database: schema.name })).unwrap();
 * ```
 */
export class OvsdbServer implements AsyncDisposable {
  /** The requests that came, with notifications. */
  readonly requests: OvsdbRequestLog;
  readonly #options: OvsdbServerOptions;
  readonly #temporary: string | undefined;
  readonly #path: string;
  readonly #served = new Map<string, ServedDatabase>();
  readonly #databases = new Map<string, StoredDatabase>();
  readonly #faults = new OvsdbFaults();
  readonly #sessions = new Set<Session>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #held: (() => void)[] = [];
  #server: ServerDatabase;
  #locks = new Locks();
  #serverId: Uuid = newUuid();
  #listeners: Server[] = [];
  #port = 0;
  #connections = 0;
  #chopBytes: number | undefined;
  #isSilent = false;

  private constructor(options: OvsdbServerOptions) {
    this.#options = options;
    this.#temporary = options.path === undefined ? mkdtempSync(join(tmpdir(), "ovsdb-")) : undefined;
    this.#path = options.path ?? join(this.#temporary ?? "", "db.sock");
    this.requests = new OvsdbRequestLog(options.keepRequests ?? 10_000);
    this.#server = this.#describe();
  }

  /** Starts a server, which then listens. Throws where a schema is none: it is the test's own. */
  static async start(options: OvsdbServerOptions = {}): Promise<OvsdbServer> {
    const server = new OvsdbServer(options);
    const { shares, schemas = [] } = options;
    const others = shares === undefined ? [] : [...shares.#served.values()];
    const model = options.model ?? others[0]?.status.model ?? "standalone";
    for (const { stored } of others) server.#serve(stored, model);
    const history = options.history ?? (model === "standalone" ? 0 : 100);
    for (const schema of schemas) server.#serve(new StoredDatabase(readSchema(schema), history), model);
    await server.#listen();
    return server;
  }

  /** What to connect to, such as `unix:/tmp/ovsdb-x/db.sock`. */
  get remote(): string {
    return `unix:${this.#path}`;
  }

  /** The same over tcp, such as `tcp:127.0.0.1:36641`, where it was asked for. */
  get tcpRemote(): string {
    return `tcp:127.0.0.1:${this.#port}`;
  }

  /** How many clients are connected. */
  get clients(): number {
    return this.#sessions.size;
  }

  /** The operations of a `transact`, as RFC 7047 section 5.2 writes them, from nobody's connection. Gives its result. */
  transact(database: string, ...operations: readonly unknown[]): readonly unknown[] {
    const options = { ownsLock: () => false, waitedMs: Number.MAX_SAFE_INTEGER, isServer: false };
    const outcome = this.#find(database).stored.transact(operations, options);
    if ("results" in outcome) return outcome.results;
    throw new Error("a wait without a timeout would wait for ever here");
  }

  /** All rows of a database by table, as a `select` shows them. */
  dump(database: string): Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> {
    return this.#find(database).stored.dump();
  }

  /** Adds an empty database. */
  addDatabase(schema: unknown): void {
    const { model = "standalone", history } = this.#options;
    this.#serve(new StoredDatabase(readSchema(schema), history ?? (model === "standalone" ? 0 : 100)), model);
  }

  /** Removes a database. Who watches it hears `monitor_canceled`, or is disconnected. */
  removeDatabase(name: string): void {
    const { stored, listener } = this.#find(name);
    stored.listeners.delete(listener);
    this.#served.delete(name);
    this.#databases.delete(name);
    for (const session of this.#sessions) session.databaseChanged(stored);
    this.#server.remove(name);
  }

  /** Gives a database another schema, as `ovsdb-client convert`. Throws where the rows do not fit. */
  convert(schema: unknown): void {
    const { parsed } = readSchema(schema);
    this.#find(parsed.name).stored.convert(schema);
  }

  /**
   * Says in `_Server` that this member leads or follows, has or has not a connection to its cluster, or how much of the
   * log it has. Writes are taken all the same: followers forward them.
   */
  setStatus(database: string, change: StatusChange): void {
    const served = this.#find(database);
    served.status = { ...served.status, ...change };
    this.#server.update(database, served.status);
  }

  /** Forgets the transactions so far: who comes again gets all rows, as after the cluster was made anew. */
  forgetHistory(database: string): void {
    this.#find(database).stored.forgetHistory();
  }

  /** The next `times` requests of this method (undefined: of any) have this fault. */
  fail(method: string | undefined, fault: OvsdbFault, times = 1): void {
    this.#faults.plan(method, fault, times);
  }

  /** Takes back the faults that have not happened yet. */
  clearFaults(): void {
    this.#faults.clear();
  }

  /** Sends the answers that a fault of the kind `held` has held back. */
  release(): void {
    for (const send of this.#held.splice(0)) send();
  }

  /** Tells all who watch a table by conditions that a row is deleted which there never was. */
  corrupt(database: string, table: string): void {
    const { stored } = this.#find(database);
    for (const session of this.#sessions) session.corrupt(stored, table);
  }

  /** Sends bytes to every client, whatever they are. */
  say(bytes: Uint8Array): void {
    for (const session of this.#sessions) session.say(bytes);
  }

  /** From now on every write is of so many bytes, each in its own turn of the event loop; undefined: whole again. */
  chop(bytes: number | undefined): void {
    this.#chopBytes = bytes;
    for (const session of this.#sessions) session.chop(bytes);
  }

  /** Accepts connections, but neither reads nor writes, as a process that is stopped; or goes on. */
  silence(isSilent: boolean): void {
    this.#isSilent = isSilent;
    for (const session of this.#sessions) session.silence(isSilent);
  }

  /** Ends all connections; it goes on listening (`ovsdb-server/reconnect`). */
  disconnect(): void {
    for (const session of this.#sessions) session.hangUp();
  }

  /** Ends all connections and stops listening. The rows stay. */
  async stop(): Promise<void> {
    const listeners = this.#listeners.splice(0);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#held.length = 0;
    const ends = listeners.map((listener) => once(listener, "close"));
    for (const listener of listeners) listener.close();
    this.disconnect();
    await Promise.all(ends);
  }

  /** Listens again at the same places after `stop`, as another process: no lock is held, and standalone databases have lost what is ephemeral. */
  async restart(): Promise<void> {
    await this.stop();
    this.#locks = new Locks();
    this.#serverId = newUuid();
    this.#server = this.#describe();
    for (const [name, { stored, status }] of this.#served) {
      if (status.model === "standalone") stored.forgetEphemeral();
      this.#server.add(name, status, stored.schema.json);
    }
    await this.#listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stored, listener } of this.#served.values()) stored.listeners.delete(listener);
    await this.stop();
    if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
  }

  #find(database: string): ServedDatabase {
    const served = this.#served.get(database);
    if (served === undefined) throw new Error(`this server has no database ${database}`);
    return served;
  }

  /** A new `_Server` database. */
  #describe(): ServerDatabase {
    const server = new ServerDatabase();
    const { stored } = server;
    stored.listeners.add({ committed: (commit) => this.#tell(stored, commit), converted: () => undefined });
    this.#databases.set(stored.name, stored);
    return server;
  }

  #tell(stored: StoredDatabase, commit: Commit): void {
    for (const session of this.#sessions) session.committed(stored, commit);
  }

  #serve(stored: StoredDatabase, model: DatabaseStatus["model"]): void {
    const listener: DatabaseListener = {
      committed: (commit) => {
        this.#tell(stored, commit);
        const index = this.#served.get(stored.name)?.status.index;
        if (index !== undefined) this.setStatus(stored.name, { index: index + 1 });
        this.#retrySoon(stored);
      },
      converted: () => {
        for (const session of this.#sessions) session.databaseChanged(stored);
      },
    };
    stored.listeners.add(listener);
    const member = model === "clustered" ? { cid: stored.clusterId, sid: newUuid(), index: 1 } : {};
    const status = { ...standalone, model, leader: model !== "relay", ...member };
    this.#databases.set(stored.name, stored);
    this.#served.set(stored.name, { stored, listener, status });
    this.#server.add(stored.name, status, stored.schema.json);
  }

  /** Transactions that wait are tried behind the one that may have helped them. */
  #retrySoon(stored: StoredDatabase): void {
    queueMicrotask(() => {
      for (const session of this.#sessions) session.retry(stored);
    });
  }

  async #listen(): Promise<void> {
    const places = [{ path: this.#path }, { host: "127.0.0.1", port: this.#port }];
    for (const place of this.#options.tcp === true ? places : places.slice(0, 1)) {
      const listener = createServer({ allowHalfOpen: true }, (socket) =>
        this.#accept(socket, "port" in place),
      );
      listener.listen(place);
      await once(listener, "listening");
      const address = listener.address();
      if (typeof address === "object" && address !== null) this.#port = address.port;
      this.#listeners.push(listener);
    }
  }

  #accept(socket: Socket, isTcp: boolean): void {
    this.#connections++;
    const session = new Session(this.#connections, socket, this.#service(isTcp), (ended) => {
      this.#sessions.delete(ended);
    });
    session.chop(this.#chopBytes);
    if (this.#isSilent) session.silence(true);
    this.#sessions.add(session);
  }

  #service(isTcp: boolean): Service {
    return {
      databases: this.#databases,
      locks: this.#locks,
      serverId: this.#serverId,
      faults: this.#faults,
      requests: this.requests,
      unknownMethods: new Set(this.#options.unknownMethods),
      probeIntervalMs: isTcp ? (this.#options.probeIntervalMs ?? 5000) : 0,
      hold: (send) => void this.#held.push(send),
      later: (send, ms) => {
        const timer = setTimeout(() => {
          this.#timers.delete(timer);
          send();
        }, ms);
        this.#timers.add(timer);
        return timer;
      },
    };
  }
}
