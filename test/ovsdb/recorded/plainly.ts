import { isMap } from "node:util/types";

import { isVSwitchError } from "../../../src/core/errors.js";
import { isArray, isObject } from "../../../src/ovsdb/json.js";

/** Whatever a user may see, as text in which equal things are the same. No words of errors: they name the server's place. */
export function plainly(seen: unknown): string {
  return JSON.stringify(plain(seen));
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return `${value}n`;
  if (value === undefined) return "undefined";
  if (isVSwitchError(value)) {
    return value.kind === "rejected" ? [value.kind, value.reason, value.details] : [value.kind];
  }
  if (isMap(value)) return { map: [...value].map(plain) };
  if (isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, plain(member)] as const);
  return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
