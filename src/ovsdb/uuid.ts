import { randomUUID } from "node:crypto";

declare const uuidBrand: unique symbol;

/** The id of a row, as 8-4-4-4-12 lower-case hexadecimal digits. Made by {@link toUuid} and {@link newUuid}. */
export type Uuid = string & { readonly [uuidBrand]: "uuid" };

const lowerCase = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/u;

function isLowerCaseUuid(text: string): text is Uuid {
  return lowerCase.test(text);
}

/**
 * Reads a uuid; gives `undefined` for any other text. ovsdb-server reads hexadecimal digits of both cases and prints
 * lower case (`uuid_from_string` of lib/uuid.c), so lower case is what two uuids can be compared by.
 */
export function toUuid(text: string): Uuid | undefined {
  if (isLowerCaseUuid(text)) return text;
  const lowered = text.toLowerCase();
  return isLowerCaseUuid(lowered) ? lowered : undefined;
}

/** The uuid that a uuid column holds by default: all zeros. */
export const zeroUuid: Uuid = mustBeUuid("00000000-0000-0000-0000-000000000000");

/** A random uuid, version 4 of RFC 9562, for a row whose id the client chooses. */
export function newUuid(): Uuid {
  return mustBeUuid(randomUUID());
}

function mustBeUuid(text: string): Uuid {
  if (!isLowerCaseUuid(text)) throw new TypeError(`${text} is no uuid`);
  return text;
}
