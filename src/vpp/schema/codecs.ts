import { InvalidError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type {
  CallMessage,
  DumpMessage,
  MessageCodec,
  OneWayMessage,
  StreamMessage,
  SubscribeMessage,
} from "../wire/index.js";
import { Closures, type CodecOptions } from "./closures.js";
import type { ApiModel, MessageModel, Service } from "./model.js";
import type { MessageValue } from "./narrow.js";

/** A codec made at run time. */
export type RuntimeCodec = MessageCodec<MessageValue>;

/**
 * Codecs of one model, each made at first use. They read and write what the generator's code for the same message
 * does, and give the same objects; generated code is several times faster.
 *
 * Requests are asked for by the way they are answered: `call`, `dump`, `stream`, `subscribe`, `oneWay`. One that the
 * model lacks, or that is answered otherwise, is `invalid`.
 */
export class ApiCodecs {
  readonly model: ApiModel;
  readonly #closures: Closures;
  readonly #made = new Map<string, RuntimeCodec>();

  constructor(model: ApiModel, options: CodecOptions = {}) {
    this.model = model;
    this.#closures = new Closures(options);
  }

  /** Any message, without what answers it. */
  message(name: string): Result<RuntimeCodec, InvalidError> {
    return this.#find(name).map((model) => this.#make(model));
  }

  /** A request that is answered once. */
  call(name: string): Result<CallMessage<MessageValue, MessageValue>, InvalidError> {
    return this.#request(name, "call").map(({ codec, service }) => ({
      ...codec,
      service: service.kind,
      replies: this.#answers([service.reply]),
    }));
  }

  /** A request that is answered by details, with nothing to mark their end. */
  dump(name: string): Result<DumpMessage<MessageValue, MessageValue>, InvalidError> {
    return this.#request(name, "dump").map(({ codec, service }) => ({
      ...codec,
      service: service.kind,
      details: this.#answers([service.details]),
    }));
  }

  /** A request that is answered by details and then a reply with the cursor. */
  stream(name: string): Result<StreamMessage<MessageValue, MessageValue, MessageValue>, InvalidError> {
    return this.#request(name, "stream").map(({ codec, service }) => ({
      ...codec,
      service: service.kind,
      replies: this.#answers([service.reply]),
      details: this.#answers([service.details]),
    }));
  }

  /** A request that turns events on and off. */
  subscribe(name: string): Result<SubscribeMessage<MessageValue, MessageValue, MessageValue>, InvalidError> {
    return this.#request(name, "subscribe").map(({ codec, service }) => ({
      ...codec,
      service: service.kind,
      replies: this.#answers([service.reply]),
      events: this.#answers(service.events),
    }));
  }

  /** A request that is not answered. */
  oneWay(name: string): Result<OneWayMessage<MessageValue>, InvalidError> {
    return this.#request(name, "one-way").map(({ codec, service }) => ({ ...codec, service: service.kind }));
  }

  #find(name: string): Result<MessageModel, InvalidError> {
    const model = this.model.messages.get(name);
    if (model !== undefined) return Ok(model);
    const left = this.model.skipped.find(({ item }) => item === `message ${name}`);
    const why = left === undefined ? `none of ${this.model.files.size} API files defines it` : left.why;
    return Err(unusable(name, "the name of a message of this API", `no codec for message ${name}: ${why}`));
  }

  #make(model: MessageModel): RuntimeCodec {
    const made = this.#made.get(model.name) ?? this.#closures.message(model);
    this.#made.set(model.name, made);
    return made;
  }

  #request<Kind extends Service["kind"]>(
    name: string,
    kind: Kind,
  ): Result<{ codec: RuntimeCodec; service: Service & { kind: Kind } }, InvalidError> {
    return this.#find(name).andThen((model) => {
      const { service } = model;
      if (service !== undefined && isKind(service, kind)) return Ok({ codec: this.#make(model), service });
      const present =
        service === undefined ? `is no request but "${model.role}"` : `is answered as "${service.kind}"`;
      return Err(
        unusable(name, `a request that is answered as "${kind}"`, `${name} ${present}, not as "${kind}"`),
      );
    });
  }

  #answers(names: readonly string[]): readonly RuntimeCodec[] {
    return names.flatMap((name) =>
      this.message(name)
        .map((codec) => [codec])
        .unwrapOr([]),
    );
  }
}

function isKind<Kind extends Service["kind"]>(
  service: Service,
  kind: Kind,
): service is Service & { kind: Kind } {
  return service.kind === kind;
}

function unusable(name: string, expected: string, message: string): InvalidError {
  return new InvalidError({ operation: name, path: name, expected, got: name, message });
}
