import type { IncompatibleError, InvalidError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { encodeString } from "../jsonrpc/encode.js";
import { encodeTransaction, writeTransaction, type EncodedTransaction } from "./encode-transaction.js";
import { unsendable } from "./errors.js";
import { Fault } from "./fault.js";
import type { Operation } from "./operations.js";
import type { Schemas } from "./row-plan.js";
import { newUuid, type Uuid } from "./uuid.js";
import type { Integer } from "./value.js";

/** How many blanks a transaction has that is prepared. */
export interface Blanks {
  /** Those that stand for a string or a uuid. */
  readonly texts: number;
  /** Those that stand for an integer. */
  readonly integers: number;
}

/** What blanks are filled with: the texts first, then the integers. */
export type BlankValues = readonly (string | Integer)[];

/**
 * A transaction that is written once, by the schema, and sent often, each time with other values in its blanks. Made
 * by `OvsdbClient.prepare`, for that client.
 */
export class PreparedTransaction<Operations extends readonly Operation[] = readonly Operation[]> {
  /** The operations, with something else in the place of each blank. */
  readonly operations: Operations;
  /** @internal */
  readonly encoded: EncodedTransaction;
  readonly #blanks: Blanks;
  /** The text around the places of the blanks: one more than there are places. */
  readonly #texts: readonly string[];
  /** Which value each place takes. */
  readonly #places: readonly number[];

  /** @internal */
  constructor(
    operations: Operations,
    encoded: EncodedTransaction,
    blanks: Blanks,
    texts: readonly string[],
    places: readonly number[],
  ) {
    this.operations = operations;
    this.encoded = encoded;
    this.#blanks = blanks;
    this.#texts = texts;
    this.#places = places;
  }

  /** The parameters of `transact` with these values, or why one of them cannot be sent. @internal */
  paramsWith(values: BlankValues): string | Fault {
    const { texts, integers } = this.#blanks;
    if (values.length !== texts + integers)
      return new Fault(`${texts + integers} values`, `${values.length} values`, "values");
    const written: string[] = [];
    for (const value of values) {
      const text = written.length < texts ? writeText(value) : writeInteger(value);
      if (text instanceof Fault) return text.within(`value ${written.length}`);
      written.push(text);
    }
    let text = this.#texts[0] ?? "";
    for (let i = 0; i < this.#places.length; i++) {
      text += (written[this.#places[i] ?? -1] ?? "") + (this.#texts[i + 1] ?? "");
    }
    return text;
  }
}

function writeText(value: string | Integer): string | Fault {
  if (typeof value !== "string") return new Fault("a string", typeof value);
  const encoded = encodeString(value);
  return "fault" in encoded ? new Fault(encoded.fault.expected, encoded.fault.got) : encoded.text;
}

function writeInteger(value: string | Integer): string | Fault {
  if (typeof value === "bigint" ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value))
    return String(value);
  return new Fault("an integer of 64 bits", typeof value === "string" ? "string" : String(value));
}

/** Numbers that occur nowhere else, like the uuids. */
const newInteger = (): number => 2 ** 52 + Math.floor(Math.random() * 2 ** 52);

/**
 * Writes operations with blanks. A blank stands where a string, a uuid or an integer does, as a whole. Meanwhile there is a
 * uuid in the place of a text, which passes for a string too, and a number of 16 digits in that of an integer.
 */
export function prepareTransaction<const Operations extends readonly Operation[]>(
  schemas: Schemas,
  blanks: Blanks,
  build: (texts: readonly Uuid[], integers: readonly number[]) => Operations,
  operation: string,
): Result<PreparedTransaction<Operations>, InvalidError | IncompatibleError> {
  const texts = Array.from({ length: blanks.texts }, () => newUuid());
  const integers = Array.from({ length: blanks.integers }, () => newInteger());
  const operations = build(texts, integers);
  const encoded = encodeTransaction(schemas, operations, operation);
  if (encoded.isErr()) return encoded;
  const whole = writeTransaction(schemas.server.name, encoded.value);
  if (whole instanceof Fault) return Err(unsendable(schemas.server, operation, whole));
  const { around, places } = cut(whole, texts, integers);
  const torn = [...texts, ...integers].findIndex((blank) =>
    around.some((text) => text.includes(String(blank))),
  );
  if (torn >= 0) {
    const wanted = torn < blanks.texts ? "a string or a uuid as a whole" : "an integer as a whole";
    const found = new Fault(wanted, "a part of one", `blank ${torn}`);
    return Err(unsendable(schemas.server, operation, found));
  }
  return Ok(new PreparedTransaction(operations, encoded.value, blanks, around, places));
}

/** The text around the blanks, and which blank stands at each place. */
function cut(
  text: string,
  texts: readonly Uuid[],
  integers: readonly number[],
): { readonly around: readonly string[]; readonly places: readonly number[] } {
  const blanks = [...texts.map((blank) => `"${blank}"`), ...integers.map(String)];
  if (blanks.length === 0) return { around: [text], places: [] };
  // What stands before and after a whole element or member.
  const pieces = text.split(new RegExp(String.raw`(?<=[[,:])(${blanks.join("|")})(?=[\],}])`, "u"));
  return {
    around: pieces.filter((_, at) => at % 2 === 0),
    places: pieces.filter((_, at) => at % 2 === 1).map((blank) => blanks.indexOf(blank)),
  };
}
