import type { InterfaceSpec } from "../core/specs.js";
import type { Mark } from "../core/vswitch.js";
import { zeroUuid } from "../ovsdb/index.js";
import { allIds, markPairs } from "./marks.js";
import type { InterfaceRow } from "./rows.js";
import { interfaceColumns } from "./spec-columns.js";

/** The row of a new interface as it is written, before it has an id and vswitchd adds what it has to say. */
export function writtenRow(spec: InterfaceSpec, mark: Mark): InterfaceRow {
  const { type, options, mac, mtu_request, ofport_request, ...policing } = interfaceColumns(spec);
  return {
    _uuid: zeroUuid,
    name: spec.name,
    type,
    options,
    mac,
    mac_in_use: null,
    mtu: null,
    mtu_request,
    ofport: null,
    ofport_request,
    error: null,
    admin_state: null,
    link_state: null,
    status: new Map(),
    external_ids: allIds(spec.externalIds, markPairs(mark)),
    ingress_policing_rate: policing.ingress_policing_rate ?? 0,
    ingress_policing_burst: policing.ingress_policing_burst ?? 0,
    ingress_policing_kpkts_rate: policing.ingress_policing_kpkts_rate ?? 0,
    ingress_policing_kpkts_burst: policing.ingress_policing_kpkts_burst ?? 0,
    statistics: new Map(),
  };
}
