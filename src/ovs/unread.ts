import type { InterfaceSpec } from "../core/specs.js";
import { allIds, markPairs } from "./marks.js";
import type { InterfaceRow, Uuid } from "./rows.js";
import { interfaceColumns } from "./spec-columns.js";

/** The row of an interface that was just committed, as far as it is known without reading it back. */
export function unreadRow(spec: InterfaceSpec, id: Uuid, owner: string): InterfaceRow {
  const marks = markPairs({ owner, key: spec.key ?? spec.name });
  return {
    ingress_policing_rate: 0,
    ingress_policing_burst: 0,
    ingress_policing_kpkts_rate: 0,
    ingress_policing_kpkts_burst: 0,
    ...interfaceColumns(spec),
    _uuid: id,
    name: spec.name,
    external_ids: allIds(spec.externalIds, marks),
    mac_in_use: null,
    mtu: null,
    ofport: null,
    error: null,
    admin_state: null,
    link_state: null,
    status: new Map(),
    statistics: new Map(),
  };
}
