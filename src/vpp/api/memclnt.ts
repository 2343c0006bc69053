import { ProtocolError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Writer } from "../wire/index.js";
import { RetvalError } from "./retval.js";
import { ServerTable, tableEntryBytes, tableNameBytes } from "./server-table.js";

/*
 * The messages that make and end a connection, written by hand: they come before there is a table. Their ids are their
 * places in `src/vlibmemory/memclnt.api`, the same since 18.04; their form is since 19.08, the first VPP whose socket
 * Node can open.
 */

/** Ids that no table is needed for. */
export const fixedIds = {
  createClient: 15,
  createClientReply: 16,
  deleteClient: 17,
  deleteClientReply: 18,
  keepalive: 21,
  keepaliveReply: 22,
} as const;

/** The most bytes that a client's name can have; VPP shows it in `show api clients`. */
export const mostNameBytes = 63;

/** Any number but 0; it only has to come back. */
const handshakeContext = 124;

const createClientBytes = 70;
const createClientReplyBytes = 20;

/** Writes `sockclnt_create`, the only request without a client index. */
export function writeCreateClient(writer: Writer, name: string): void {
  const at = writer.reply(createClientBytes, fixedIds.createClient, handshakeContext);
  writer.bytes.write(name, at + 6, mostNameBytes, "utf8");
}

/** Writes `sockclnt_delete`, on which the server answers and hangs up. */
export function writeDeleteClient(writer: Writer, clientIndex: number, context: number): void {
  const at = writer.request(14, fixedIds.deleteClient, clientIndex, context);
  writer.view.setUint32(at + 10, clientIndex);
}

/**
 * Writes the answer to `memclnt_keepalive`. VPP asks only clients of its shared memory; should it ever ask us, silence
 * could look like death. The context is VPP's own number and goes back as it came.
 */
export function writeKeepaliveReply(writer: Writer, context: number): void {
  writer.reply(10, fixedIds.keepaliveReply, context);
}

/** What the server gives to a new client. */
export interface Welcome {
  /** What every request has to carry; 0x80000000 and up. */
  readonly clientIndex: number;
  readonly table: ServerTable;
}

/** Reads `sockclnt_create_reply`: id, client_index (means nothing here), context, response, index, count, table. */
export function readWelcome(
  bytes: Buffer,
  start: number,
  end: number,
): Result<Welcome, ProtocolError | RetvalError> {
  const size = end - start;
  const id = bytes.readUInt16BE(start);
  if (id !== fixedIds.createClientReply) {
    return Err(notVpp(`its first message has the id ${id} and not ${fixedIds.createClientReply}`));
  }
  if (size < createClientReplyBytes) {
    return Err(notVpp(`its welcome has ${size} bytes and no message table, as in VPP before 18.10`));
  }
  if (bytes.readUInt32BE(start + 6) !== handshakeContext) {
    return Err(notVpp("its welcome does not repeat the context that was sent"));
  }
  const response = bytes.readInt32BE(start + 10);
  if (response !== 0) return Err(new RetvalError("connectVpp", "sockclnt_create", response));
  const count = bytes.readUInt16BE(start + 18);
  if (size < createClientReplyBytes + count * tableEntryBytes) {
    return Err(notVpp(`its welcome announces ${count} messages and has ${size} bytes`));
  }
  const clientIndex = bytes.readUInt32BE(start + 14);
  return Ok({ clientIndex, table: ServerTable.read(bytes, start + createClientReplyBytes, count) });
}

/** The error for a peer that does not begin as VPP does. */
export function notVpp(why: string, cause?: unknown): ProtocolError {
  const message = `connectVpp: what answers is not the binary API of VPP: ${why}; give the socket of the socksvr stanza, usually /run/vpp/api.sock (cli.sock and stats.sock are others)`;
  return new ProtocolError({ operation: "connectVpp", message, cause });
}

/** What keeps a name from being a client's. */
export function clientNameFault(name: string): string | undefined {
  if (name === "" || name.includes("\0")) return "some text without NUL";
  return Buffer.byteLength(name) < tableNameBytes ? undefined : `at most ${mostNameBytes} bytes`;
}
