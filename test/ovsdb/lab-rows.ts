// Generated from the schema of Lab 1.0.0. Do not edit it: generate it again.
import { defineSchema, type ExpectedSchema, type Integer, type Uuid } from "../../src/ovsdb/index.js";

/** A row of table Item. It lives as long as a strong reference to it does. No two rows have the same name. */
export type ItemRow = {
  /** Boolean. */
  readonly b: boolean;
  /** Integer. Forgotten when the server restarts. */
  readonly eph: Integer;
  /** Optional "a" | "b". */
  readonly kind: "a" | "b" | null;
  /** Integer 0 to 100. */
  readonly n: number;
  /** String. Only an insert sets it. */
  readonly name: string;
  /** Map of string to string. */
  readonly opts: ReadonlyMap<string, string>;
  /** Real. */
  readonly r: number;
  /** Optional string with a length of at most 8. */
  readonly s: string | null;
  /** Set of integer, 0 to 3 members. */
  readonly tags: readonly Integer[];
};

/** A row of table Log. */
export type LogRow = {
  /** Integer. */
  readonly k: Integer;
  /** String. */
  readonly msg: string;
};

/** A row of table Root. There may be 5. */
export type RootRow = {
  /** Set of weak reference to Item. */
  readonly friends: readonly Uuid[];
  /** Set of strong reference to Item. */
  readonly items: readonly Uuid[];
  /** Optional weak reference to Item. */
  readonly leader: Uuid | null;
  /** String. */
  readonly name: string;
};

/** The tables of Lab 1.0.0. */
export type LabDatabase = {
  readonly Item: ItemRow;
  readonly Log: LogRow;
  readonly Root: RootRow;
};

/** The schema that these types were made from. */
export const labSchema: ExpectedSchema<LabDatabase> = defineSchema<LabDatabase>({
  name: "Lab",
  version: "1.0.0",
  tables: {
    Item: {
      columns: {
        b: { type: "boolean" },
        eph: { type: "integer", ephemeral: true },
        kind: { type: { key: { type: "string", enum: ["set", ["a", "b"]] }, min: 0 } },
        n: { type: { key: { type: "integer", minInteger: 0, maxInteger: 100 } } },
        name: { type: "string", mutable: false },
        opts: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        r: { type: "real" },
        s: { type: { key: { type: "string", maxLength: 8 }, min: 0 } },
        tags: { type: { key: "integer", min: 0, max: 3 } },
      },
      indexes: [["name"]],
    },
    Log: {
      columns: {
        k: { type: "integer" },
        msg: { type: "string" },
      },
      isRoot: true,
    },
    Root: {
      columns: {
        friends: {
          type: { key: { type: "uuid", refTable: "Item", refType: "weak" }, min: 0, max: "unlimited" },
        },
        items: { type: { key: { type: "uuid", refTable: "Item" }, min: 0, max: "unlimited" } },
        leader: { type: { key: { type: "uuid", refTable: "Item", refType: "weak" }, min: 0 } },
        name: { type: "string" },
      },
      isRoot: true,
      maxRows: 5,
    },
  },
});
