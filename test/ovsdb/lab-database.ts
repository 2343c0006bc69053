import { openDatabase, type Database, type OpenOptions } from "../../src/ovsdb/index.js";
import { OvsdbServer, type OvsdbServerOptions } from "../../src/testing/index.js";
import type { PeerConnection } from "../support/scripted-peer.js";
import type { LabRows } from "./client-port.js";
import { labSchema, type LabDatabase } from "./lab-rows.js";
import { labJson } from "./lab.js";

/** The Lab database, open. */
export type LabOpen = Database<LabDatabase, LabRows>;

type Options = Partial<Omit<OpenOptions<LabDatabase, never>, "schema" | "tables">>;

/** Opens the Lab database. */
export const openLab = (remote: string, options: Options = {}) =>
  openDatabase({ database: "Lab", schema: labSchema, timeoutMs: 10_000, ...options, remote });

/** A server in this process with the Lab database. */
export const serveLab = (options: OvsdbServerOptions = {}) =>
  OvsdbServer.start({ ...(options.shares === undefined && { schemas: [labJson] }), ...options });

/** Answers what an open database asks for before the rows, as a server before 2.9, and gives the request for the rows. */
export async function upToTheRows(peer: PeerConnection): Promise<Record<string, unknown>> {
  const first = await peer.next();
  peer.send(JSON.stringify({ id: first["id"], error: "unknown database", result: null }));
  await peer.answer(labJson);
  return await peer.next();
}

/** Adds rows to Log from nobody's connection. */
export function log(server: OvsdbServer, ...ks: readonly number[]): void {
  server.transact("Lab", ...ks.map((k) => ({ op: "insert", table: "Log", row: { k, msg: `m${k}` } })));
}

/** The Log rows of an open database, for comparing with {@link storedLogs}. */
export const seenLogs = (db: LabOpen): readonly unknown[] =>
  Array.from(db.table("Log"), ({ k, msg }) => `${k} ${msg}`).toSorted();

/** The Log rows of a server. */
export const storedLogs = (server: OvsdbServer): readonly unknown[] =>
  (server.dump("Lab")["Log"] ?? []).map(({ k, msg }) => `${String(k)} ${String(msg)}`).toSorted();
