import { parseSchema } from "../../src/ovsdb/parse-schema.js";
import { DatabaseSchema } from "../../src/ovsdb/schema.js";
import type { IntegerForm } from "../../src/ovsdb/schema-rows.js";
import { toUuid, type Uuid } from "../../src/ovsdb/uuid.js";

/** A small database that has every kind of column, table and reference. */
export const labJson = {
  name: "Lab",
  version: "1.0.0",
  cksum: "1 0",
  tables: {
    Root: {
      isRoot: true,
      maxRows: 5,
      columns: {
        name: { type: "string" },
        items: { type: { key: { type: "uuid", refTable: "Item" }, min: 0, max: "unlimited" } },
        friends: {
          type: { key: { type: "uuid", refTable: "Item", refType: "weak" }, min: 0, max: "unlimited" },
        },
        leader: { type: { key: { type: "uuid", refTable: "Item", refType: "weak" }, min: 0 } },
      },
    },
    Item: {
      indexes: [["name"]],
      columns: {
        name: { type: "string", mutable: false },
        n: { type: { key: { type: "integer", minInteger: 0, maxInteger: 100 } } },
        r: { type: "real" },
        b: { type: "boolean" },
        kind: { type: { key: { type: "string", enum: ["set", ["a", "b"]] }, min: 0 } },
        tags: { type: { key: "integer", min: 0, max: 3 } },
        s: { type: { key: { type: "string", maxLength: 8 }, min: 0 } },
        opts: { type: { key: "string", value: "string", min: 0, max: "unlimited" } },
        eph: { type: "integer", ephemeral: true },
      },
    },
    Log: { isRoot: true, columns: { msg: { type: "string" }, k: { type: "integer" } } },
  },
} as const;

/** Reads a schema that is known to be one. */
export function schemaOf(json: unknown, integers?: IntegerForm): DatabaseSchema {
  const schema = parseSchema(json, integers);
  if (schema instanceof DatabaseSchema) return schema;
  throw new Error(`no schema: ${schema.path} is ${schema.got}; expected ${schema.expected}`);
}

/** A uuid that is known to be one. */
export function uuidOf(text: string): Uuid {
  const uuid = toUuid(text);
  if (uuid === undefined) throw new Error(`${text} is no uuid`);
  return uuid;
}
