import { fault, type Fault } from "./fault.js";
import { isArray } from "./json.js";
import { toUuid, type Uuid } from "./uuid.js";

/** Reads the answer to `list_dbs`: RFC 7047 section 4.1.1. */
export function readNames(wire: unknown): readonly string[] | Fault {
  if (!isArray(wire)) return fault("an array of names", wire);
  const names = wire.filter((name) => typeof name === "string");
  return names.length === wire.length ? names : fault("an array of names", wire);
}

/** Reads the answer to `get_server_id`: ovsdb-server(7) section 4.1.17. */
export function readServerId(wire: unknown): Uuid | Fault {
  return (typeof wire === "string" ? toUuid(wire) : undefined) ?? fault("a uuid", wire);
}
