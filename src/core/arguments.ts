/** What the verbs take besides specs, checked: every driver reads its arguments here, so that all refuse the same. */
import { isIP } from "node:net";
import * as v from "valibot";
import { longestTimer, type CallOptions } from "./call.js";
import { InvalidError } from "./errors.js";
import { plainSpec } from "./glance.js";
import { Err, Ok, type Result } from "./result.js";
import { schemaOfSpec, type InterfaceSpec } from "./specs.js";
import { validate } from "./validate.js";
import type { ChangeOptions, DeleteOptions, InterfaceRef, ListOptions, LookOptions } from "./vswitch.js";

const nameWanted = "the name of an interface, or an object that carries it as name";

const refSchema = v.pipe(
  v.union(
    [
      v.string(),
      v.pipe(
        v.object({ name: v.string() }),
        v.transform(({ name }) => name),
      ),
    ],
    nameWanted,
  ),
  v.minLength(1, nameWanted),
);

/** The name that a reference carries. Others' names may be anything, so their form is not checked. */
export function readRef(operation: string, ref: InterfaceRef): Result<string, InvalidError> {
  return typeof ref === "string" && ref !== "" ? Ok(ref) : validate(operation, "ref", refSchema, ref);
}

/** What `createInterface` is given. */
export function readSpec(operation: string, spec: unknown): Result<InterfaceSpec, InvalidError> {
  const plain = plainSpec(spec);
  return plain === undefined ? validate(operation, "spec", schemaOfSpec(spec), spec) : Ok(plain);
}

const bridgeWanted = "the name of a bridge";
const bridgeNameSchema = v.pipe(v.string(bridgeWanted), v.minLength(1, bridgeWanted));

/** The name of a bridge that is there already. */
export function readBridgeName(operation: string, name: string): Result<string, InvalidError> {
  return validate(operation, "name", bridgeNameSchema, name);
}

const bits = { 4: 32, 6: 128 };

function isInterfaceAddress(text: string): boolean {
  const [address = "", length = "", ...rest] = text.split("/");
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || address.includes("%") || rest.length > 0) return false;
  return /^(?:0|[1-9]\d{0,2})$/u.test(length) && Number(length) <= bits[family];
}

const addressWanted = "an address with its prefix length, such as 192.0.2.1/24 or 2001:db8::1/64";

const addressesSchema = v.pipe(
  v.array(v.pipe(v.string(addressWanted), v.check(isInterfaceAddress, addressWanted)), "a list of addresses"),
  v.check((addresses) => new Set(addresses).size === addresses.length, "each address once"),
);

/** What `setAddresses` is given. */
export function readAddresses(
  operation: string,
  addresses: readonly string[],
): Result<readonly string[], InvalidError> {
  return validate(operation, "addresses", addressesSchema, addresses);
}

const keysWanted = "a list, set or other iterable of keys; a string is not one";

/** What `collectGarbage` is given. A string is an iterable too: each of its letters would be a key. */
export function readKeys(
  operation: string,
  valid: Iterable<string>,
): Result<ReadonlySet<string>, InvalidError> {
  let given: unknown = valid;
  try {
    if (typeof valid === "object" && valid !== null && Symbol.iterator in valid) given = [...valid];
  } catch (cause) {
    const message = `${operation}: valid could not be read to its end: ${String(cause)}; nothing was deleted`;
    return Err(
      new InvalidError({
        operation,
        path: "",
        expected: keysWanted,
        got: "an iterable that throws",
        cause,
        message,
      }),
    );
  }
  return validate(operation, "valid", v.array(v.string(), keysWanted), given).map((keys) => new Set(keys));
}

const callEntries = {
  signal: v.optional(
    v.custom<AbortSignal>(
      (signal) =>
        typeof signal === "object" &&
        signal !== null &&
        "aborted" in signal &&
        "addEventListener" in signal &&
        typeof signal.addEventListener === "function",
      "an AbortSignal",
    ),
  ),
  timeoutMs: v.optional(
    v.pipe(
      v.number(`a number from 1 to ${longestTimer}`),
      v.check((ms) => ms >= 1 && ms <= longestTimer, `a number from 1 to ${longestTimer}`),
    ),
  ),
};

const isTrueOrFalse = (value: unknown): boolean => value === undefined || typeof value === "boolean";

/** What is right at a glance: nearly all options are, and a schema is slow to say so. */
const rightAtAGlance: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["signal", (value: unknown) => value === undefined || value instanceof AbortSignal],
  ["wait", isTrueOrFalse],
  ["rollback", isTrueOrFalse],
  ["ownOnly", isTrueOrFalse],
  ["statistics", isTrueOrFalse],
]);

const changeEntries = { ...callEntries, wait: v.optional(v.boolean()), rollback: v.optional(v.boolean()) };

const lookEntries = { ...callEntries, statistics: v.optional(v.boolean()) };

const optionsSchemas = {
  call: v.optional(v.strictObject(callEntries)),
  change: v.optional(v.strictObject(changeEntries)),
  deletion: v.optional(
    v.strictObject({ ...changeEntries, sockets: v.optional(v.array(v.string(), "a list of paths")) }),
  ),
  look: v.optional(v.strictObject(lookEntries)),
  list: v.optional(
    v.strictObject({
      ...lookEntries,
      ownOnly: v.optional(v.boolean()),
      bridge: v.optional(bridgeNameSchema),
    }),
  ),
};

/** The options of a verb that changes the switch. */
export const changeForm = (operation: string): "change" | "deletion" =>
  operation === "deleteInterface" ? "deletion" : "change";

/**
 * Refuses options that would otherwise be ignored or break later, such as a misspelt `rollback`. `form` says which
 * the verb takes: {@link CallOptions}, {@link ChangeOptions}, {@link DeleteOptions}, {@link LookOptions} or {@link ListOptions}.
 */
export function checkOptions(
  operation: string,
  form: keyof typeof optionsSchemas,
  options: CallOptions | ChangeOptions | DeleteOptions | LookOptions | ListOptions | undefined,
): Result<void, InvalidError> {
  if (options === undefined) return Ok(undefined);
  if (Object.getPrototypeOf(options) === Object.prototype) {
    const { entries } = optionsSchemas[form].wrapped;
    const given: Readonly<Record<string, unknown>> = { ...options };
    let isRight = true;
    for (const name of Object.keys(given))
      isRight &&= Object.hasOwn(entries, name) && rightAtAGlance.get(name)?.(given[name]) === true;
    if (isRight) return Ok(undefined);
  }
  const checked = validate(operation, "options", optionsSchemas[form], options);
  return checked.isErr() ? checked : Ok(undefined);
}
