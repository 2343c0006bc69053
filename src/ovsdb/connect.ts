import { Deadline, type CallOptions } from "../core/call.js";
import { InvalidError, ProtocolError, type NotFoundError, type UnreachableError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { JsonRpcConnection } from "../jsonrpc/connection.js";
import { dialAny, type TlsOptions } from "../net/dial.js";
import { parseRemotes } from "../net/remote.js";
import { OvsdbClient } from "./client.js";
import { advised, broken, noDatabase, type RequestError } from "./errors.js";
import type { ExpectedSchema } from "./expected-schema.js";
import { Fault, shown } from "./fault.js";
import { isArray, isId } from "./json.js";
import { parseSchema } from "./parse-schema.js";
import type { DatabaseSchema } from "./schema.js";
import type { IntegerForm } from "./schema-rows.js";
import type { DatabaseRows } from "./value.js";

/** Where to connect to, and what for. */
export interface ConnectOptions<Db extends DatabaseRows> extends CallOptions {
  /**
   * Where the server listens, as ovsdb(7) writes it: `unix:PATH`, `tcp:HOST[:PORT]`, `ssl:HOST[:PORT]`; several with
   * commas are tried in turn.
   */
  readonly remote: string;
  /** The name of the database, such as `Open_vSwitch`. */
  readonly database: string;
  /** For `ssl:` remotes. */
  readonly tls?: TlsOptions | undefined;
  /** The schema that the program was written for, so that the types of rows hold on every server. */
  readonly schema?: ExpectedSchema<Db> | undefined;
  /** The verb on whose behalf it is, for messages. Default: `connectOvsdb`. */
  readonly operation?: string | undefined;
}

/** Why there is no client. Nothing was done. */
export type ConnectError = RequestError | UnreachableError | NotFoundError;

const connectMs = 10_000;

/**
 * Connects to a database. It fails with `unreachable` where nobody listens or the socket may not be opened, with
 * `protocol` where whoever listens is no OVSDB server, and with `not-found`, which names those that are there, where
 * the server does not have the database. The default deadline is 10 s.
 */
export async function connectOvsdb<Db extends DatabaseRows = DatabaseRows>(
  options: ConnectOptions<Db>,
): Promise<Result<OvsdbClient<Db>, ConnectError>> {
  const { operation = "connectOvsdb", database } = options;
  const remotes = parseRemotes(options.remote, operation);
  if (remotes.isErr()) return remotes;
  const expected = options.schema?.model();
  if (expected instanceof Fault) return Err(badInput(operation, "schema", expected));
  if (!isId(database)) {
    return Err(
      badInput(
        operation,
        "database",
        new Fault("letters, digits and _, not beginning with a digit", shown(database)),
      ),
    );
  }
  const started = Deadline.start(operation, options, connectMs);
  if (started.isErr()) return started;
  using deadline = started.value;
  const stream = await dialAny(remotes.value, {
    operation,
    signal: deadline.signal,
    tls: options.tls,
    server: "ovsdb-server",
  });
  if (stream.isErr()) {
    return Err(
      deadline.signal.aborted
        ? deadline.failure(`connecting to ${options.remote}`, "not-sent")
        : stream.error,
    );
  }
  const connection = new JsonRpcConnection(stream.value);
  const server = await readServerSchema(connection, database, options.schema?.integers, deadline);
  if (server.isOk()) return Ok(new OvsdbClient<Db>(connection, { server: server.value, expected }));
  connection.close();
  return server;
}

function badInput(operation: string, option: string, { path, expected, got }: Fault): InvalidError {
  const where = path === "" ? option : `${option}.${path}`;
  const message = `${operation}: ${where} is ${got}; expected ${expected}`;
  return new InvalidError({ operation, path: where, expected, got, message });
}

/** Who else speaks JSON-RPC, by what they say of `get_schema`. */
const strangers = [
  { says: "unknown method", is: "it speaks JSON-RPC, but is not an OVSDB server" },
  {
    // lib/unixctl.c
    says: "is not a valid command",
    is: "it is the control socket of a daemon (see ovs-appctl(8)); give the socket of ovsdb-server, usually db.sock",
  },
] as const;

async function readServerSchema(
  connection: JsonRpcConnection,
  database: string,
  integers: IntegerForm | undefined,
  deadline: Deadline,
): Promise<Result<DatabaseSchema, ConnectError>> {
  const { operation } = deadline;
  const reply = await connection.call("get_schema", [database], { operation, ...deadline.step() });
  if (reply.isOk()) {
    const schema = parseSchema(reply.value, integers);
    return schema instanceof Fault ? Err(broken(operation, "schema", schema)) : Ok(schema);
  }
  const { error } = reply;
  if (error.kind === "timeout" || error.kind === "aborted") {
    return Err(deadline.failure(`waiting for the schema of ${database}`, "not-sent"));
  }
  if (error.kind !== "rejected") return reply;
  const stranger = strangers.find(({ says }) => error.reason.includes(says));
  if (stranger !== undefined) {
    const message = `${operation}: the server has no get_schema: ${stranger.is}`;
    return Err(new ProtocolError({ operation, message }));
  }
  return error.reason === "unknown database"
    ? absentDatabase(connection, database, deadline)
    : Err(advised(error, "get_schema"));
}

async function absentDatabase(
  connection: JsonRpcConnection,
  database: string,
  deadline: Deadline,
): Promise<Result<never, ConnectError>> {
  const { operation } = deadline;
  const names = await connection.call("list_dbs", [], { operation, ...deadline.step() });
  const present = names.isOk() && isArray(names.value) ? names.value.map(String) : [];
  return Err(noDatabase(operation, database, present));
}
