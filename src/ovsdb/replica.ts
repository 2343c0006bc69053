import { fault, Fault } from "./fault.js";
import { isObject } from "./json.js";
import { afterUpdate, type UpdateFormat } from "./replica/row-update.js";
import type { IdentifiedRow, RowPlan } from "./row-plan.js";
import { toUuid, type Uuid } from "./uuid.js";

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
    const after = afterUpdate(plan, uuid, old, update, format);
    if (after instanceof Fault) return after;
    if (after === old) continue;
    if (after === undefined) rows.delete(uuid);
    else rows.set(uuid, after);
    changes.push({ table: plan.table, uuid, old, new: after });
  }
  return undefined;
}
