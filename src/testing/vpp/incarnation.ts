import type { Socket } from "node:net";

import { fixedIds } from "../../vpp/api/memclnt.js";
import { tableEntryBytes } from "../../vpp/api/server-table.js";
import { asValue, type MessageValue } from "../../vpp/schema/narrow.js";
import { decodeMessage, Reader } from "../../vpp/wire/index.js";
import { Answers, refused, type PageOptions } from "./answers.js";
import { Connection, framed } from "./connection.js";
import type { Fault, Faults } from "./faults.js";
import type { CallHandler, DumpHandler } from "./handlers/handler.js";
import { flagsOf, type InterfaceChange } from "./interfaces.js";
import type { MessageSet, ServedMessage } from "./message-set.js";
import type { RequestLog } from "./requests.js";
import { SimulatedVpp } from "./simulated-vpp.js";
import { Subscribers } from "./subscribers.js";

/** What one run of a VPP is made of. */
export interface IncarnationParts {
  readonly messages: MessageSet;
  readonly calls: ReadonlyMap<string, CallHandler>;
  readonly dumps: ReadonlyMap<string, DumpHandler>;
  readonly pages: PageOptions;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly version: string;
  readonly runtimeDirectory: string;
  readonly pid: number;
  readonly hostInterfaces: readonly string[] | undefined;
  readonly keepSubscriptions: boolean;
  /** It has died of something. */
  readonly onDeath: (why: string) => void;
  /** A client left without `sockclnt_delete`, with or without answers that it has not had. */
  readonly onRudeEnd: (hadAnswersToCome: boolean) => void;
}

/** Client indices of sockets have the top bit set. */
const firstClientIndex = 0x8000_0001;

/** A request and where its answer goes. */
interface Request {
  readonly message: ServedMessage;
  readonly context: number;
  readonly to: Connection;
}

/** One VPP from its start to its end: what it does with the messages of its clients. */
export class Incarnation {
  readonly vpp: SimulatedVpp;
  readonly #parts: IncarnationParts;
  readonly #answers: Answers;
  readonly #subscribers = new Subscribers();
  readonly #connections = new Set<Connection>();
  readonly #clients = new Map<number, Connection>();
  readonly #held: (() => void)[] = [];
  readonly #changed = new Map<number, InterfaceChange>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #owed = new Map<Connection, number>();
  #chopBytes: number | undefined;
  #isDead = false;

  constructor(parts: IncarnationParts) {
    this.#parts = parts;
    this.#answers = new Answers(parts.messages, parts.calls, parts.dumps, parts.pages);
    const { version, runtimeDirectory, pid, hostInterfaces } = parts;
    this.vpp = new SimulatedVpp({
      version,
      runtimeDirectory,
      pid,
      hostInterfaces,
      onInterfaceChange: (change) => this.#noteChange(change),
      onDeath: (why) => this.#die(why),
    });
  }

