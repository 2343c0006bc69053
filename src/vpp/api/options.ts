import * as v from "valibot";
import type { CallOptions } from "../../core/call.js";
import { longestTimer } from "../../core/call.js";
import type { InvalidError } from "../../core/errors.js";
import { Ok, type Result } from "../../core/result.js";
import { validate } from "../../core/validate.js";
import type { BackoffOptions } from "../../net/backoff.js";
import type { ApiModel } from "../schema/model.js";
import type { VppApiSource } from "./catalog.js";
import { defaultMaxFrameBytes } from "./frame.js";
import { clientNameFault, mostNameBytes } from "./memclnt.js";

/** What a single call takes. */
export interface VppCallOptions extends CallOptions {
  /**
   * The connection that the request's numbers were got from. A VPP that started anew has others under the same
   * numbers: with this, a request made for an earlier connection is refused and not sent. Default: any.
   */
  readonly generation?: number | undefined;
}

/** How a client finds out that a VPP that keeps its socket open does nothing any more. */
export interface HealthCheckOptions {
  /** How long to wait after an answer before the next ping, in milliseconds. Default: 1000. */
  readonly intervalMs?: number | undefined;
  /** How long an answer may take before VPP counts as not responding, in milliseconds. Default: 2000. */
  readonly timeoutMs?: number | undefined;
}

/** How to connect. `signal` and `timeoutMs` (default 5000) are about the first connection only. */
export interface VppConnectOptions extends CallOptions {
  /** Where VPP listens, as `unix:PATH`. Default: `unix:/run/vpp/api.sock`. */
  readonly remote?: string | undefined;
  /** What VPP shows for this client in `show api clients`; at most 63 bytes. Default: `vswitch-drivers`. */
  readonly name?: string | undefined;
  /** For messages that are called by name, and for servers newer than the bindings. Default: none. */
  readonly api?: VppApiSource | undefined;
  /** The deadline of a call that is given none, in milliseconds. Default: 5000. */
  readonly callTimeoutMs?: number | undefined;
  /** The deadline of a dump that is given none, until all of it has come, in milliseconds. Default: 30000. */
  readonly dumpTimeoutMs?: number | undefined;
  /** How many requests may be with VPP at a time, 1 to 65536; the others wait here. VPP itself has no limit. Default: 256. */
  readonly window?: number | undefined;
  /** The most bytes of one message from VPP. Default: 64 MiB. */
  readonly maxFrameBytes?: number | undefined;
  /** The most bytes of details that may wait for a slow reader of one dump. Default: 256 MiB. */
  readonly maxBacklogBytes?: number | undefined;
  /** The most events that may wait for a slow reader; beyond, they are dropped and the reader is told. Default: 10000. */
  readonly maxQueuedEvents?: number | undefined;
  /**
   * Whether to connect again when the connection is lost, and how often to try. Default: true, which is after 20 ms,
   * doubled to 1 s at most: VPP is on this host, and a knock at its socket costs it nothing.
   */
  readonly reconnect?: boolean | BackoffOptions | undefined;
  /** Whether to look that VPP is alive, while connected. Default: false. */
  readonly healthCheck?: boolean | HealthCheckOptions | undefined;
  /**
   * Messages that are refused unless they are listed here, such as `cli` and `rpc_call`: VPP takes raw pointers in them.
   */
  readonly allowUnsafe?: readonly string[] | undefined;
  /**
   * Called whenever the client is ready: connected, the messages of the server known, and subscriptions renewed. From the
   * second time on everything that had a number (`sw_if_index`, ...) may have another one.
   */
  readonly onReady?: ((generation: number) => void) | undefined;
}

/** A health check with all defaults filled in. */
export interface HealthCheckSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** Options with all defaults filled in. */
export interface Settings {
  readonly remote: string;
  readonly name: string;
  readonly api: VppApiSource | undefined;
  readonly callTimeoutMs: number;
  readonly dumpTimeoutMs: number;
  readonly window: number;
  readonly maxFrameBytes: number;
  readonly maxBacklogBytes: number;
  readonly maxQueuedEvents: number;
  readonly reconnect: BackoffOptions | undefined;
  readonly healthCheck: HealthCheckSettings | undefined;
  readonly allowUnsafe: ReadonlySet<string>;
  readonly onReady: ((generation: number) => void) | undefined;
}

