import {
  fitsNumber,
  type AtomicType,
  type BaseType,
  type IntegerType,
  type RealType,
  type StringType,
  type UuidType,
} from "./column-type.js";
import { fault, type Fault } from "./fault.js";
import { isArray, isSendable } from "./json.js";
import type { IntegerForm } from "./schema-rows.js";
import { toUuid, zeroUuid, type Uuid } from "./uuid.js";
import { NamedUuid, type Atom, type Integer } from "./value.js";

/** An atom as it stands in JSON: RFC 7047 section 5.1. */
export type WireAtom = number | bigint | boolean | string | readonly ["uuid" | "named-uuid", string];

/** What the atoms of one transaction know of each other. */
export interface EncodeContext {
  /** The `uuidName`s that the inserts of the transaction define. */
  readonly names: ReadonlySet<string>;
  /** Where the names and uuids that a strong reference keeps alive are collected; absent where nothing is stored. */
  readonly kept: Set<string> | undefined;
  /** Where it is noted that JSON.stringify cannot write the transaction. */
  readonly found?: { hasBigInt: boolean } | undefined;
}

/** Reads and writes the atoms of one base type. */
export interface AtomCodec {
  readonly type: AtomicType;
  readonly decode: (wire: unknown) => Atom | Fault;
  readonly encode: (value: unknown, context: EncodeContext) => WireAtom | Fault;
  /** What a column of min 1 holds when nothing was stored (`ovsdb_atom_init_default` of lib/ovsdb-data.c). */
  readonly default: Atom;
}

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/** An integer in its one form: a number if that is exact, else a bigint. `undefined`: not a 64-bit integer. */
export function toInteger(value: unknown): Integer | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== "bigint" || value < int64Min || value > int64Max) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The codec of a base type. Every check that its constraints ask for is decided here, once. */
export function atomCodec(base: BaseType, integers: IntegerForm = "exact"): AtomCodec {
  if (base.type === "integer") return integerCodec(base, integers);
  if (base.type === "real") return realCodec(base);
  if (base.type === "boolean") return booleanCodec(base.enum);
  if (base.type === "string") return stringCodec(base);
  return uuidCodec(base);
}

function oneOf(values: readonly unknown[]): string {
  return `one of ${values.map((value) => String(value)).join(", ")}`;
}

function within(low: Integer | undefined, high: Integer | undefined): string {
  if (low !== undefined) return high === undefined ? ` of at least ${low}` : ` from ${low} to ${high}`;
  return high === undefined ? "" : ` of at most ${high}`;
}

const forms: Readonly<Record<IntegerForm, (value: Integer) => Integer>> = {
  exact: (value) => value,
  bigint: BigInt,
  number: Number,
};

function integerCodec(base: IntegerType, integers: IntegerForm): AtomCodec {
  const { minInteger: low, maxInteger: high } = base;
  const allowed = base.enum === undefined ? undefined : new Set<unknown>(base.enum);
  const narrow = fitsNumber(base);
  const given = forms[base.enum === undefined && !narrow ? integers : "exact"];
  const range = within(low, high);
  const expected = base.enum === undefined ? `an integer${range}` : oneOf(base.enum);
  const exact = narrow || base.enum !== undefined ? expected : `${expected}; beyond 2^53 a bigint`;
  return {
    type: "integer",
    default: given(0),
    decode: (wire) => {
      const value = toInteger(wire);
      if (value === undefined) return fault("a 64-bit integer", wire);
      return narrow && typeof value === "bigint" ? fault(expected, wire) : given(value);
    },
    encode: (input, { found }) => {
      const value = toInteger(input);
      if (value === undefined) return fault(exact, input);
      if (typeof value === "bigint" && found !== undefined) found.hasBigInt = true;
      if (allowed !== undefined) return allowed.has(value) ? value : fault(expected, input);
      if ((low !== undefined && value < low) || (high !== undefined && value > high)) {
        return fault(expected, input);
      }
      return value;
    },
  };
}

// ovsdb-server hangs up on a number that strtod calls out of range (`str_to_double` of lib/util.c): an infinite one, or
// one so small that it has less than full precision. It writes 15 digits (`%.*g` of lib/json.c), to its file too: from a
// number that these round out of range on, it has lost everything when it starts again.
const smallestReal = 2.225_073_858_507_21e-308;
const largestReal = 1.797_693_134_862_31e308;

