import { operations } from "../ovsdb/index.js";
import type { OpenVSwitchDatabase } from "./schema/open-vswitch.js";

/** The tables of the database `Open_vSwitch`. */
export type Db = OpenVSwitchDatabase;

/** The operations of a transaction, typed by these tables. */
export const { insert, select, update, mutate, wait } = operations<Db>();