  /** The clients that are connected, by the names they gave. */
  clients(): readonly string[] {
    return [...this.#clients.values()].map(({ name }) => name);
  }

  accept(socket: Socket): void {
    const connection = new Connection(socket, {
      message: (from, bytes) => this.#receive(from, bytes),
      end: (ended) => this.#forget(ended),
      nonsense: (_from, why) => this.#die(why),
    });
    connection.chop(this.#chopBytes);
    this.#connections.add(connection);
  }

  chop(bytes: number | undefined): void {
    this.#chopBytes = bytes;
    for (const connection of this.#connections) connection.chop(bytes);
  }

  /** Sends an event to those who asked for it. */
  emit(event: string, value: MessageValue): void {
    for (const { service, name } of this.#parts.messages.all()) {
      if (service?.kind !== "subscribe" || !service.events.includes(event)) continue;
      for (const [clientIndex, pid] of this.#subscribers.of(name)) {
        const [bytes] = this.#answers.message(event, { pid, ...value }, 0, clientIndex);
        if (bytes !== undefined) this.#clients.get(clientIndex)?.send(framed(bytes));
      }
    }
  }

  /** Sends the answers that were held back, in the order of their requests. */
  release(): void {
    for (const send of this.#held.splice(0)) send();
  }

  /** Cuts all connections. */
  end(): void {
    this.#isDead = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#held.splice(0);
    this.vpp.sockets.closeAll();
    for (const connection of this.#connections) connection.cut();
  }

  #die(why: string): void {
    if (this.#isDead) return;
    this.end();
    this.#parts.onDeath(why);
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    const { clientIndex } = connection;
    if (clientIndex === undefined || this.#clients.get(clientIndex) !== connection) return;
    this.#clients.delete(clientIndex);
    if (!this.#parts.keepSubscriptions) this.#subscribers.forget(clientIndex);
    if (!this.#isDead) this.#parts.onRudeEnd((this.#owed.get(connection) ?? 0) > 0);
  }

  #receive(from: Connection, bytes: Buffer): void {
    if (this.#isDead) return;
    const id = bytes.readUInt16BE(0);
    if (id === 0) return this.#die("a message with the id 0");
    if (id === fixedIds.createClient) return this.#welcome(from, bytes);
    if (id === fixedIds.deleteClient && bytes.length >= 14) return this.#goodbye(bytes);
    const message = this.#parts.messages.byId(id);
    // What VPP does not know, and what is too short, it drops without a word.
    if (message === undefined || bytes.length < message.codec.size || message.codec.clientIndexAt < 0) return;
    const clientIndex = bytes.readUInt32BE(message.codec.clientIndexAt);
    // The answer goes to whoever has the index; with an index that nobody has there is none.
    const to = this.#clients.get(clientIndex);
    const context = message.codec.contextAt < 0 ? 0 : bytes.readUInt32BE(message.codec.contextAt);
    if (to === undefined) return;
    const value = decodeMessage(message.codec, new Reader(bytes)).map(asValue);
    if (value.isErr()) return;
    this.#parts.requests.add({ message: message.name, context, clientIndex, value: value.value });
    this.#answer({ message, context, to }, clientIndex, value.value);
  }

  #welcome(from: Connection, bytes: Buffer): void {
    const context = bytes.readUInt32BE(2);
    let clientIndex = from.clientIndex ?? firstClientIndex;
    if (from.clientIndex === undefined) while (this.#clients.has(clientIndex)) clientIndex++;
    from.register(clientIndex, bytes.toString("utf8", 6, 70).replace(/\0.*$/su, ""));
    this.#clients.set(clientIndex, from);
    const table = this.#parts.messages.all();
    const reply = Buffer.alloc(20 + table.length * tableEntryBytes);
    reply.writeUInt16BE(fixedIds.createClientReply, 0);
    reply.writeUInt32BE(context, 6);
    reply.writeUInt32BE(clientIndex, 14);
    reply.writeUInt16BE(table.length, 18);
    for (const [index, { id, name, crc }] of table.entries()) {
      const at = 20 + index * tableEntryBytes;
      reply.writeUInt16BE(id, at);
      reply.write(`${name}_${crc}`, at + 2, tableEntryBytes - 3, "latin1");
    }
    this.#send({ to: from, context }, "sockclnt_create", [reply]);
  }

  #goodbye(bytes: Buffer): void {
    const clientIndex = bytes.readUInt32BE(2);
    const to = this.#clients.get(clientIndex);
    if (to === undefined) return;
    const reply = Buffer.alloc(10);
    reply.writeUInt16BE(fixedIds.deleteClientReply, 0);
    bytes.copy(reply, 2, 6, 10);
    // Success is 1 here.
    reply.writeInt32BE(1, 6);
    to.send(framed(reply));
    this.#clients.delete(clientIndex);
    if (!this.#parts.keepSubscriptions) this.#subscribers.forget(clientIndex);
    to.hangUp();
  }

  #answer(request: Request, clientIndex: number, value: MessageValue): void {
    const { message, context } = request;
    const { service } = message;
    if (service === undefined) return;
    if ("reply" in service && this.#parts.faults.isRefused(message.name)) {
      return this.#send(request, message.name, this.#answers.message(service.reply, {}, context));
    }
    // A handler of the user's goes before the book-keeping of subscriptions.
    if (service.kind === "subscribe" && !this.#parts.calls.has(message.name)) {
      const retval = this.#subscribers.change(message.name, clientIndex, value);
      return this.#send(request, message.name, this.#answers.message(service.reply, { retval }, context));
    }
    const messages = this.#answers.to(message, service, value, context, this.vpp);
    if (!this.#isDead) this.#send(request, message.name, messages);
  }

  #send(request: Pick<Request, "to" | "context">, name: string, messages: readonly Buffer[]): void {
    const fault = this.#parts.faults.take(name);
    if (fault === undefined) for (const message of messages) request.to.send(framed(message));
    else this.#sendBadly(request, messages, fault);
  }

  #sendBadly(
    { to, context }: Pick<Request, "to" | "context">,
    messages: readonly Buffer[],
    fault: Fault,
  ): void {
    const send = (): void => {
      for (const message of messages) to.send(framed(message));
    };
    const [first, ...rest] = messages;
    switch (fault.kind) {
      case "missing":
        return this.#owe(to, 1);
      case "held":
        this.#owe(to, 1);
        this.#held.push(() => {
          this.#owe(to, -1);
          send();
        });
        return undefined;
      case "late":
        return this.#later(send, fault.ms);
      case "stale":
        if (first !== undefined) to.send(framed(withContext(first, context, staleContext)));
        return send();
      case "truncated":
        if (first !== undefined) to.send(framed(first.subarray(0, Math.max(2, first.length - fault.bytes))));
        for (const message of rest) to.send(framed(message));
        return undefined;
      case "wrong-type":
        for (const message of this.#answers.message(fault.message, {}, context)) to.send(framed(message));
        return undefined;
      case "refused": {
        const message = first === undefined ? undefined : this.#parts.messages.byId(first.readUInt16BE(0));
        if (first !== undefined && message !== undefined)
          to.send(framed(refused(first, message, fault.retval)));
        return undefined;
      }
      case "cut":
        for (const message of messages.slice(0, fault.afterDetails ?? 0)) to.send(framed(message));
        return to.cut();
      case "rubbish":
        return to.send(fault.bytes);
    }
  }

  #later(send: () => void, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      send();
    }, ms);
    this.#timers.add(timer);
  }

  #owe(to: Connection, answers: number): void {
    this.#owed.set(to, (this.#owed.get(to) ?? 0) + answers);
  }

  /** VPP tells of interfaces a little later, and of several changes of one at once. */
  #noteChange(change: InterfaceChange): void {
    if (this.#changed.size === 0) setImmediate(() => this.#tellChanges());
    this.#changed.set(change.swIfIndex, change);
  }

  #tellChanges(): void {
    const changes = [...this.#changed.values()];
    this.#changed.clear();
    for (const { swIfIndex, isDeleted } of changes) {
      const found = this.vpp.interfaces.get(swIfIndex);
      const flags = found === undefined ? 0 : flagsOf(found);
      this.emit("sw_interface_event", { sw_if_index: swIfIndex, flags, deleted: isDeleted });
    }
  }
}

/** No client has it any more. */
const staleContext = 0x7fff_fff0;

function withContext(message: Buffer, context: number, other: number): Buffer {
  const copy = Buffer.from(message);
  // In nearly all answers right behind the id, in a few behind the client index.
  const at = [2, 6].find((offset) => offset + 4 <= copy.length && copy.readUInt32BE(offset) === context);
  if (at !== undefined) copy.writeUInt32BE(other, at);
  return copy;
}
