import { operations, type OperationOptions } from "../../src/ovsdb/index.js";
import type { LabOpen } from "./lab-database.js";
import type { LabDatabase } from "./lab-rows.js";
import { labJson } from "./lab.js";

const { insert } = operations<LabDatabase>();

/** Everything that an open database can be asked for, with how long or until when. */
export const calls = (
  db: LabOpen,
  { operation, ...limits }: OperationOptions = { operation: "test", timeoutMs: 10_000 },
): Readonly<Record<string, () => Promise<unknown>>> => {
  const options = { operation, ...limits };
  return {
    transact: () => db.transact([insert("Log", { k: 1 })], options),
    transaction: () => db.transaction((tx) => tx.insert("Log", { k: 1 }), options),
    dryRun: () => db.dryRun((tx) => tx.insert("Log", { k: 1 }), options),
    waitFor: () => db.waitFor((reader) => reader.table("Log").where([["k", "==", -1]])[0], options),
    lock: () => db.lock("mine", options),
    setConditions: () => db.setConditions("Log", [["k", ">", 5]], limits),
    convert: () => db.convert(labJson, options),
    getServerId: () => db.getServerId(options),
    listDbs: () => db.listDbs(options),
    ready: () => db.port.ready(options),
    changes: async () => {
      for await (const change of db.changes()) if (change.count < 0) return "never";
      return "ended";
    },
    watch: async () => {
      for await (const change of db.where("Log", []).watch()) if (change.rows.length < 0) return "never";
      return "ended";
    },
  };
};
