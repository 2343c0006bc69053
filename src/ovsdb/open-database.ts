import { Deadline, longestTimer, type CallOptions } from "../core/call.js";
import { InvalidError, isVSwitchError, type NotFoundError, type UnreachableError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { TlsOptions } from "../net/dial.js";
import { Database } from "./database.js";
import type { RequestError } from "./errors.js";
import type { IncompatibleError } from "../core/errors.js";
import type { ExpectedSchema } from "./expected-schema.js";
import { Fault, shown } from "./fault.js";
import { isId } from "./json.js";
import type { MonitoredRows, MonitorRequest } from "./monitor-request.js";
import type { IndexRequest } from "./replica/snapshot.js";
import { parseSessionRemotes } from "./session/remotes.js";
import { Session } from "./session/session.js";
import type { DatabaseRows, TableName } from "./value.js";

/** How to open a database. */
export interface OpenOptions<
  Db extends DatabaseRows,
  Request extends MonitorRequest<Db>,
> extends CallOptions {
  /**
   * Where the servers are, as ovsdb(7) writes it: `unix:PATH`, `tcp:HOST[:PORT]`, `ssl:HOST[:PORT]`, or where this side
   * listens for one: `punix:PATH`, `ptcp:[PORT][:HOST]`, `pssl:[PORT][:HOST]`. Several with commas, of one cluster; with
   * `cid:UUID` among them, of that cluster only.
   */
  readonly remote: string;
  /** The name of the database, such as `Open_vSwitch`. */
  readonly database: string;
  /** The schema that the program was written for, so that the types of rows hold on every server. */
  readonly schema?: ExpectedSchema<Db> | undefined;
  /** What to keep of which tables. Default: every row and column of every table. */
  readonly tables?: Request | undefined;
  /** The client's own indexes, besides those of the schema. */
  readonly indexes?: IndexRequest | undefined;
  /** Whether only the leader of a cluster will do, which alone is never stale. Default: true. */
  readonly leaderOnly?: boolean | undefined;
  /** Whether the remotes are tried in a random order, so that many clients spread. Default: true. */
  readonly shuffle?: boolean | undefined;
  /** Whether the server is told that this client survives a change of the database without a disconnect. Default: true. */
  readonly changeAware?: boolean | undefined;
  /** Off: every remote is tried once, and the first loss is the end. Default: true. */
  readonly retry?: boolean | undefined;
  /**
   * How long to wait between attempts, in milliseconds: doubled from `minMs`, at least 1000, to `maxMs`. Default: 1000 and
   * 8000. Where a cluster's member was lost, all remotes are tried about twice a second for the first 10 s.
   */
  readonly backoff?: { readonly minMs?: number | undefined; readonly maxMs?: number | undefined } | undefined;
  /** After how many milliseconds of silence a peer over tcp or tls is probed, at least 1000; 0: never. Default: 5000. */
  readonly inactivityProbe?: number | undefined;
  /** How long a connection may take to be made, in milliseconds. Default: as long as the last wait, at least 1000. */
  readonly dialMs?: number | undefined;
  /** How long the server may take to answer what is asked before the rows, in milliseconds. Default: 30000. */
  readonly handshakeMs?: number | undefined;
  /**
   * How long nothing may come of the rows while they are read, in milliseconds. However long all of them take is no
   * matter. Default: 60000.
   */
  readonly noProgressMs?: number | undefined;
  /** The longest message that the server may send, in bytes. Default: 256 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** For `ssl:` and `pssl:` remotes. The files are read anew for every connection. */
  readonly tls?: TlsOptions | undefined;
  /** Gives up opening when it fires. It does not end the database later. */
  readonly signal?: AbortSignal | undefined;
  /** Gives up opening after so many milliseconds. Default: never. */
  readonly timeoutMs?: number | undefined;
}

/** Why a database could not be opened. */
export type OpenError = RequestError | UnreachableError | NotFoundError | IncompatibleError;

/** What to keep by default: everything. */
export type AllTables<Db extends DatabaseRows> = {
  readonly [T in TableName<Db>]: { readonly where?: "all" };
};

/** The shortest wait between attempts, in milliseconds, as in lib/reconnect.c. */
const shortestWaitMs = 1000;

const durations = ["inactivityProbe", "dialMs", "handshakeMs", "noProgressMs", "maxMessageBytes"] as const;

/**
 * Opens a database and reads its rows. It goes on trying until a server will do, or the caller gives up, and after that
 * through every loss of the connection, until it is closed. It fails at once with `invalid` on options that cannot be
 * right, and with `incompatible` where the server's database is not what the program was written for; with `retry` off also
 * with `not-found`, which names those that are there, where the server does not have the database.
 *
 * ```ts
 * await using db = (await openDatabase({
 *   remote: "unix:/run/openvswitch/db.sock",
 *   database: "Open_vSwitch",
 *   tables: { Bridge: { columns: ["name", "ports"] }, Port: {}, Interface: {} },
 *   indexes: { Interface: { ifaceId: [["external_ids", "iface-id"]] } },
 *   timeoutMs: 10_000,
 * })).unwrap();
 * const eth0 = db.table("Interface").one("name", "eth0");
 * ```
 */
export async function openDatabase<
  Db extends DatabaseRows = DatabaseRows,
  const Request extends MonitorRequest<Db> = AllTables<Db>,
>(options: OpenOptions<Db, Request>): Promise<Result<Database<Db, MonitoredRows<Db, Request>>, OpenError>> {
  const operation = "openDatabase";
  const made = makeSession(options, operation);
  if (made.isErr()) return made;
  const session = made.value;
  const started = Deadline.start(operation, options, longestTimer);
  if (started.isErr()) return started;
  using deadline = started.value;
  const opened = await firstRows(session, deadline);
  if (opened.isErr()) {
    session.close();
    return opened;
  }
  return Ok(new Database<Db, MonitoredRows<Db, Request>>(session, options.indexes ?? {}));
}

function makeSession<Db extends DatabaseRows, Request extends MonitorRequest<Db>>(
  options: OpenOptions<Db, Request>,
  operation: string,
): Result<Session, InvalidError> {
  const { database, backoff = {} } = options;
  const parsed = parseSessionRemotes(options.remote, operation);
  if (parsed.isErr()) return parsed;
  if (typeof database !== "string" || !isId(database)) {
    const expected = "letters, digits and _, not beginning with a digit";
    return Err(badOption(operation, "database", expected, shown(database)));
  }
  for (const name of durations) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "number" && value >= 0)) {
      return Err(badOption(operation, name, "a number from 0", shown(value)));
    }
  }
  const expected = options.schema?.model();
  if (expected instanceof Fault) {
    return Err(badOption(operation, `schema.${expected.path}`, expected.expected, expected.got));
  }
  return Ok(
    new Session({
      operation,
      options: {
        operation,
        database,
        ...parsed.value,
        leaderOnly: options.leaderOnly ?? true,
        shuffle: options.shuffle ?? true,
        changeAware: options.changeAware ?? true,
        retry: options.retry ?? true,
        backoff: {
          minMs: Math.max(backoff.minMs ?? shortestWaitMs, shortestWaitMs),
          maxMs: backoff.maxMs ?? 8000,
        },
        dialMs: options.dialMs,
        handshakeMs: options.handshakeMs ?? 30_000,
        noProgressMs: options.noProgressMs ?? 60_000,
        random: Math.random,
      },
      tls: options.tls,
      probeIntervalMs: options.inactivityProbe,
      maxMessageBytes: options.maxMessageBytes,
      expected,
      integers: options.schema?.integers ?? "exact",
      tables: options.tables,
      indexes: options.indexes ?? {},
    }),
  );
}

