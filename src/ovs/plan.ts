import type { Attachment, InterfaceSpec } from "../core/specs.js";
import type { Mark } from "../core/vswitch.js";
import { named, NamedUuid, type Integer, type Operation, type OperationResult } from "../ovsdb/index.js";
import { insert, mutate, select, update, wait, type Db } from "./database.js";
import {
  allIds,
  bridgePairs,
  holdingBridge,
  holdingPair,
  markPairs,
  ownerPair,
  persistentPair,
} from "./marks.js";
import { appliedColumnNames, type Uuid } from "./rows.js";
import { interfaceColumns, portColumns } from "./spec-columns.js";

/*
 * What the verbs do, as operations of one transaction. Every change stands behind a guard (`wait` with timeout 0) on
 * just what the decision was made on, so that whatever others do meanwhile, it happens wholly or not at all. An
 * operation that matches no row succeeds in OVSDB (RFC 7047 section 5.2): the guards are what makes it fail. Where one
 * change of `Bridge.ports` is all that a transaction does, its count says the same (see `commit`), and saves the server
 * a guard. That a row is there is asked by its conditions alone (`!=` no row at all): the server makes a whole row of
 * each that it is told to compare with. A name needs no comparing: it never changes (`"mutable": false`).
 */

type Operations = readonly Operation<Db>[];

/** Bridge to put a port on: one that is there (guarded), or one that is made in the same transaction. */
export type Target =
  | { readonly kind: "known"; readonly name: string; readonly id: Uuid }
  | { readonly kind: "made"; readonly bridge: NewBridge };

export interface NewBridge {
  readonly name: string;
  readonly datapathType: string;
  readonly failMode: "standalone" | "secure" | null;
  readonly externalIds: ReadonlyMap<string, string>;
}

/** A port of ours, where it is. */
export interface OwnPort {
  readonly name: string;
  readonly owner: string;
  readonly interface: Uuid;
  readonly port: Uuid;
  readonly bridge: { readonly id: Uuid; readonly name: string };
}

/** A bridge that goes together with the port, being empty then; `undefined`: it stays. */
export interface Leaving {
  /** `false`: there are other ports, and the bridge stays as long as there are. */
  readonly empty: boolean;
  /** What marks it as one that goes: meanwhile somebody may have made it one that stays. */
  readonly marks: ReadonlyMap<string, string>;
  /** The port of the bridge's own, which does not count. */
  readonly localPort: Uuid;
}

/** The bridge that a user's attachment on a bridge that is not there makes. */
export const onDemandBridge = (name: string, owner: string, datapathType: string): NewBridge => ({
  name,
  datapathType,
  failMode: null,
  externalIds: new Map(bridgePairs({ owner, key: name }, "on-demand")),
});

/** See {@link holdingBridge}. */
export const newHoldingBridge = (datapathType: string): NewBridge => ({
  name: holdingBridge,
  datapathType,
  failMode: "secure",
  externalIds: new Map([holdingPair]),
});

/** A bridge with its own port (`add-br` of ovs-vsctl(8)), and these ports on it. */
export function makeBridge(root: Uuid, bridge: NewBridge, ports: readonly (Uuid | NamedUuid)[]): Operations {
  const { name, externalIds: external_ids } = bridge;
  return [
    insert("Interface", { name, type: "internal", external_ids }, { uuidName: "bridge_interface" }),
    insert(
      "Port",
      { name, interfaces: [named("bridge_interface")], external_ids },
      { uuidName: "bridge_port" },
    ),
    insert(
      "Bridge",
      {
        name,
        datapath_type: bridge.datapathType,
        fail_mode: bridge.failMode,
        ports: [named("bridge_port"), ...ports],
        external_ids,
      },
      { uuidName: "bridge" },
    ),
    mutate("Open_vSwitch", [["_uuid", "==", root]], [["bridges", "insert", [named("bridge")]]]),
  ];
}

function putOn(root: Uuid, target: Target, port: Uuid | NamedUuid): Operations {
  const isNew = port instanceof NamedUuid;
  switch (target.kind) {
    case "known": {
      const { id } = target;
      const on = mutate("Bridge", [["_uuid", "==", id]], [["ports", "insert", [port]]]);
      // A new port that no bridge refers to is collected, and its interface with it: then nothing was done at all.
      return isNew ? [on] : [wait("Bridge", [["_uuid", "==", id]], ["name"], "!=", [], 0), on];
    }
    case "made":
      return makeBridge(root, target.bridge, [port]);
  }
}

/** Two clients of one socket work for neither, and nothing in the database says so: nobody else may have the path. */
function guardVhostPath(spec: InterfaceSpec): Operations {
  if (spec.type !== "vhost-user" || spec.mode !== "client" || spec.socket === undefined) return [];
  const options = new Map([["vhost-server-path", spec.socket]]);
  return [wait("Interface", [["options", "includes", options]], ["name"], "==", [], 0)];
}

/** The id that an insert of a transaction gave, by its `uuidName`. */
export function insertedId(
  operations: readonly Operation[],
  results: readonly OperationResult[],
  name: string,
): Uuid | undefined {
  let at = 0;
  for (const each of operations) {
    if (each.op === "insert" && each.uuidName === name) return results[at]?.uuid;
    at += 1;
  }
  return undefined;
}

const isSet = (value: unknown): boolean => value !== null && !(Array.isArray(value) && value.length === 0);

/** Those that are set: a new row has the others unset anyway, and to read them would only cost the server time. */
function filledIn<T extends object>(columns: T): Partial<T>;
function filledIn(columns: object): object {
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => isSet(value)));
}

