/** Whether a parsed JSON value is an array, without letting `any` in. */
export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** Whether a parsed JSON value is an object. Read it by `Object.keys` or `Object.hasOwn`: a peer chooses its names. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member of that name that the object itself has, not one of `Object.prototype`. */
export function member(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

const idPattern = /^[A-Za-z_][A-Za-z0-9_]*$/u;

/** Whether a text is an `<id>` of RFC 7047 section 3.1: database, table and column names, uuid-names, locks. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}

// NUL and lone surrogates: ovsdb-server closes the connection on either (lib/json.c).
const unsendable = /[\0\ud800-\udfff]/u;

/** Whether a string can be sent: ovsdb-server takes no NUL and no half of a surrogate pair. */
export function isSendable(text: string): boolean {
  return !unsendable.test(text);
}
