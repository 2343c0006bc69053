import type { InvalidError } from "../../core/errors.js";
import type { Result } from "../../core/result.js";
import { encodeMessage, Writer, type MessageCodec } from "../wire/index.js";

/** The fields of requests for events that the client fills in. */
export type SubscriptionKeys = "enable" | "enable_disable" | "pid";

/** A request for events, on and off. */
export interface Switch {
  /** The same for requests that are the same in all but on and off. */
  readonly key: string;
  readonly on: object;
  /**
   * What turns the events off again; undefined where the request cannot say so, as it does something besides, such as
   * `dhcp_client_config`.
   */
  readonly off: object | undefined;
}

/**
 * Makes the two requests of a subscription. The switch is called `enable_disable` or `enable` and is a number or a
 * boolean; `pid` is any number, and comes back in the events.
 */
export function switchOf(
  message: MessageCodec<unknown, unknown>,
  request: object,
): Result<Switch, InvalidError> {
  const asNumber = switchWith(message, request, 1, 0);
  if (asNumber.isOk()) return asNumber;
  const asBoolean = switchWith(message, request, true, false);
  // Of the two complaints, the one that is not about the switch is the caller's business.
  return asBoolean.isErr() && !switches.has(asNumber.error.path) ? asNumber : asBoolean;
}

const switches: ReadonlySet<string> = new Set<SubscriptionKeys>(["enable", "enable_disable"]);

function switchWith(
  message: MessageCodec<unknown, unknown>,
  request: object,
  yes: number | boolean,
  no: number | boolean,
): Result<Switch, InvalidError> {
  const on = filled(request, yes);
  const off = filled(request, no);
  return encoded(message, on).andThen((onBytes) =>
    encoded(message, off).map((offBytes) => ({
      key: `${message.name} ${offBytes}`,
      on,
      off: onBytes === offBytes ? undefined : off,
    })),
  );
}

function filled(request: object, enable: number | boolean): object {
  return { ...request, enable, enable_disable: enable, pid: process.pid };
}

function encoded(message: MessageCodec<unknown, unknown>, request: object): Result<string, InvalidError> {
  const writer = new Writer(256);
  return encodeMessage(message, request, { id: 0, clientIndex: 0, context: 0 }, writer).map(() =>
    writer.written().toString("latin1"),
  );
}
