import { fitsNumber, type BaseType } from "./column-type.js";
import { matches, type LooseCondition } from "./matches.js";
import type { KeyPart } from "./replica/key-part.js";
import type { IndexColumn, IndexRequest, TableView } from "./replica/snapshot.js";
import type { IdentifiedRow } from "./row-plan.js";
import type { DatabaseSchema, TableSchema } from "./schema.js";
import { toUuid } from "./uuid.js";

/** Where rows are looked for: their schema, and the client's own indexes of them. */
export interface Ground {
  readonly schema: DatabaseSchema;
  readonly indexes: IndexRequest;
}

/** The rows of a table that meet every condition: by id or by an index where these say it, else by a search. */
export function findRows(
  view: TableView,
  where: readonly LooseCondition[],
  { schema, indexes }: Ground,
): readonly IdentifiedRow[] {
  const wanted = new Wanted(where);
  const table = schema.tables.get(view.name);
  const candidates = byUuid(view, wanted) ?? byIndex(view, wanted, table, indexes[view.name]) ?? view;
  const found: IdentifiedRow[] = [];
  for (const row of candidates) if (matches(row, where)) found.push(row);
  return found;
}

/** What conditions demand of single values. */
class Wanted {
  readonly #equal = new Map<string, unknown>();
  readonly #included = new Map<string, ReadonlyMap<unknown, unknown>>();

  constructor(where: readonly LooseCondition[]) {
    for (const condition of where) {
      if (typeof condition === "boolean") continue;
      const [column, operator, argument] = condition;
      if (operator === "==") this.#equal.set(column, argument);
      else if (operator === "includes" && argument instanceof Map) this.#included.set(column, argument);
    }
  }

  /** The value that the column has to have, or the map under the key; `undefined` where nothing says it. */
  at(part: IndexColumn): unknown {
    return typeof part === "string" ? this.#equal.get(part) : this.#included.get(part[0])?.get(part[1]);
  }
}

function byUuid(view: TableView, wanted: Wanted): readonly IdentifiedRow[] | undefined {
  const id = wanted.at("_uuid");
  const uuid = typeof id === "string" ? toUuid(id) : undefined;
  if (uuid === undefined) return undefined;
  const row = view.get(uuid);
  return row === undefined ? [] : [row];
}

function byIndex(
  view: TableView,
  wanted: Wanted,
  table: TableSchema | undefined,
  own: IndexRequest[string] = {},
): readonly IdentifiedRow[] | undefined {
  if (table === undefined) return undefined;
  const unique = table.indexes.map((columns) => [columns.join(","), columns] as const);
  for (const [index, parts] of [...unique, ...Object.entries(own)]) {
    const key = parts.map((part) => keyPart(table, part, wanted.at(part)));
    const isWhole = key.every((value) => value !== undefined);
    if (isWhole && key.length > 0) return view.by(index, ...key);
  }
  return undefined;
}

/** What an index is looked up with; `undefined` where the value may stand in rows in another form than it is given. */
function keyPart(table: TableSchema, part: IndexColumn, value: unknown): KeyPart | undefined {
  const type = table.column(typeof part === "string" ? part : part[0])?.type;
  const base = typeof part === "string" ? type?.key : type?.value;
  if (base === undefined) return undefined;
  return value === null ? null : atomOf(base, value);
}

function atomOf(base: BaseType, value: unknown): KeyPart | undefined {
  if (base.type === "uuid" && typeof value === "string") return toUuid(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  return typeof value === "number" && base.type === "integer" && fitsNumber(base) ? value : undefined;
}
