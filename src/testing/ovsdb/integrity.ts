import { newUuid, zeroUuid, type Uuid } from "../../ovsdb/uuid.js";
import type { Atom } from "../../ovsdb/value.js";
import { violation } from "./atom.js";
import type { Changes, RowChange } from "./changes.js";
import { datumsEqual, keepMembers, type Datum } from "./datum.js";
import { Refusal } from "./refusal.js";
import { StoredRow } from "./row.js";
import {
  indexText,
  isUuidAtom,
  referencesOf,
  type Reference,
  type ReferenceColumn,
  type RowPlace,
  type StoredTable,
  type UniqueIndex,
} from "./table.js";

type Tables = ReadonlyMap<string, StoredTable>;

/**
 * What a commit does, in the server's order (`ovsdb_txn_precommit` of ovsdb/transaction.c): drops what is no change,
 * counts strong references, collects rows that nothing keeps, checks maxRows, takes out weak references to rows that
 * are not there, checks the indexes. Refuses, and then the changes have to be undone; or leaves the tables as they are
 * committed, with everything noted that the next commit needs to know.
 */
export function settle(tables: Tables, changes: Changes): void {
  dropUnchanged(changes);
  if (changes.isEmpty) return;
  const counts = new ReferenceCounts(tables);
  countReferences(changes, counts);
  collectGarbage(tables, changes, counts);
  checkMaxRows(changes);
  removeDeadReferences(tables, changes);
  const entries = checkIndexes(changes);
  counts.keep();
  for (const keep of entries) keep();
  noteWeakReferences(tables, changes);
}

function dropUnchanged(changes: Changes): void {
  for (const [table, uuid, { before, after }] of changes.all()) {
    if (before === undefined || after === undefined) continue;
    const isSame = [...table.schema.columns.values()].every((column) =>
      datumsEqual(before.get(column), after.get(column)),
    );
    if (!isSame) continue;
    table.rows.set(uuid, before);
    changes.drop(table, uuid);
  }
}

