import { Err, Ok, type Result } from "../../core/result.js";
import type { Reader, Writer } from "../wire/index.js";
import type { VppCallError } from "./errors.js";
import { Exchange } from "./exchange.js";
import { fixedIds, writeDeleteClient } from "./memclnt.js";
import { beginFrame, endFrame } from "./outbox.js";
import type { ServerTable } from "./server-table.js";

/** The ids of `control_ping` and its reply. They moved between modules with the releases, their CRCs never changed. */
export interface PingIds {
  readonly request: number;
  readonly reply: number;
}

/** The ping of a server; every VPP has it. */
export function findPing(table: ServerTable): PingIds | undefined {
  const request = table.id("control_ping", "51077d14");
  const reply = table.id("control_ping_reply", "f6b0b8ca");
  return request === undefined || reply === undefined ? undefined : { request, reply };
}

/** Writes `control_ping`. */
export function writePing(writer: Writer, ids: PingIds, clientIndex: number, context: number): void {
  const frame = beginFrame(writer);
  writer.request(10, ids.request, clientIndex, context);
  endFrame(writer, frame);
}

/** An exchange that has no value: it is answered, or it is not. */
abstract class Bare extends Exchange {
  readonly #replyId: number;
  readonly #settle: (result: Result<void, VppCallError>) => void;

  constructor(
    operation: string,
    replyId: number,
    timeoutMs: number,
    settle: (result: Result<void, VppCallError>) => void,
  ) {
    super(operation, timeoutMs);
    this.#replyId = replyId;
    this.#settle = settle;
  }

  receive(id: number, _reader: Reader, _start: number, _end: number): boolean {
    if (id !== this.#replyId) return false;
    if (this.state === "sent") this.#settle(Ok(undefined));
    return true;
  }

  fail(error: VppCallError): void {
    this.#settle(Err(error));
  }
}

/** `control_ping`: once it is answered, everything sent before it has been answered too. */
export class Ping extends Bare {
  readonly #ids: PingIds;

  constructor(ids: PingIds, timeoutMs: number, settle: (result: Result<void, VppCallError>) => void) {
    super("control_ping", ids.reply, timeoutMs, settle);
    this.#ids = ids;
  }

  write(writer: Writer, clientIndex: number): undefined {
    writePing(writer, this.#ids, clientIndex, this.context);
  }
}

/** `sockclnt_delete`: VPP answers, and hangs up. */
export class Farewell extends Bare {
  constructor(timeoutMs: number, settle: (result: Result<void, VppCallError>) => void) {
    super("sockclnt_delete", fixedIds.deleteClientReply, timeoutMs, settle);
  }

  write(writer: Writer, clientIndex: number): undefined {
    const frame = beginFrame(writer);
    writeDeleteClient(writer, clientIndex, this.context);
    endFrame(writer, frame);
  }
}
