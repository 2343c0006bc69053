import type { IncompatibleError, InvalidError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { encodeString, encodeValues } from "../jsonrpc/encode.js";
import { encodeTransaction, type EncodedTransaction } from "./encode-transaction.js";
import { unsendable } from "./errors.js";
import { Fault } from "./fault.js";
import type { Operation } from "./operations.js";
import type { Schemas } from "./row-plan.js";
import { newUuid, type Uuid } from "./uuid.js";

/**
 * A transaction that is written once, by the schema, and sent often, each time with other values in its blanks. Made
 * by `OvsdbClient.prepare`, for that client.
 */
export class PreparedTransaction {
  /** The operations, with something else in the place of each blank. */
  readonly operations: readonly Operation[];
  /** @internal */
  readonly encoded: EncodedTransaction;
  /** The text around the blanks: one more than there are blanks. */
  readonly #texts: readonly string[];
  /** Which value each blank takes. */
  readonly #blanks: readonly number[];

  /** @internal */
  constructor(
    operations: readonly Operation[],
    encoded: EncodedTransaction,
    texts: readonly string[],
    blanks: readonly number[],
  ) {
    this.operations = operations;
    this.encoded = encoded;
    this.#texts = texts;
    this.#blanks = blanks;
  }

  /** The parameters of `transact` with these values, or why one of them cannot be sent. @internal */
  paramsWith(values: readonly string[]): string | Fault {
    const written: string[] = [];
    for (const value of values) {
      const encoded = encodeString(value);
      if ("fault" in encoded)
        return new Fault(encoded.fault.expected, encoded.fault.got, `value ${written.length}`);
      written.push(encoded.text);
    }
    let text = this.#texts[0] ?? "";
    for (let i = 0; i < this.#blanks.length; i++) {
      const blank = written[this.#blanks[i] ?? -1];
      if (blank === undefined)
        return new Fault("a value for each blank", `${values.length} values`, "values");
      text += blank + (this.#texts[i + 1] ?? "");
    }
    return text;
  }
}

/**
 * Writes operations with blanks. A blank stands where a string or a uuid does, as a whole: it is a uuid that occurs
 * nowhere else, so it passes for either.
 */
export function prepareTransaction(
  schemas: Schemas,
  count: number,
  build: (blanks: readonly Uuid[]) => readonly Operation[],
  operation: string,
): Result<PreparedTransaction, InvalidError | IncompatibleError> {
  const blanks = Array.from({ length: count }, () => newUuid());
  const operations = build(blanks);
  const encoded = encodeTransaction(schemas, operations, operation);
  if (encoded.isErr()) return encoded;
  const whole = encodeValues([schemas.server.name, ...encoded.value.wire]);
  if ("fault" in whole) {
    const { path, expected, got } = whole.fault;
    return Err(unsendable(schemas.server, operation, new Fault(expected, got, path)));
  }
  const pieces = count === 0 ? [whole.text] : whole.text.split(new RegExp(`"(${blanks.join("|")})"`, "u"));
  const texts = pieces.filter((_, at) => at % 2 === 0);
  const order = pieces
    .filter((_, at) => at % 2 === 1)
    .map((blank) => blanks.findIndex((each) => each === blank));
  const torn = blanks.findIndex((blank) => texts.some((text) => text.includes(blank)));
  if (torn >= 0) {
    const found = new Fault("a string or a uuid as a whole", "a part of one", `blank ${torn}`);
    return Err(unsendable(schemas.server, operation, found));
  }
  return Ok(new PreparedTransaction(operations, encoded.value, texts, order));
}