const count = (least: number, most: number): v.GenericSchema<number> => {
  const wanted = `an integer from ${least} to ${most}`;
  return v.pipe(v.number(wanted), v.integer(wanted), v.minValue(least, wanted), v.maxValue(most, wanted));
};
const milliseconds = v.optional(count(1, longestTimer));
const bytes = v.optional(count(1, 0xffff_ffff));

const nameSchema = v.pipe(
  v.string("a name"),
  v.check((name) => clientNameFault(name) === undefined, `a name of 1 to ${mostNameBytes} bytes without NUL`),
);

const isFunction = (value: unknown): boolean => typeof value === "function";
const isModel = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "messages" in value && value.messages instanceof Map;

const entries = {
  signal: v.optional(v.instance(AbortSignal, "an AbortSignal")),
  timeoutMs: milliseconds,
  remote: v.optional(v.string("unix:PATH")),
  name: v.optional(nameSchema),
  api: v.optional(
    v.union(
      [
        v.literal("bootstrap"),
        v.strictObject({ directory: v.string() }),
        v.strictObject({ model: v.custom<ApiModel>(isModel) }),
      ],
      '"bootstrap", { directory } or { model }',
    ),
  ),
  callTimeoutMs: milliseconds,
  dumpTimeoutMs: milliseconds,
  window: v.optional(count(1, 65_536)),
  maxFrameBytes: bytes,
  maxBacklogBytes: bytes,
  maxQueuedEvents: v.optional(count(1, 0xffff_ffff)),
  reconnect: v.optional(
    v.union(
      [
        v.boolean(),
        v.strictObject({ minMs: milliseconds, maxMs: milliseconds, freeTries: v.optional(count(1, 1000)) }),
      ],
      "true, false or { minMs, maxMs }",
    ),
  ),
  healthCheck: v.optional(
    v.union(
      [v.boolean(), v.strictObject({ intervalMs: milliseconds, timeoutMs: milliseconds })],
      "true, false or { intervalMs, timeoutMs }",
    ),
  ),
  allowUnsafe: v.optional(v.array(v.string(), "a list of message names")),
  onReady: v.optional(v.custom<(generation: number) => void>(isFunction, "a function")),
};

const schema = v.strictObject(entries);

type Given = v.InferOutput<typeof schema>;

const schemas: ReadonlyMap<string, v.GenericSchema> = new Map(Object.entries(entries));

/** Whether all options are right, looked at one by one: the whole schema also looks for all that are not given. */
function areRight(options: object): options is Given {
  if (Object.getPrototypeOf(options) !== Object.prototype) return false;
  for (const [name, value] of Object.entries(options)) {
    const known = schemas.get(name);
    if (known === undefined || !v.is(known, value)) return false;
  }
  return true;
}

function backoffOf({ reconnect = true }: Given): BackoffOptions | undefined {
  if (reconnect === false) return undefined;
  const { minMs = 20, maxMs = 1000, freeTries } = reconnect === true ? {} : reconnect;
  return {
    minMs,
    maxMs,
    ...(freeTries !== undefined && { freeTries }),
  };
}

function healthCheckOf({ healthCheck = false }: Given): HealthCheckSettings | undefined {
  if (healthCheck === false) return undefined;
  const { intervalMs = 1000, timeoutMs = 2000 } = healthCheck === true ? {} : healthCheck;
  return { intervalMs, timeoutMs };
}

/** Checks options and fills in the defaults. */
export function readSettings(options: VppConnectOptions): Result<Settings, InvalidError> {
  if (areRight(options)) return Ok(settingsOf(options));
  return validate("connectVpp", "options", schema, options).map(settingsOf);
}

function settingsOf(given: Given): Settings {
  return {
    remote: given.remote ?? "unix:/run/vpp/api.sock",
    name: given.name ?? "vswitch-drivers",
    api: given.api,
    callTimeoutMs: given.callTimeoutMs ?? 5000,
    dumpTimeoutMs: given.dumpTimeoutMs ?? 30_000,
    window: given.window ?? 256,
    maxFrameBytes: given.maxFrameBytes ?? defaultMaxFrameBytes,
    maxBacklogBytes: given.maxBacklogBytes ?? 256 * 1024 * 1024,
    maxQueuedEvents: given.maxQueuedEvents ?? 10_000,
    reconnect: backoffOf(given),
    healthCheck: healthCheckOf(given),
    allowUnsafe: new Set(given.allowUnsafe),
    onReady: given.onReady,
  };
}