function realCodec(base: RealType): AtomCodec {
  const { minReal: low, maxReal: high } = base;
  const allowed = base.enum === undefined ? undefined : new Set<unknown>(base.enum);
  const expected = base.enum === undefined ? `a finite number${within(low, high)}` : oneOf(base.enum);
  return {
    type: "real",
    default: 0,
    decode: (wire) => {
      // A whole real is printed as an integer, so it may come as a bigint.
      const value = typeof wire === "bigint" ? Number(wire) : wire;
      if (typeof value !== "number" || Number.isNaN(value)) return fault("a number", wire);
      // The largest ones are rounded up when they are printed.
      return Number.isFinite(value) ? value : Math.sign(value) * Number.MAX_VALUE;
    },
    encode: (value) => {
      if (typeof value !== "number" || !Number.isFinite(value)) return fault(expected, value);
      if (allowed !== undefined) return allowed.has(value) ? value : fault(expected, value);
      if ((low !== undefined && value < low) || (high !== undefined && value > high)) {
        return fault(expected, value);
      }
      const size = Math.abs(value);
      if (size === 0 || (size >= smallestReal && size <= largestReal)) return value;
      return fault(
        `0, or a number from ${smallestReal} to ${largestReal} in size: the server cannot read others`,
        value,
      );
    },
  };
}

function booleanCodec(allowed: readonly boolean[] | undefined): AtomCodec {
  const expected = allowed === undefined ? "true or false" : oneOf(allowed);
  return {
    type: "boolean",
    default: false,
    decode: (wire) => (typeof wire === "boolean" ? wire : fault("true or false", wire)),
    encode: (value) =>
      typeof value === "boolean" && allowed?.includes(value) !== false ? value : fault(expected, value),
  };
}

/** The length that the server counts: Unicode code points (`check_string_constraints` of lib/ovsdb-data.c). */
function lengthOf(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff) count -= 1;
  }
  return count;
}

function stringCodec(base: StringType): AtomCodec {
  const { minLength: low, maxLength: high } = base;
  const allowed = base.enum === undefined ? undefined : new Set<unknown>(base.enum);
  const bounded = low !== undefined || high !== undefined;
  const length = bounded ? ` with a length${within(low, high)}` : "";
  const expected = base.enum === undefined ? `a string${length}` : oneOf(base.enum);
  return {
    type: "string",
    default: "",
    decode: (wire) => (typeof wire === "string" ? wire : fault("a string", wire)),
    encode: (value) => {
      if (typeof value !== "string") return fault(expected, value);
      if (allowed !== undefined) return allowed.has(value) ? value : fault(expected, value);
      if (!isSendable(value)) return fault("a string without NUL or half a surrogate pair", value);
      if (bounded) {
        const count = lengthOf(value);
        if ((low !== undefined && count < low) || (high !== undefined && count > high)) {
          return fault(expected, value);
        }
      }
      return value;
    },
  };
}

function uuidCodec(base: UuidType): AtomCodec {
  const allowed = base.enum === undefined ? undefined : new Set<unknown>(base.enum);
  const keeps = base.refTable !== undefined && base.refType === "strong";
  const expected =
    base.enum === undefined
      ? `the uuid of a row${base.refTable === undefined ? "" : ` of ${base.refTable}`}, or named()`
      : oneOf(base.enum);
  return {
    type: "uuid",
    default: zeroUuid,
    decode: decodeUuid,
    encode: (value, { names, kept }) => {
      if (value instanceof NamedUuid) {
        if (!names.has(value.name)) {
          return fault("the uuidName of an insert of this transaction", value);
        }
        if (keeps) kept?.add(value.name);
        return ["named-uuid", value.name];
      }
      const uuid = typeof value === "string" ? toUuid(value) : undefined;
      if (uuid === undefined || allowed?.has(uuid) === false) return fault(expected, value);
      if (keeps) kept?.add(uuid);
      return ["uuid", uuid];
    },
  };
}

function decodeUuid(wire: unknown): Atom | Fault {
  return readUuid(wire) ?? fault('["uuid", <8-4-4-4-12>]', wire);
}

/** Reads `["uuid", <8-4-4-4-12>]`. */
export function readUuid(wire: unknown): Uuid | undefined {
  if (!isArray(wire) || wire.length !== 2 || wire[0] !== "uuid") return undefined;
  return typeof wire[1] === "string" ? toUuid(wire[1]) : undefined;
}
