import { UnsupportedError, type InvalidError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { ApiCodecs } from "../schema/codecs.js";
import { readApiDirectory } from "../schema/files.js";
import { layoutOf } from "../schema/layout.js";
import type { ApiModel, Service } from "../schema/model.js";
import type { MessageValue } from "../schema/narrow.js";
import { readApi, readApiBundle } from "../schema/read.js";
import type { CallMessage, DumpMessage, StreamMessage, SubscribeMessage } from "../wire/index.js";
import { Call } from "./call.js";
import type { VppCallError, VppConnectError } from "./errors.js";
import type { Definitions } from "./capability.js";
import { Routes } from "./routes.js";
import type { ServerTable } from "./server-table.js";
import type { Session } from "./session.js";

/**
 * Where the definitions come from of messages that are called by name, and by which an unknown CRC of a known message
 * is judged. They should be of the very release that runs.
 *
 * - `"bootstrap"`: VPP itself tells them (`get_api_json`, VPP 24.06 and later)
 * - `directory`: the `*.api.json` files that VPP installs, usually in `/usr/share/vpp/api`. They are read anew when
 *   another release answers after a reconnect
 * - `model`: what `readApi` gave
 */
export type VppApiSource = "bootstrap" | { readonly directory: string } | { readonly model: ApiModel };

/** The messages of a model, by name. Each codec is made once. */
export class Catalog implements Definitions {
  readonly model: ApiModel;
  readonly #codecs: ApiCodecs;
  readonly #layouts = new Map<string, string>();
  readonly #calls = new Map<string, CallMessage<MessageValue, MessageValue>>();

  constructor(model: ApiModel) {
    this.model = model;
    this.#codecs = new ApiCodecs(model);
  }

  layout(name: string, crc: string): string | undefined {
    const message = this.model.messages.get(name);
    if (message?.crc !== crc) return undefined;
    let layout = this.#layouts.get(name);
    if (layout === undefined) {
      layout = layoutOf(message);
      this.#layouts.set(name, layout);
    }
    return layout;
  }

  module(name: string): { readonly name: string; readonly messages: readonly string[] } | undefined {
    const message = this.model.messages.get(name);
    return message === undefined ? undefined : this.model.files.get(message.module);
  }

  /** How a request is answered; undefined for what is none here. */
  service(name: string): Service["kind"] | undefined {
    return this.model.messages.get(name)?.service?.kind;
  }

  /** A request that is answered once. One that also turns on events is called as well as any. */
  call(name: string): Result<CallMessage<MessageValue, MessageValue>, InvalidError> {
    const known = this.#calls.get(name);
    if (known !== undefined) return Ok(known);
    const made =
      this.service(name) === "subscribe"
        ? this.#codecs.subscribe(name).map((message) => ({ ...message, service: "call" as const }))
        : this.#codecs.call(name);
    return made.map((message) => {
      this.#calls.set(name, message);
      return message;
    });
  }

  /** A request that is answered by details. */
  dump(
    name: string,
  ): Result<
    DumpMessage<MessageValue, MessageValue> | StreamMessage<MessageValue, MessageValue, MessageValue>,
    InvalidError
  > {
    return this.service(name) === "stream" ? this.#codecs.stream(name) : this.#codecs.dump(name);
  }

  /** A request that turns events on. */
  subscribe(name: string): Result<SubscribeMessage<MessageValue, MessageValue, MessageValue>, InvalidError> {
    return this.#codecs.subscribe(name);
  }
}

/** What was found out about one server. */
export interface Loaded {
  readonly table: ServerTable;
  readonly catalog: Catalog;
}

/** Gets the definitions for a server. Those of the last one serve again when this one has the same messages. */
export async function loadCatalog(
  source: VppApiSource,
  session: Session,
  last: Loaded | undefined,
  timeoutMs: number,
): Promise<Result<Loaded, VppConnectError>> {
  const { table } = session;
  if (last?.table.isLike(table) === true) return Ok({ table, catalog: last.catalog });
  const model =
    source === "bootstrap"
      ? await askServer(session, timeoutMs)
      : "directory" in source
        ? readApiDirectory(source.directory)
        : Ok(source.model);
  return model.map((found) => ({ table, catalog: new Catalog(found) }));
}

/** The one message that brings all others, in the form of VPP's own JSON (`src/vlibmemory/memclnt.api`, 24.06). */
const bootstrapApi = JSON.stringify({
  types: [],
  messages: [
    [
      "get_api_json",
      ["u16", "_vl_msg_id"],
      ["u32", "client_index"],
      ["u32", "context"],
      { crc: "0x51077d14" },
    ],
    [
      "get_api_json_reply",
      ["u16", "_vl_msg_id"],
      ["u32", "context"],
      ["i32", "retval"],
      ["string", "json", 0],
      { crc: "0xea715b59" },
    ],
  ],
  services: { get_api_json: { reply: "get_api_json_reply" } },
});

async function askServer(session: Session, timeoutMs: number): Promise<Result<ApiModel, VppConnectError>> {
  const message = readApi([{ name: "memclnt", text: bootstrapApi }]).andThen((model) =>
    new ApiCodecs(model).call("get_api_json"),
  );
  if (message.isErr()) return message;
  const codec = message.value;
  const route = new Routes(session, undefined, new Set()).find(codec);
  const replyCodec = codec.replies[0];
  if (route.isErr() || replyCodec === undefined)
    return Err(noBootstrap(route.isErr() ? route.error : undefined));
  const reply = await new Promise<Result<MessageValue, VppCallError>>((resolve) => {
    new Call(session, route.value, codec, replyCodec, {}, timeoutMs, undefined, resolve).start(undefined);
  });
  return reply.andThen((value) => {
    const { json } = value;
    return readApiBundle(typeof json === "string" ? json : "");
  });
}

function noBootstrap(cause: unknown): UnsupportedError {
  return new UnsupportedError({
    operation: "connectVpp",
    feature: "api: bootstrap",
    cause,
    message:
      "connectVpp: this VPP cannot tell its own API (it has no get_api_json, which came with 24.06); give api: { directory } with its API files, usually /usr/share/vpp/api",
  });
}
