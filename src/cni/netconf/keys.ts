/*
 * Keys are matched as Go's encoding/json does it, which the old plugin was read by: exactly, or else without regard
 * to case. Of several that match the last one counts, and `null` is as if it were not there.
 */

/** The keys of an object, each with what its value may hold: an object, a list of them, or with `null` anything. */
export interface Keys {
  readonly [key: string]: Keys | readonly [Keys] | null;
}

const isList = (keys: Keys | readonly [Keys]): keys is readonly [Keys] => Array.isArray(keys);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The same document with known keys in their own spelling; unknown ones stay as they are. */
export function canonical(document: unknown, keys: Keys | readonly [Keys]): unknown {
  if (isList(keys))
    return Array.isArray(document) ? document.map((item) => canonical(item, keys[0])) : document;
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

/** The path of a list in the place of an object, which valibot takes for one without keys; undefined: there is none. */
export function misplacedList(document: unknown, keys: Keys | readonly [Keys]): string | undefined {
  if (Array.isArray(document) !== isList(keys)) return isList(keys) ? undefined : "";
  const members = isObject(document) || Array.isArray(document) ? Object.entries(document) : [];
  for (const [key, value] of members) {
    const inner = isList(keys) ? keys[0] : Object.hasOwn(keys, key) ? keys[key] : undefined;
    // A member of a list may be something else than an object.
    if (inner === null || inner === undefined) continue;
    const found = misplacedList(value, inner);
    if (found !== undefined) return found === "" ? key : `${key}.${found}`;
  }
  return undefined;
}
