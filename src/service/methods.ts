/** The verbs of the core API as methods: their arguments by name, checked, with the verb's options beside them. */
import * as v from "valibot";
import { attachmentSchema, bridgeSpecSchema, interfaceSpecSchema } from "../core/specs.js";
import { validate } from "../core/validate.js";
import type { Result, VSwitch, VSwitchError } from "../index.js";

/** What a method is run with besides its params. */
export interface MethodCall {
  /** Fires when the client cancels the request, and when the service ends. */
  readonly signal: AbortSignal;
}

/** What answers a request. It must not throw; its value must be plain data (a bigint is written with all its digits). */
export type Method = (
  params: unknown,
  call: MethodCall,
) => Promise<Result<unknown, VSwitchError>> | Result<unknown, VSwitchError>;

/** Gives the switch, connected. */
export type SwitchSource = (call: MethodCall) => Promise<Result<VSwitch, VSwitchError>>;

const call = { timeoutMs: v.optional(v.number()) };
const change = { ...call, wait: v.optional(v.boolean()), rollback: v.optional(v.boolean()) };
const name = { name: v.string() };
const look = { ...call, statistics: v.optional(v.boolean()) };

const schemas = {
  createInterface: v.strictObject({ spec: interfaceSpecSchema, ...change }),
  attachToBridge: v.strictObject({ ...name, attachment: attachmentSchema, ...change }),
  getInterface: v.strictObject({ ...name, ...look }),
  namedChange: v.strictObject({ ...name, ...change }),
  deleteInterface: v.strictObject({ ...name, ...change, sockets: v.optional(v.array(v.string())) }),
  listInterfaces: v.strictObject({
    ...look,
    ownOnly: v.optional(v.boolean()),
    bridge: v.optional(v.string()),
  }),
  setAddresses: v.strictObject({ ...name, addresses: v.array(v.string()), ...change }),
  none: v.strictObject(call),
  ensureBridge: v.strictObject({ spec: bridgeSpecSchema, ...change }),
  collectGarbage: v.strictObject({ valid: v.array(v.string()), ...change }),
};

/** What `watch` is called with. */
export const watchSchema = schemas.none;

type Verb<P> = (vswitch: VSwitch, params: P, call: MethodCall) => Promise<Result<unknown, VSwitchError>>;

/** The methods that the switch answers. */
export function switchMethods(source: SwitchSource): ReadonlyMap<string, Method> {
  const method =
    <S extends v.GenericSchema>(operation: string, schema: S, run: Verb<v.InferOutput<S>>): Method =>
    async (params, given) => {
      const valid = validate(operation, "params", schema, params);
      if (valid.isErr()) return valid;
      const vswitch = await source(given);
      return vswitch.isErr() ? vswitch : await run(vswitch.value, valid.value, given);
    };
  const verb = <const Name extends string, S extends v.GenericSchema>(
    operation: Name,
    schema: S,
    run: Verb<v.InferOutput<S>>,
  ): readonly [Name, Method] => [operation, method(operation, schema, run)];

  return new Map<string, Method>([
    verb("createInterface", schemas.createInterface, (vswitch, { spec, ...options }, { signal }) =>
      vswitch.createInterface(spec, { ...options, signal }),
    ),
    verb("attachToBridge", schemas.attachToBridge, (vswitch, { name, attachment, ...options }, { signal }) =>
      vswitch.attachToBridge(name, attachment, { ...options, signal }),
    ),
    verb("detachFromBridge", schemas.namedChange, (vswitch, { name, ...options }, { signal }) =>
      vswitch.detachFromBridge(name, { ...options, signal }),
    ),
    verb("deleteInterface", schemas.deleteInterface, (vswitch, { name, ...options }, { signal }) =>
      vswitch.deleteInterface(name, { ...options, signal }),
    ),
    verb("getInterface", schemas.getInterface, (vswitch, { name, ...options }, { signal }) =>
      vswitch.getInterface(name, { ...options, signal }),
    ),
    verb("listInterfaces", schemas.listInterfaces, (vswitch, options, { signal }) =>
      vswitch.listInterfaces({ ...options, signal }),
    ),
    verb("setAddresses", schemas.setAddresses, (vswitch, { name, addresses, ...options }, { signal }) =>
      vswitch.setAddresses(name, addresses, { ...options, signal }),
    ),
    verb("listBridges", schemas.none, (vswitch, options, { signal }) =>
      vswitch.listBridges({ ...options, signal }),
    ),
    verb("ensureBridge", schemas.ensureBridge, (vswitch, { spec, ...options }, { signal }) =>
      vswitch.ensureBridge(spec, { ...options, signal }),
    ),
    verb("deleteBridge", schemas.namedChange, (vswitch, { name, ...options }, { signal }) =>
      vswitch.deleteBridge(name, { ...options, signal }),
    ),
    verb("capabilities", schemas.none, (vswitch, options, { signal }) =>
      vswitch.capabilities({ ...options, signal }),
    ),
    verb("collectGarbage", schemas.collectGarbage, (vswitch, { valid, ...options }, { signal }) =>
      vswitch.collectGarbage(valid, { ...options, signal }),
    ),
  ]);
}
