import { Fault } from "../fault.js";
import type { RowPlan } from "../row-plan.js";
import type { DatabaseSchema } from "../schema.js";
import { indexesOf, RowIndex } from "./row-index.js";
import type { IndexRequest } from "./snapshot.js";

/** What a replica holds: which tables, how their rows are read, and how they are found. */
export class ReplicaLayout {
  readonly schema: DatabaseSchema;
  readonly plans: ReadonlyMap<string, RowPlan>;
  /** The tables' names with their indexes; those that the server lacks, and that stay empty, have none. */
  readonly indexes: ReadonlyMap<string, readonly RowIndex[]>;
  /** Where each table stands in a list of all of them. */
  readonly places: ReadonlyMap<string, number>;

  private constructor(
    schema: DatabaseSchema,
    plans: ReadonlyMap<string, RowPlan>,
    indexes: ReadonlyMap<string, readonly RowIndex[]>,
  ) {
    this.schema = schema;
    this.plans = plans;
    this.indexes = indexes;
    this.places = new Map([...indexes.keys()].map((table, at) => [table, at]));
  }

  /** A fault where an index cannot be. */
  static make(
    schema: DatabaseSchema,
    plans: readonly RowPlan[],
    absentTables: readonly string[],
    request: IndexRequest,
  ): ReplicaLayout | Fault {
    const indexes = new Map<string, readonly RowIndex[]>();
    for (const plan of plans) {
      const own = indexesOf(plan, schema, request[plan.table]);
      if (own instanceof Fault) return own;
      indexes.set(plan.table, [...own.values()]);
    }
    for (const table of absentTables) indexes.set(table, absentIndexes(request[table]));
    const unknown = Object.keys(request).find((table) => !indexes.has(table));
    if (unknown !== undefined) return new Fault("a table that is monitored", "not", `indexes.${unknown}`);
    return new ReplicaLayout(schema, new Map(plans.map((plan) => [plan.table, plan])), indexes);
  }

  /** Whether the rows of a table have the same columns, read in the same way, as in another layout. */
  isSameTable(table: string, other: ReplicaLayout): boolean {
    const [own, others] = [this.plans.get(table), other.plans.get(table)];
    if (own === undefined || others === undefined) return own === others;
    return own.rowColumns.join() === others.rowColumns.join() && described(own) === described(others);
  }
}

function described(plan: RowPlan): string {
  return plan.columns.map(String).join("\n");
}

/** Indexes that are asked for in a table without rows: nothing is ever found by them. */
function absentIndexes(own: IndexRequest[string]): readonly RowIndex[] {
  return Object.entries(own ?? {}).map(([name, columns]) => {
    const parts = columns.map((each) =>
      typeof each === "string" ? { column: each, key: undefined } : { column: each[0], key: each[1] },
    );
    return new RowIndex(name, parts);
  });
}