/** Starts the session and waits for its first rows, or for what makes them impossible. */
function firstRows(session: Session, deadline: Deadline): Promise<Result<void, OpenError>> {
  return new Promise((resolve) => {
    const { signal } = deadline;
    const settle = (result: Result<void, OpenError>): void => {
      signal.removeEventListener("abort", onAbort);
      stop();
      resolve(result);
    };
    const onAbort = (): void => {
      const { state, reason } = session.health;
      settle(Err(deadline.failure(`opening the database (${state}: ${reason})`, "not-sent")));
    };
    const stop = session.onHealth.add(({ state }) => {
      const { unusable, closed } = session;
      if (state === "monitoring") settle(Ok(undefined));
      else if (closed !== undefined) settle(Err(isOpenError(closed.cause) ? closed.cause : closed));
      else if (isOpenError(unusable)) settle(Err(unusable));
    });
    signal.addEventListener("abort", onAbort, { once: true });
    session.start();
  });
}

function isOpenError(error: unknown): error is OpenError {
  if (!isVSwitchError(error)) return false;
  return error.kind !== "unsupported" && error.kind !== "already-exists" && error.kind !== "conflict";
}

function badOption(operation: string, path: string, expected: string, got: string): InvalidError {
  const message = `${operation}: ${path} is ${got}; expected ${expected}`;
  return new InvalidError({ operation, path, expected, got, message });
}
