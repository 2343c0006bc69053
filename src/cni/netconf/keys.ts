/*
 * Keys are matched as Go's encoding/json does it, which the old plugin was read by: exactly, or else without regard
 * to case. Of several that match the last one counts, and `null` is as if it were not there.
 */

/** The keys of an object, each with what its value may hold; `null`: anything, left as it is. */
export interface Keys {
  readonly [key: string]: Keys | null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The same document with known keys in their own spelling; unknown ones stay as they are. */
export function canonical(document: unknown, keys: Keys): unknown {
  if (Array.isArray(document)) return document.map((item) => canonical(item, keys));
  if (!isObject(document)) return document;
  const spelling = new Map(Object.keys(keys).map((key) => [key.toLowerCase(), key]));
  const pairs = Object.entries(document).flatMap(([key, value]): [string, unknown][] => {
    const name = Object.hasOwn(keys, key) ? key : (spelling.get(key.toLowerCase()) ?? key);
    if (!Object.hasOwn(keys, name)) return [[key, value]];
    if (value === null) return [];
    const inner = keys[name];
    return [[name, inner === null || inner === undefined ? value : canonical(value, inner)]];
  });
  return Object.fromEntries(pairs);
}
