import { ApiCodecs } from "../../vpp/schema/codecs.js";
import type { ApiModel, Service } from "../../vpp/schema/model.js";
import { asValue, type MessageValue } from "../../vpp/schema/narrow.js";
import { readApi } from "../../vpp/schema/read.js";
import { Reader, type AnyMessage, type AnyRequest, type MessageCodec } from "../../vpp/wire/index.js";

/** A message as the server has it. */
export class ServedMessage {
  readonly name: string;
  readonly crc: string;
  readonly id: number;
  /** How it is answered; undefined for what is no request. */
  readonly service: Service | undefined;
  readonly #make: () => MessageCodec<unknown, unknown>;
  #codec: MessageCodec<unknown, unknown> | undefined;

  constructor(definition: Definition, id: number) {
    this.name = definition.name;
    this.crc = definition.crc;
    this.service = definition.service;
    this.id = id;
    this.#make = definition.codec;
  }

  /** Made at first use: a release has two thousand messages, and a test uses a few. */
  get codec(): MessageCodec<unknown, unknown> {
    this.#codec ??= this.#make();
    return this.#codec;
  }
}

interface Definition {
  readonly name: string;
  readonly crc: string;
  readonly module: string;
  readonly service: Service | undefined;
  readonly codec: () => MessageCodec<unknown, unknown>;
}

/** Where the server's messages come from: the API of a release, or codecs. */
export type MessageSource = ApiModel | Iterable<AnyMessage>;

/** The ids of all other messages begin behind those of `memclnt.api`, which are their places in it. */
const firstDynamicId = 32;

/** The messages of a server and the ids that it gave them at its start. */
export class MessageSet {
  readonly #byId = new Map<number, ServedMessage>();
  readonly #byName = new Map<string, ServedMessage>();
  readonly #blanks = new Map<string, MessageValue>();
  #inNoOrder: readonly ServedMessage[] | undefined;

  /**
   * @param modules - only these modules are loaded; undefined: all
   * @param start - another number gives other ids
   */
  constructor(source: MessageSource, modules: readonly string[] | undefined, start: number) {
    const definitions = "messages" in source ? fromModel(source) : fromCodecs(source);
    const loaded = definitions.filter(({ module }) => isLoaded(module, modules));
    const fixed = loaded.filter(({ module }) => module === "memclnt");
    for (const [index, definition] of fixed.entries()) this.#add(definition, index + 1);
    const others = loaded.filter(({ module }) => module !== "memclnt");
    const turn = others.length === 0 ? 0 : start % others.length;
    for (const [index, definition] of others.entries()) {
      this.#add(definition, firstDynamicId + ((index + turn) % others.length));
    }
  }

  byId(id: number): ServedMessage | undefined {
    return this.#byId.get(id);
  }

  byName(name: string): ServedMessage | undefined {
    return this.#byName.get(name);
  }

  /** All of them, in no order, as VPP tells them. */
  all(): readonly ServedMessage[] {
    this.#inNoOrder ??= [...this.#byId.values()].toSorted((a, b) => spread(a.id) - spread(b.id));
    return this.#inNoOrder;
  }

  /** A value with all fields of a message blank but those that are given. */
  value(message: ServedMessage, given: MessageValue): MessageValue {
    let blank = this.#blanks.get(message.name);
    if (blank === undefined) {
      blank = asValue(message.codec.decode(new Reader(Buffer.alloc(message.codec.size))));
      this.#blanks.set(message.name, blank);
    }
    return { ...blank, ...given };
  }

  #add(definition: Definition, id: number): void {
    const message = new ServedMessage(definition, id);
    this.#byId.set(id, message);
    this.#byName.set(message.name, message);
  }
}

/** A hash: neighbours come out far apart. */
function spread(id: number): number {
  return Math.imul(id, 0x9e37_79b1) >>> 0;
}

function isLoaded(module: string, modules: readonly string[] | undefined): boolean {
  return modules === undefined || module === "memclnt" || modules.includes(module);
}

function fromModel(model: ApiModel): readonly Definition[] {
  const codecs = new ApiCodecs(model);
  return Array.from(model.messages.values(), ({ name, crc, module, service }) => ({
    name,
    crc,
    module,
    service,
    codec: () => codecs.message(name).unwrap(),
  }));
}

/** Of several forms of a message the first counts: generated bindings have the newest first. */
function fromCodecs(codecs: Iterable<AnyMessage>): readonly Definition[] {
  const definitions = new Map<string, Definition>(everywhere().map((message) => [message.name, message]));
  const add = (codec: AnyMessage): void => {
    const [crc] = codec.crcs;
    if (crc === undefined || definitions.has(codec.name)) return;
    const service = isRequest(codec) ? serviceOf(codec) : undefined;
    definitions.set(codec.name, { name: codec.name, crc, module: "", service, codec: () => codec });
  };
  for (const codec of codecs) {
    add(codec);
    if (isRequest(codec)) for (const answer of answersOf(codec)) add(answer);
  }
  return [...definitions.values()];
}

/** What every VPP has and bindings for a purpose may lack: `control_ping` of `src/vlibmemory/memclnt.api`. */
const pingApi = JSON.stringify({
  types: [],
  messages: [
    [
      "control_ping",
      ["u16", "_vl_msg_id"],
      ["u32", "client_index"],
      ["u32", "context"],
      { crc: "0x51077d14" },
    ],
    [
      "control_ping_reply",
      ["u16", "_vl_msg_id"],
      ["u32", "context"],
      ["i32", "retval"],
      ["u32", "client_index"],
      ["u32", "vpe_pid"],
      { crc: "0xf6b0b8ca" },
    ],
  ],
  services: { control_ping: { reply: "control_ping_reply" } },
});

function everywhere(): readonly Definition[] {
  return fromModel(readApi([{ name: "ping", text: pingApi }]).unwrap());
}

function answersOf(codec: AnyRequest): readonly AnyMessage[] {
  return [
    ...("replies" in codec ? codec.replies : []),
    ...("details" in codec ? codec.details : []),
    ...("events" in codec ? codec.events : []),
  ];
}

function isRequest(codec: AnyMessage): codec is AnyRequest {
  return "service" in codec;
}

function nameOf(forms: readonly AnyMessage[]): string {
  return forms[0]?.name ?? "";
}

function serviceOf(codec: AnyRequest): Service | undefined {
  switch (codec.service) {
    case "call":
      return { kind: "call", reply: nameOf(codec.replies) };
    case "dump":
      return { kind: "dump", details: nameOf(codec.details) };
    case "stream":
      return { kind: "stream", reply: nameOf(codec.replies), details: nameOf(codec.details) };
    case "subscribe": {
      const events = [...new Set(codec.events.map(({ name }) => name))];
      return { kind: "subscribe", reply: nameOf(codec.replies), events };
    }
    case "one-way":
      return { kind: "one-way" };
    default:
      return undefined;
  }
}
