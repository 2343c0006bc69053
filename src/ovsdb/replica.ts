import { isComposite } from "./column-type.js";
import { applyDifference, hasCardinality } from "./difference.js";
import { fault, Fault } from "./fault.js";
import { isObject, member } from "./json.js";
import type { IdentifiedRow, RowPlan } from "./row-plan.js";
import type { ColumnSchema } from "./schema.js";
import { toUuid, type Uuid } from "./uuid.js";
import type { Value } from "./value.js";

/** Which `<table-updates>` a monitor speaks: those of RFC 7047 section 4.1.5, or update2 of ovsdb-server(7) 4.1.12. */
export type UpdateFormat = "update" | "update2";

/** One row before and after: `undefined` where it was not, or is no more. */
export interface RowChange {
  readonly table: string;
  readonly uuid: Uuid;
  readonly old: IdentifiedRow | undefined;
  readonly new: IdentifiedRow | undefined;
}

/**
 * The monitored rows as they are now. A row is never changed in place: whoever holds one has it as it was. Everything
 * that changes it goes through {@link Replica.apply}, which is synchronous.
 */
export class Replica {
  readonly tables: ReadonlyMap<string, ReadonlyMap<Uuid, IdentifiedRow>>;
  readonly #rows: ReadonlyMap<string, { readonly plan: RowPlan; readonly rows: Map<Uuid, IdentifiedRow> }>;

  /** Begins empty. `absent` tables are those that the server lacks: they stay empty. */
  constructor(plans: readonly RowPlan[], absent: readonly string[]) {
    this.#rows = new Map(plans.map((plan) => [plan.table, { plan, rows: new Map<Uuid, IdentifiedRow>() }]));
    const empty = absent.map((table) => [table, new Map<Uuid, IdentifiedRow>()] as const);
    this.tables = new Map([...[...this.#rows].map(([table, { rows }]) => [table, rows] as const), ...empty]);
  }

  /**
   * Applies one `<table-updates>`, of a monitor's reply or of a notification, and tells what changed. After a fault the
   * replica is not what the server has: throw it away. An update of a row that is not there, or a second insert of one
   * that is, is such a fault (`ovsdb_idl_process_update` of lib/ovsdb-idl.c): differences that are applied to another
   * state than the server's make a third.
   */
  apply(updates: unknown, format: UpdateFormat): readonly RowChange[] | Fault {
    if (!isObject(updates)) return fault("an object of tables", updates);
    const changes: RowChange[] = [];
    for (const table of Object.keys(updates)) {
      const found = this.#rows.get(table);
      if (found === undefined) continue;
      const bad = applyToTable(found.plan, found.rows, updates[table], format, changes);
      if (bad !== undefined) return bad.within(table);
    }
    return changes;
  }
}

function applyToTable(
  plan: RowPlan,
  rows: Map<Uuid, IdentifiedRow>,
  updates: unknown,
  format: UpdateFormat,
  changes: RowChange[],
): Fault | undefined {
  if (!isObject(updates)) return fault("an object of rows", updates);
  for (const key of Object.keys(updates)) {
    const uuid = toUuid(key);
    if (uuid === undefined) return fault("the uuid of a row", key);
    const old = rows.get(uuid);
    const update = updates[key];
    if (!isObject(update)) return fault("a row update", update).within(key);
    const after =
      format === "update" ? afterUpdate(plan, uuid, old, update) : afterUpdate2(plan, uuid, old, update);
    if (after instanceof Fault) return after.within(key);
    if (after === old) continue;
    if (after === undefined) rows.delete(uuid);
    else rows.set(uuid, after);
    changes.push({ table: plan.table, uuid, old, new: after });
  }
  return undefined;
}

type Members = Readonly<Record<string, unknown>>;

const unknownRow = (kind: string): Fault => fault("an update of a row that was told of before", kind);
const knownRow = (kind: string): Fault => fault("a row that was not told of before", kind);

/** RFC 7047 section 4.1.6: `new` alone is a new row, both are a changed one, with all its columns in `new`. */
function afterUpdate(
  plan: RowPlan,
  uuid: Uuid,
  old: IdentifiedRow | undefined,
  update: Members,
): IdentifiedRow | undefined | Fault {
  const isNew = !Object.hasOwn(update, "old");
  if (!Object.hasOwn(update, "new")) {
    if (isNew) return fault("old, new or both", update);
    return old === undefined ? unknownRow("delete") : undefined;
  }
  if (isNew && old !== undefined) return knownRow("insert");
  if (!isNew && old === undefined) return unknownRow("modify");
  return plan.decode(uuid, member(update, "new"), "is-fault");
}

/** ovsdb-server(7) section 4.1.14: `initial`, `insert`, `delete` or `modify`. */
function afterUpdate2(
  plan: RowPlan,
  uuid: Uuid,
  old: IdentifiedRow | undefined,
  update: Members,
): IdentifiedRow | undefined | Fault {
  const [kind, another] = Object.keys(update);
  if (kind === undefined || another !== undefined) return fault("initial, insert, delete or modify", update);
  if (kind === "initial" || kind === "insert") {
    return old === undefined ? plan.decode(uuid, update[kind], "is-default") : knownRow(kind);
  }
  if (kind !== "delete" && kind !== "modify") return fault("initial, insert, delete or modify", kind);
  if (old === undefined) return unknownRow(kind);
  return kind === "delete" ? undefined : afterModify(plan, old, update[kind]);
}

function afterModify(plan: RowPlan, old: IdentifiedRow, differences: unknown): IdentifiedRow | Fault {
  if (!isObject(differences)) return fault("an object of columns", differences);
  let after: (Record<string, Value> & { readonly _uuid: Uuid }) | undefined;
  for (const [column, wire] of plan.entries(differences)) {
    const value = afterDifference(column, old[column.name], wire);
    if (value instanceof Fault) return value.within(column.name);
    after ??= { ...old };
    after[column.name] = value;
  }
  return after ?? old;
}

function afterDifference(column: ColumnSchema, before: Value | undefined, wire: unknown): Value | Fault {
  const difference = column.differenceCodec.decode(wire);
  if (difference instanceof Fault || !isComposite(column.type)) return difference;
  const { min, max } = column.type;
  const after = applyDifference(before ?? column.codec.default, difference);
  if (after instanceof Fault || hasCardinality(after, min, max)) return after;
  return fault("a difference after which the column has as many members as it may", wire);
}
