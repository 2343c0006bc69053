import { IncompatibleError, UnsupportedError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { whyUnsafe } from "../schema/known.js";
import type {
  CallMessage,
  DumpMessage,
  MessageCodec,
  StreamMessage,
  SubscribeMessage,
} from "../wire/index.js";
import {
  explainAbsence,
  isBefore2005,
  type Absence,
  type Capability,
  type Definitions,
} from "./capability.js";
import type { MessageForm } from "./fit.js";
import { Hazards, type Guard } from "./hazards.js";
import { retvalOffset } from "./retval.js";
import type { Session } from "./session.js";

/** A codec without its value, for looking it up. */
export type Form = Pick<MessageCodec<unknown, never>, "name" | "crcs" | "layout" | "contextAt">;

/** How one request goes out on one server and its answer comes back. Codecs are meant by their place in the message. */
export interface Route {
  readonly id: number;
  /** The reply's id; of dumps, the ping's. */
  readonly replyId: number;
  /** Which of the message's `replies`; -1 for dumps. */
  readonly reply: number;
  /** Where the reply's `retval` stands; -1: it has none. */
  readonly retvalAt: number;
  /** The details' id; -1 for plain calls. */
  readonly detailsId: number;
  /** Which of the message's `details`; -1 for plain calls. */
  readonly details: number;
  readonly guard: Guard | undefined;
}

/** Why there is no route. */
export type RouteError = IncompatibleError | UnsupportedError;

/** Any request but those that are answered by nothing. */
export type Routable =
  | CallMessage<never, unknown, unknown>
  | DumpMessage<never, unknown, unknown>
  | StreamMessage<never, unknown, unknown, unknown>
  | SubscribeMessage<never, unknown, unknown, unknown>;

/** Finds the routes of one server's messages, each once. */
export class Routes {
  readonly #session: Session;
  readonly #definitions: Definitions | undefined;
  readonly #allowed: ReadonlySet<string>;
  readonly #hazards = new Hazards();
  readonly #found = new Map<Routable, Result<Route, RouteError>>();

  /**
   * @param definitions - of this very server
   * @param allowed - the unsafe messages that may be sent all the same
   */
  constructor(session: Session, definitions: Definitions | undefined, allowed: ReadonlySet<string>) {
    this.#session = session;
    this.#definitions = definitions;
    this.#allowed = allowed;
  }

  /** The route of a request that is answered. */
  find(message: Routable): Result<Route, RouteError> {
    const known = this.#found.get(message);
    if (known !== undefined) return known;
    const route = this.#refusal(message.name) ?? this.#route(message);
    this.#found.set(message, route);
    return route;
  }

  /** The server's id for one of several forms of a message, and which one it is. */
  pick(forms: readonly Form[], request: string): Result<{ id: number; index: number }, IncompatibleError> {
    let last: Result<never, IncompatibleError> | undefined;
    for (const [index, form] of forms.entries()) {
      const id = this.match(form);
      if (id.isOk()) return Ok({ id: id.value, index });
      last = id;
    }
    return (
      last ?? Err(incompatible({ name: request, crcs: [] }, "absent", "its bindings know no answer to it"))
    );
  }

  /**
   * The server's id for a message that is laid out like this one. A CRC that is known proves the layout from 20.05 on;
   * one that is not says nothing: most changes of CRCs left the bytes alone.
   */
  match(form: Form): Result<number, IncompatibleError> {
    const capability = this.capability(form);
    if (capability.state === "available") return Ok(capability.id);
    if (capability.state !== "other-layout") return Err(absent(form, capability));
    const { crc } = capability;
    const isUntrusted = form.crcs.includes(crc) && isBefore2005(this.#session.table);
    return Err(isUntrusted ? untrusted(form, crc) : otherLayout(form, crc));
  }

  /** What the server can do with a message of this form. */
  capability(form: MessageForm): Capability {
    const { table } = this.#session;
    const message = form.name;
    const known = form.crcs.find((crc) => table.id(message, crc) !== undefined);
    const server = known === undefined ? table.find(message) : undefined;
    const crc = known ?? server?.crc;
    if (crc === undefined) return explainAbsence(table, this.#definitions, message);
    const layout = this.#definitions?.layout(message, crc);
    const isSame =
      layout === undefined ? known !== undefined && !isBefore2005(table) : layout === form.layout;
    const id = table.id(message, crc) ?? -1;
    return isSame ? { state: "available", message, id, crc } : { state: "other-layout", message, crc };
  }

  #refusal(name: string): Result<never, UnsupportedError> | undefined {
    if (managed.has(name)) {
      const message = `${name}: this message belongs to the connection itself, which the client makes and ends; nothing was sent`;
      return Err(new UnsupportedError({ operation: name, feature: name, message }));
    }
    const why = whyUnsafe(name);
    if (why === undefined || this.#allowed.has(name)) return undefined;
    const message = `${name} ${why}, so it is not sent; whoever knows better lists it in allowUnsafe when connecting`;
    return Err(new UnsupportedError({ operation: name, feature: name, message }));
  }

  #route(message: Routable): Result<Route, RouteError> {
    const id = this.match(message);
    if (id.isErr()) return id;
    const guard = this.#hazards.guard(message.name);
    const details = "details" in message ? this.#answer(message.details, message.name) : Ok(none);
    if (details.isErr()) return details;
    const common = { id: id.value, detailsId: details.value.id, details: details.value.index, guard };
    if (message.service === "dump") {
      return Ok({ ...common, replyId: this.#session.pingIds.reply, reply: -1, retvalAt: -1 });
    }
    const reply = this.#answer(message.replies, message.name);
    if (reply.isErr()) return reply;
    if (message.service === "subscribe") this.#ignoreEvents(message);
    const { id: replyId, index } = reply.value;
    const codec = message.replies[index];
    return Ok({ ...common, replyId, reply: index, retvalAt: codec === undefined ? -1 : retvalOffset(codec) });
  }

  /** The form in which a server answers; the session then knows where its context stands. */
  #answer(forms: readonly Form[], request: string): Result<{ id: number; index: number }, IncompatibleError> {
    return this.pick(forms, request).map((found) => {
      this.#session.expect(found.id, { contextAt: forms[found.index]?.contextAt ?? -1 });
      return found;
    });
  }

  /** One event bears the context of its request (`gre_tunnel_details_v2`): it must not be taken for a wrong answer. */
  #ignoreEvents(message: SubscribeMessage<never, unknown, unknown, unknown>): void {
    for (const event of message.events) {
      this.match(event).map((id) => this.#session.expect(id, { contextAt: -1 }));
    }
  }
}

const none = { id: -1, index: -1 };

/** Messages that would take the connection out of the client's hands. */
const managed: ReadonlySet<string> = new Set([
  "sockclnt_create",
  "sockclnt_create_reply",
  "sockclnt_delete",
  "sockclnt_delete_reply",
]);

function absent(form: Form, absence: Absence): IncompatibleError {
  if (absence.state === "plugin-not-loaded") {
    const { module } = absence;
    return incompatible(
      form,
      "plugin-not-loaded",
      `it has no message about ${module} at all, so the plugin is not loaded or not built; look at "plugins" in VPP's startup.conf and at "show plugins"`,
    );
  }
  const others = absence.alternatives;
  const instead =
    others.length === 0
      ? "it is of another release"
      : `it is of another release, which has ${others.join(", ")}`;
  return incompatible(form, "absent", instead);
}

function otherLayout(form: Form, crc: string): IncompatibleError {
  const known = form.crcs.length === 0 ? "" : `, and ${form.crcs.join(", ")} are known`;
  return incompatible(
    form,
    "other-layout",
    `it has it as ${form.name}_${crc}${known}; generate bindings from this server's API files, or give them as api when connecting`,
    crc,
  );
}

function untrusted(form: Form, crc: string): IncompatibleError {
  return incompatible(
    form,
    "other-layout",
    `it is older than 20.05, where equal CRCs do not mean equal messages; give its API files (/usr/share/vpp/api) as api when connecting`,
    crc,
  );
}

function incompatible(
  form: Pick<Form, "name" | "crcs">,
  why: IncompatibleError["why"],
  reason: string,
  crc?: string,
): IncompatibleError {
  const { name, crcs } = form;
  return new IncompatibleError({
    operation: name,
    item: name,
    wanted: crcs.map((known) => `${name}_${known}`).join(" or ") || name,
    present: crc === undefined ? "no message of this name" : `${name}_${crc}`,
    why,
    message: `${name}: this VPP does not have the message as it is needed: ${reason}. Nothing was sent`,
  });
}