/** A new interface on its bridge. That the name is free is the database's own check (indexes of its schema). */
export function createOperations(root: Uuid, spec: InterfaceSpec, mark: Mark, target: Target): Operations {
  const { name } = spec;
  const marks = markPairs(mark);
  const ids = allIds(spec.externalIds, marks);
  return [
    ...guardVhostPath(spec),
    insert(
      "Interface",
      { name, ...filledIn(interfaceColumns(spec)), external_ids: ids },
      { uuidName: "interface" },
    ),
    insert(
      "Port",
      {
        name,
        ...filledIn(portColumns(spec.attach)),
        interfaces: [named("interface")],
        external_ids: new Map(marks),
      },
      { uuidName: "port" },
    ),
    ...putOn(root, target, named("port")),
  ];
}

/** The port is still ours and has this one interface. */
function guardMarks(own: OwnPort): Operations {
  const ours = ["external_ids", "includes", ownerPair(own.owner)] as const;
  return [
    wait(
      "Port",
      [["_uuid", "==", own.port], ["interfaces", "==", [own.interface]], ours],
      ["name"],
      "!=",
      [],
      0,
    ),
    wait("Interface", [["_uuid", "==", own.interface], ours], ["name"], "!=", [], 0),
  ];
}

/** The port is still ours, has this one interface, and is still on that bridge. */
function guardOwn(own: OwnPort): Operations {
  const { bridge } = own;
  return [
    ...guardMarks(own),
    wait(
      "Bridge",
      [
        ["_uuid", "==", bridge.id],
        ["ports", "includes", [own.port]],
      ],
      ["name"],
      "!=",
      [],
      0,
    ),
  ];
}

/** A bridge of ours goes with its last port; whether it is the last is guarded, whichever way. */
function leave(root: Uuid, own: OwnPort, leaving: Leaving | undefined): Operations {
  const here = [["_uuid", "==", own.bridge.id]] as const;
  const off = mutate(
    "Bridge",
    [...here, ["ports", "includes", [own.port]]],
    [["ports", "delete", [own.port]]],
  );
  if (leaving === undefined) return [off];
  const last = [{ ports: [leaving.localPort, own.port] }];
  if (!leaving.empty) return [wait("Bridge", here, ["ports"], "!=", last, 0), off];
  return [
    wait("Bridge", [...here, ["external_ids", "includes", leaving.marks]], ["ports"], "==", last, 0),
    off,
    mutate("Open_vSwitch", [["_uuid", "==", root]], [["bridges", "delete", [own.bridge.id]]]),
  ];
}

/** Deletes the port: what nothing refers to any more is collected by the database (RFC 7047 section 3.2, `isRoot`). */
export function deleteOperations(root: Uuid, own: OwnPort, leaving: Leaving | undefined): Operations {
  return [...guardMarks(own), ...leave(root, own, leaving)];
}

/** Takes a number for the configuration, as `ovs-vsctl` does, so that vswitchd can be waited for. */
export function numberedOperations(root: Uuid): Operations {
  const here = [["_uuid", "==", root]] as const;
  return [mutate("Open_vSwitch", here, [["next_cfg", "+=", 1]]), select("Open_vSwitch", here, ["next_cfg"])];
}

/**
 * Holds until vswitchd says that it has applied the configuration of this number, as `ovs-vsctl` waits. The server does
 * the waiting (`wait` of RFC 7047 section 5.2.6), and answers at the very commit that says so, together with what else is
 * asked: one message, and none of what else becomes of the rows.
 */
export const appliedOperations = (nextCfg: Integer, timeoutMs: number) =>
  [wait("Open_vSwitch", [["cur_cfg", ">=", nextCfg]], ["cur_cfg"], "!=", [], timeoutMs)] as const;

/** Holds as `appliedOperations` does, and gives what vswitchd has written of an interface by then. */
export const appliedInterfaceOperations = (nextCfg: Integer, timeoutMs: number, id: Uuid) =>
  [
    ...appliedOperations(nextCfg, timeoutMs),
    select("Interface", [["_uuid", "==", id]], appliedColumnNames),
  ] as const;

/** Moves the port to another bridge. */
export function moveOperations(
  root: Uuid,
  own: OwnPort,
  leaving: Leaving | undefined,
  target: Target,
  attachment: Attachment | undefined,
): Operations {
  return [
    ...guardOwn(own),
    ...leave(root, own, leaving),
    update("Port", [["_uuid", "==", own.port]], portColumns(attachment)),
    ...putOn(root, target, own.port),
  ];
}

/** Makes a bridge on demand one that stays, if it is still there. */
export function keepBridgeOperations({ _uuid: id }: { readonly _uuid: Uuid }): Operations {
  const [key, value] = persistentPair;
  return [
    wait("Bridge", [["_uuid", "==", id]], ["name"], "!=", [], 0),
    mutate(
      "Bridge",
      [["_uuid", "==", id]],
      [
        ["external_ids", "delete", [key]],
        ["external_ids", "insert", new Map([[key, value]])],
      ],
    ),
  ];
}

/** New VLAN settings where the port is. */
export function vlanOperations(own: OwnPort, attachment: Attachment): Operations {
  return [...guardOwn(own), update("Port", [["_uuid", "==", own.port]], portColumns(attachment))];
}

/** Deletes a bridge that has no port but its own, if it has these marks. */
export function deleteBridgeOperations(
  root: Uuid,
  bridge: { id: Uuid; marks: ReadonlyMap<string, string>; localPort: Uuid },
): Operations {
  const ours = ["external_ids", "includes", bridge.marks] as const;
  return [
    wait("Bridge", [["_uuid", "==", bridge.id], ours], ["ports"], "==", [{ ports: [bridge.localPort] }], 0),
    mutate("Open_vSwitch", [["_uuid", "==", root]], [["bridges", "delete", [bridge.id]]]),
  ];
}