/** How many strong references there are to each row, with those that this transaction adds and takes. */
class ReferenceCounts {
  readonly #tables: Tables;
  readonly #added = new Map<StoredTable, Map<Uuid, number>>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  add({ table, uuid }: RowPlace, by: number): StoredTable | undefined {
    const target = this.#tables.get(table);
    if (target === undefined) return undefined;
    let added = this.#added.get(target);
    if (added === undefined) this.#added.set(target, (added = new Map<Uuid, number>()));
    added.set(uuid, (added.get(uuid) ?? 0) + by);
    return target;
  }

  of(table: StoredTable, uuid: Uuid): number {
    return (table.strongReferences.get(uuid) ?? 0) + (this.#added.get(table)?.get(uuid) ?? 0);
  }

  /** The rows whose count has changed. */
  *touched(): Generator<readonly [StoredTable, Uuid]> {
    for (const [table, added] of this.#added) for (const uuid of added.keys()) yield [table, uuid];
  }

  keep(): void {
    for (const [table, uuid] of this.touched()) {
      const count = this.of(table, uuid);
      if (count === 0) table.strongReferences.delete(uuid);
      else table.strongReferences.set(uuid, count);
    }
    this.#added.clear();
  }
}

function countReferences(changes: Changes, counts: ReferenceCounts): void {
  for (const [table, , { before }] of changes.all()) {
    if (before === undefined) continue;
    for (const reference of referencesOf(table, before)) if (reference.isStrong) counts.add(reference, -1);
  }
  for (const [table, uuid, { after }] of changes.all()) {
    if (after === undefined) continue;
    for (const reference of referencesOf(table, after)) {
      if (!reference.isStrong) continue;
      const target = counts.add(reference, 1);
      const isThere =
        target !== undefined &&
        (target.rows.has(reference.uuid) || changes.find(target, reference.uuid) !== undefined);
      if (!isThere) {
        const from = `Table ${table.schema.name} column ${reference.column.name} row ${uuid}`;
        throw integrityError(
          `${from} references nonexistent row ${reference.uuid} in table ${reference.table}.`,
        );
      }
    }
  }
  for (const [table, uuid, { after }] of changes.all()) {
    const count = after === undefined ? counts.of(table, uuid) : 0;
    if (count > 0) {
      throw integrityError(
        `cannot delete ${table.schema.name} row ${uuid} because of ${count} remaining reference(s)`,
      );
    }
  }
}

function integrityError(details: string): Refusal {
  return new Refusal("referential integrity violation", details);
}

function collectGarbage(tables: Tables, changes: Changes, counts: ReferenceCounts): void {
  const candidates: (readonly [StoredTable, Uuid])[] = [...counts.touched()];
  for (const [table, uuid] of changes.all()) candidates.push([table, uuid]);
  for (let next = candidates.pop(); next !== undefined; next = candidates.pop()) {
    const [table, uuid] = next;
    const row = table.rows.get(uuid);
    if (row === undefined || table.schema.isRoot || counts.of(table, uuid) > 0) continue;
    changes.set(table, uuid, undefined);
    for (const reference of referencesOf(table, row)) {
      if (!reference.isStrong) continue;
      counts.add(reference, -1);
      const target = tables.get(reference.table);
      if (target !== undefined) candidates.push([target, reference.uuid]);
    }
  }
}

function checkMaxRows(changes: Changes): void {
  for (const { schema, rows } of changes.tables()) {
    if (rows.size <= schema.maxRows) continue;
    const limit = `greater than the schema-defined limit of ${schema.maxRows} row(s)`;
    throw violation(`transaction causes "${schema.name}" table to contain ${rows.size} rows, ${limit}`);
  }
}

function removeDeadReferences(tables: Tables, changes: Changes): void {
  // The rows that refer to what is gone are changed by that.
  for (const [table, uuid, { after }] of changes.all()) {
    if (after !== undefined) continue;
    for (const place of table.weakReferrers.get(uuid)?.values() ?? []) {
      const referrer = tables.get(place.table);
      if (referrer?.rows.has(place.uuid) === true) changes.touch(referrer, place.uuid);
    }
  }
  for (const [table, uuid, change] of changes.all()) {
    if (change.after === undefined) continue;
    const columns = new Map(change.after.columns);
    let isLess = false;
    for (const reference of table.references) {
      const datum = change.after.get(reference.column);
      const kept = withoutDead(tables, reference, datum);
      if (kept === datum) continue;
      checkNotEmptied(table, reference, datum, kept, uuid, change);
      columns.set(reference.column.name, kept);
      isLess = true;
    }
    if (isLess) changes.set(table, uuid, new StoredRow(uuid, newUuid(), columns));
  }
}

function withoutDead(tables: Tables, { key, value }: ReferenceColumn, datum: Datum): Datum {
  const isDead = (reference: Reference | undefined, atom: Atom | undefined): boolean =>
    reference?.isStrong === false &&
    atom !== undefined &&
    isUuidAtom(atom) &&
    tables.get(reference.table)?.rows.has(atom) !== true;
  return keepMembers(datum, (k, v) => !isDead(key, k) && !isDead(value, v));
}

function checkNotEmptied(
  { schema }: StoredTable,
  { column }: ReferenceColumn,
  datum: Datum,
  kept: Datum,
  uuid: Uuid,
  { before }: RowChange,
): void {
  if (kept.keys.length >= column.type.min) return;
  if (before === undefined && datum.keys.includes(zeroUuid)) {
    throw violation(
      `Weak reference column "${column.name}" in "${schema.name}" row ${uuid} (inserted within this transaction) contained all-zeros UUID (probably as the default value for this column) but deleting this value caused a constraint volation because this column is not allowed to be empty.`,
    );
  }
  const count = datum.keys.length - kept.keys.length;
  const origin = before === undefined ? "(inserted within this transaction) " : "";
  throw violation(
    `Deletion of ${count} weak reference(s) to deleted (or never-existing) rows from column "${column.name}" in "${schema.name}" row ${uuid} ${origin}caused this column to become empty, but constraints on this column disallow an empty column.`,
  );
}

/** Checks every index; what it gives notes the new entries. */
function checkIndexes(changes: Changes): readonly (() => void)[] {
  const keeps: (() => void)[] = [];
  for (const table of changes.tables()) {
    for (const index of table.indexes) {
      const gone = new Set<string>();
      const come = new Map<string, Uuid>();
      for (const { before } of changes.of(table).values())
        if (before !== undefined) gone.add(indexText(index, before));
      for (const [uuid, { after }] of changes.of(table)) {
        if (after === undefined) continue;
        const text = indexText(index, after);
        const other = come.get(text) ?? (gone.has(text) ? undefined : index.rows.get(text));
        if (other !== undefined) throw duplicate(table, index, after, other, changes);
        come.set(text, uuid);
      }
      keeps.push(() => {
        for (const text of gone) index.rows.delete(text);
        for (const [text, uuid] of come) index.rows.set(text, uuid);
      });
    }
  }
  return keeps;
}

function duplicate(
  table: StoredTable,
  { columns }: UniqueIndex,
  row: StoredRow,
  other: Uuid,
  changes: Changes,
): Refusal {
  const names = columns.map(({ name }) => `"${name}"`).join(", ");
  const values = columns.map((column) => row.get(column).keys.map(String).join(", ")).join(", ");
  const where = `for index on column${columns.length === 1 ? "" : "s"} ${names}`;
  const what = `Transaction causes multiple rows in "${table.schema.name}" table to have identical values (${values}) ${where}.`;
  const first = `First row, with UUID ${row.uuid}, ${origin(table, row.uuid, changes)}.`;
  return violation(`${what}  ${first}  Second row, with UUID ${other}, ${origin(table, other, changes)}.`);
}

function origin(table: StoredTable, uuid: Uuid, changes: Changes): string {
  const change = changes.find(table, uuid);
  if (change === undefined)
    return "existed in the database before this transaction and was not modified by the transaction";
  return change.before === undefined
    ? "was inserted by this transaction"
    : "had the following index values before the transaction: others";
}

function noteWeakReferences(tables: Tables, changes: Changes): void {
  for (const [table, uuid, { before, after }] of changes.all()) {
    const place = { table: table.schema.name, uuid };
    const key = `${place.table} ${uuid}`;
    if (before !== undefined) {
      for (const reference of weakOf(table, before)) {
        const referrers = tables.get(reference.table)?.weakReferrers;
        const of = referrers?.get(reference.uuid);
        of?.delete(key);
        if (of?.size === 0) referrers?.delete(reference.uuid);
      }
    }
    if (after === undefined) continue;
    for (const reference of weakOf(table, after)) {
      const referrers = tables.get(reference.table)?.weakReferrers;
      const of = referrers?.get(reference.uuid) ?? new Map<string, RowPlace>();
      referrers?.set(reference.uuid, of.set(key, place));
    }
  }
}

function weakOf(table: StoredTable, row: StoredRow): readonly RowPlace[] {
  return [...referencesOf(table, row)].filter(({ isStrong }) => !isStrong);
}
