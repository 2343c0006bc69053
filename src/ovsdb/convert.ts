import { Deadline } from "../core/call.js";
import { IncompatibleError, InvalidError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { advised, type RequestError, type TransactError } from "./errors.js";
import { Fault, shown } from "./fault.js";
import { isObject } from "./json.js";
import { overFor, type OperationOptions, type RowsByTable } from "./monitor.js";
import { parseSchema } from "./parse-schema.js";
import { compareSchemas } from "./schema-report.js";
import type { DatabaseSchema } from "./schema.js";
import type { Unusable } from "./session/events.js";
import type { SessionPort } from "./session/port.js";

/** As long as a large database and its cluster may take. */
const convertMs = 60_000;

/**
 * Has the server convert the database to another schema, and waits until the rows are there by that schema, or the
 * session cannot have them. Where the answer is lost, the schema that is there after the reconnect tells whether it was done.
 */
export async function convert<Rows extends RowsByTable>(
  port: SessionPort<Rows>,
  /** Asked when the request is sent. */
  isClustered: () => boolean,
  schema: unknown,
  options: OperationOptions,
): Promise<Result<void, TransactError>> {
  const { operation } = options;
  const wanted = wantedSchema(port.schemas.server.name, schema, operation);
  if (wanted instanceof InvalidError) return Err(wanted);
  const started = Deadline.start(operation, options, convertMs);
  if (started.isErr()) return started;
  using deadline = started.value;
  const ready = await port.ready({ operation, ...deadline.step() });
  if (ready.isErr()) return ready;
  const { generation } = port;
  const sent = isClustered() ? withoutEphemeral(schema) : schema;
  const answer = await port.call("convert", [wanted.name, sent], { operation, ...deadline.step() });
  if (answer.isOk()) {
    const isIn = (): boolean => port.generation > generation || isSame(wanted, port.schemas.server);
    return done(operation, await until(port, isIn, deadline));
  }
  const { error } = answer;
  // A connection that breaks in the middle of the answer broke the protocol.
  const isLost = error.kind === "protocol" || (error.kind === "disconnected" && error.outcome === "unknown");
  if (!isLost) return Err(advised(error, "convert"));
  const again = await until(port, () => true, deadline);
  return again.isOk() && isSame(wanted, port.schemas.server) ? done(operation, again) : Err(error);
}

function wantedSchema(database: string, schema: unknown, operation: string): DatabaseSchema | InvalidError {
  const wanted = parseSchema(schema);
  const bad = (path: string, expected: string, got: string): InvalidError => {
    const message = `${operation}: ${path} is ${got}; expected ${expected}. Nothing was sent`;
    return new InvalidError({ operation, path, expected, got, message });
  };
  if (wanted instanceof Fault) {
    const path = wanted.path === "" ? "schema" : `schema.${wanted.path}`;
    return bad(path, wanted.expected, wanted.got);
  }
  if (wanted.name === database) return wanted;
  return bad("schema.name", `${database}, the database that is open`, shown(wanted.name));
}

/**
 * The schema with every column persistent, as all of them are in a cluster. Seen of ovsdb-server 3.1.0: a cluster that is
 * told otherwise answers well, keeps the old schema, and never answers a transaction again; what `ovsdb-client convert`
 * makes of the same schema goes through.
 */
function withoutEphemeral(schema: unknown): unknown {
  return mapMember(schema, "tables", (tables) =>
    mapMembers(tables, (table) =>
      mapMember(table, "columns", (columns) =>
        mapMembers(columns, (column) => mapMember(column, "ephemeral", () => false)),
      ),
    ),
  );
}

function mapMember(json: unknown, name: string, map: (value: unknown) => unknown): unknown {
  return isObject(json) && Object.hasOwn(json, name) ? { ...json, [name]: map(json[name]) } : json;
}

function mapMembers(json: unknown, map: (value: unknown) => unknown): unknown {
  if (!isObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, map(value)]));
}

/** Whether two schemas are the same as far as rows depend on it. */
function isSame(one: DatabaseSchema, other: DatabaseSchema): boolean {
  return (
    one.version === other.version &&
    compareSchemas(one, other).differences.length === 0 &&
    compareSchemas(other, one).differences.length === 0
  );
}

/** The end of a conversion that was done. */
function done(
  operation: string,
  seen: Result<Unusable | undefined, RequestError>,
): Result<void, TransactError> {
  if (seen.isErr()) return seen;
  const cause = seen.value;
  if (cause === undefined) return Ok(undefined);
  const message = `${operation}: the conversion was done, but this program cannot use the database as it is now: ${cause.message}`;
  const { item, wanted, present, why } =
    cause.kind === "incompatible"
      ? cause
      : { item: cause.path, wanted: cause.expected, present: cause.got, why: "other-layout" as const };
  return Err(new IncompatibleError({ operation, item, wanted, present, why, message, cause }));
}

/** Settles when the session is up to date and it is so; or when it cannot be, with why the database is of no use. */
function until<Rows extends RowsByTable>(
  port: SessionPort<Rows>,
  isSo: () => boolean,
  deadline: Deadline,
): Promise<Result<Unusable | undefined, RequestError>> {
  const { operation, signal } = deadline;
  return new Promise((resolve) => {
    const settle = (result: Result<Unusable | undefined, RequestError>): void => {
      stop();
      signal.removeEventListener("abort", onAbort);
      resolve(result);
    };
    const look = (): void => {
      if (port.closed !== undefined) settle(Err(overFor(operation, port.closed)));
      else if (port.unusable !== undefined) settle(Ok(port.unusable));
      else if (port.isReady && isSo()) settle(Ok(undefined));
    };
    const onAbort = (): void => {
      const doing = "waiting for the rows after the conversion, which was done";
      settle(Err(deadline.failure(doing, "unknown")));
    };
    const stop = port.onState(look);
    signal.addEventListener("abort", onAbort, { once: true });
    look();
  });
}
