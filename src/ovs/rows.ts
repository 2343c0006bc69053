import type { ImplicitColumns, Uuid } from "../ovsdb/index.js";
import type { OpenVSwitchDatabase } from "./schema/open-vswitch.js";

/*
 * The columns that the driver reads: no more, because a switch can have ten thousand ports. A column that an older
 * server lacks reads as its default.
 */

type Db = OpenVSwitchDatabase;
type Id = Pick<ImplicitColumns, "_uuid">;

export const interfaceColumnNames = [
  "_uuid",
  "name",
  "type",
  "options",
  "mac",
  "mac_in_use",
  "mtu",
  "mtu_request",
  "ofport",
  "ofport_request",
  "error",
  "admin_state",
  "link_state",
  "status",
  "external_ids",
  "ingress_policing_rate",
  "ingress_policing_burst",
  "ingress_policing_kpkts_rate",
  "ingress_policing_kpkts_burst",
] as const;

/** Counters change every five seconds (ovs-vswitchd.conf.db(5), "stats-update-interval"): read, never watched. */
export const interfaceColumnsWithCounters = [...interfaceColumnNames, "statistics"] as const;

/** What vswitchd writes of an interface (ovs-vswitchd.conf.db(5), "Interface Table"); the others are its users'. */
export const appliedColumnNames = [
  "mac_in_use",
  "mtu",
  "ofport",
  "error",
  "admin_state",
  "link_state",
  "status",
  "statistics",
] as const;

export const portColumnNames = [
  "_uuid",
  "name",
  "interfaces",
  "tag",
  "trunks",
  "vlan_mode",
  "fake_bridge",
  "external_ids",
] as const;

/** Without `ports`, which can be long. */
export const bridgeColumnNames = ["_uuid", "name", "datapath_type", "fail_mode", "external_ids"] as const;

/** Without `cur_cfg` and `next_cfg`: everybody's changes would be told to us twice over. */
export const rootColumnNames = [
  "_uuid",
  "ovs_version",
  "db_version",
  "iface_types",
  "datapath_types",
  "dpdk_initialized",
  "dpdk_version",
  "other_config",
  "external_ids",
] as const;

type Named<Table extends keyof Db, Names extends readonly string[]> = Id &
  Pick<Db[Table], Extract<Names[number], keyof Db[Table]>>;

export type InterfaceRow = Named<"Interface", typeof interfaceColumnsWithCounters>;
export type AppliedRow = Named<"Interface", typeof appliedColumnNames>;
export type PortRow = Named<"Port", typeof portColumnNames>;
export type BridgeRow = Named<"Bridge", typeof bridgeColumnNames>;
export type RootRow = Named<"Open_vSwitch", typeof rootColumnNames>;
export type { Uuid };
