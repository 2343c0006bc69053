import type { Atom } from "../value.js";

/** One part of an index's key: `null` for an empty optional column, or for a map without the key. */
export type KeyPart = Atom | null;
