import type { MessageValue } from "../../vpp/schema/narrow.js";
import { encodeMessage, Writer } from "../../vpp/wire/index.js";
import type { Service } from "../../vpp/schema/model.js";
import { retvalOffset } from "../../vpp/api/retval.js";
import { retvals, type CallHandler, type DumpHandler } from "./handlers/handler.js";
import type { MessageSet, ServedMessage } from "./message-set.js";
import type { SimulatedVpp } from "./simulated-vpp.js";
import { none, numberAt } from "./values.js";

/** How streams are paged. */
export interface PageOptions {
  /** Details on a page. VPP pages by time: as many as it can send in a millisecond. */
  readonly pageSize: number;
  /**
   * What a stream of nothing answers: of a `vector`, retval -7 and cursor ~0; of a `pool`, retval 0 and whatever is in
   * memory for a cursor.
   */
  readonly emptyStreams: "vector" | "pool";
}

/** There is another page. */
const eagain = -165;

/** Makes the messages that answer requests. */
export class Answers {
  readonly #messages: MessageSet;
  readonly #calls: ReadonlyMap<string, CallHandler>;
  readonly #dumps: ReadonlyMap<string, DumpHandler>;
  readonly #pages: PageOptions;
  readonly #writer = new Writer();

  constructor(
    messages: MessageSet,
    calls: ReadonlyMap<string, CallHandler>,
    dumps: ReadonlyMap<string, DumpHandler>,
    pages: PageOptions,
  ) {
    this.#messages = messages;
    this.#calls = calls;
    this.#dumps = dumps;
    this.#pages = pages;
  }

  /** All messages that answer a request, the details first. */
  to(
    request: ServedMessage,
    service: Service,
    value: MessageValue,
    context: number,
    vpp: SimulatedVpp,
  ): readonly Buffer[] {
    if (service.kind === "one-way") return [];
    if (service.kind === "stream") return this.#page(request, service, value, context, vpp);
    if (service.kind === "dump") {
      const all = this.#dumps.get(request.name)?.(value, vpp) ?? [];
      return Array.from(all, (details) => this.message(service.details, details, context)).flat();
    }
    const result = this.#calls.get(request.name)?.(value, vpp) ?? retvals.unimplemented;
    return this.message(service.reply, typeof result === "number" ? { retval: result } : result, context);
  }

  /** One message with its fields blank but for those given; nothing for a message that this server does not have. */
  message(name: string, given: MessageValue, context: number, clientIndex = 0): readonly Buffer[] {
    const message = this.#messages.byName(name);
    if (message === undefined) return [];
    this.#writer.reset();
    const value = this.#messages.value(message, given);
    const header = { id: message.id, clientIndex, context };
    encodeMessage(message.codec, value, header, this.#writer).unwrap();
    const bytes = Buffer.from(this.#writer.written());
    const retval = numberAt(given, "retval");
    return [retval < 0 && Object.keys(given).length === 1 ? refused(bytes, message, retval) : bytes];
  }

  #page(
    request: ServedMessage,
    service: Service & { readonly kind: "stream" },
    value: MessageValue,
    context: number,
    vpp: SimulatedVpp,
  ): readonly Buffer[] {
    const { pageSize, emptyStreams } = this.#pages;
    const all = [...(this.#dumps.get(request.name)?.(value, vpp) ?? [])];
    const from = numberAt(value, "cursor");
    const reply = (retval: number, cursor: number): readonly Buffer[] =>
      this.message(service.reply, { retval, cursor }, context);
    if (all.length === 0 && emptyStreams === "pool") return reply(0, 0x1357_9bdf);
    if (from >= all.length) return reply(retvals.invalidValue, none);
    const to = Math.min(from + pageSize, all.length);
    const details = all.slice(from, to).flatMap((one) => this.message(service.details, one, context));
    return [...details, ...(to < all.length ? reply(eagain, to) : reply(0, none))];
  }
}

/** A refusal: VPP allocates the reply, sets `retval`, and leaves the rest as it was in memory. */
export function refused(bytes: Buffer, message: ServedMessage, retval: number): Buffer {
  const retvalAt = retvalOffset(message.codec);
  if (retvalAt === -1) return bytes;
  const header = message.codec.contextAt + 4;
  const rubbish = Buffer.alloc(bytes.length, 0xd5);
  bytes.copy(rubbish, 0, 0, header);
  rubbish.writeInt32BE(retval, retvalAt);
  return rubbish;
}
