import type { AtomCodec } from "./atom.js";
import { fault, Fault } from "./fault.js";
import { isArray } from "./json.js";
import type { Atom } from "./value.js";

/**
 * Reads the maps of a column. The next row has mostly the same keys, and often the same map: it remembers the last one,
 * so that neither is in memory once for every row.
 */
export class MapReader {
  readonly #key: AtomCodec;
  readonly #value: AtomCodec;
  /** Whether a key stands in JSON as what it is read as. */
  readonly #hasTexts: boolean;
  #last: ReadonlyMap<Atom, Atom> = none;
  /** The pairs of the last map, and behind them what longer ones before it had there. */
  readonly #keys: Atom[] = [];
  readonly #values: Atom[] = [];

  constructor(key: AtomCodec, value: AtomCodec) {
    this.#key = key;
    this.#value = value;
    this.#hasTexts = key.type === "string";
  }

  /** The map of at least one pair, each `[key, value]`. */
  read(pairs: readonly unknown[]): ReadonlyMap<Atom, Atom> | Fault {
    const last = this.#last;
    const keys = this.#keys;
    const values = this.#values;
    const hasTexts = this.#hasTexts;
    // In case of a fault its pairs are known no more.
    this.#last = none;
    let isLast = pairs.length === last.size;
    for (let at = 0; at < pairs.length; at += 1) {
      const pair = pairs[at];
      if (!isArray(pair) || pair.length !== 2) return fault("a pair of key and value", pair);
      // Of two equal strings the older one is kept.
      if (!hasTexts || pair[0] !== keys[at]) {
        const key = this.#key.decode(pair[0]);
        if (key instanceof Fault) return key;
        if (key !== keys[at]) {
          keys[at] = key;
          isLast = false;
        }
      }
      const value = this.#value.decode(pair[1]);
      if (value instanceof Fault) return value;
      isLast &&= Object.is(value, values[at]);
      values[at] = value;
    }
    const map = isLast ? last : mapOf(keys, values, pairs.length);
    if (map.size !== pairs.length) return fault("each key once", ["map", pairs]);
    this.#last = map;
    return map;
  }
}

const none: ReadonlyMap<Atom, Atom> = new Map();

function mapOf(keys: readonly Atom[], values: readonly Atom[], length: number): ReadonlyMap<Atom, Atom> {
  const map = new Map<Atom, Atom>();
  for (let at = 0; at < length; at += 1) {
    const key = keys[at];
    const value = values[at];
    if (key !== undefined && value !== undefined) map.set(key, value);
  }
  return map;
}
