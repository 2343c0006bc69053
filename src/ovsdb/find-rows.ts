import { fitsNumber } from "./column-type.js";
import { matches, type LooseCondition } from "./matches.js";
import type { KeyPart } from "./replica/key-part.js";
import type { TableView } from "./replica/snapshot.js";
import type { IdentifiedRow } from "./row-plan.js";
import type { ColumnSchema, DatabaseSchema } from "./schema.js";
import { toUuid } from "./uuid.js";

/** The rows of a table that meet every condition: by id or by a unique index where these say it, else by a search. */
export function findRows(
  view: TableView,
  where: readonly LooseCondition[],
  schema: DatabaseSchema,
): readonly IdentifiedRow[] {
  const equal = new Map<string, unknown>();
  for (const condition of where) {
    if (typeof condition !== "boolean" && condition[1] === "==") equal.set(condition[0], condition[2]);
  }
  const candidates = byUuid(view, equal) ?? byIndex(view, equal, schema) ?? view;
  const found: IdentifiedRow[] = [];
  for (const row of candidates) if (matches(row, where)) found.push(row);
  return found;
}

function byUuid(view: TableView, equal: ReadonlyMap<string, unknown>): readonly IdentifiedRow[] | undefined {
  const wanted = equal.get("_uuid");
  const uuid = typeof wanted === "string" ? toUuid(wanted) : undefined;
  if (uuid === undefined) return undefined;
  const row = view.get(uuid);
  return row === undefined ? [] : [row];
}

function byIndex(
  view: TableView,
  equal: ReadonlyMap<string, unknown>,
  schema: DatabaseSchema,
): readonly IdentifiedRow[] | undefined {
  const table = schema.tables.get(view.name);
  for (const columns of table?.indexes ?? []) {
    const key = columns.flatMap((name) => keyPart(table?.column(name), equal.get(name)) ?? []);
    if (key.length === columns.length && columns.length > 0) return view.by(columns.join(","), ...key);
  }
  return undefined;
}

/** What an index is looked up with; `undefined` where the value may stand in rows in another form than it is given. */
function keyPart(column: ColumnSchema | undefined, value: unknown): KeyPart | undefined {
  if (column === undefined) return undefined;
  const { key } = column.type;
  if (key.type === "uuid" && typeof value === "string") return toUuid(value);
  if (typeof value === "string" || typeof value === "boolean") return value;
  return typeof value === "number" && key.type === "integer" && fitsNumber(key) ? value : undefined;
}
