import type { Deadline } from "../core/call.js";
import type { VSwitchError } from "../core/errors.js";
import { Ok, type Result } from "../core/result.js";
import { select } from "./database.js";
import type { PlacedInterface } from "./info.js";
import { isHolding } from "./marks.js";
import {
  bridgeColumnNames,
  interfaceColumnsWithCounters,
  portColumnNames,
  type BridgeRow,
  type InterfaceRow,
  type PortRow,
  type Uuid,
} from "./rows.js";
import type { Session } from "./session.js";

/** An interface with its port and its bridge, as they are now; the holding bridge is told like any other. */
export interface Found extends PlacedInterface {
  readonly port: PortRow | undefined;
  readonly bridgeRow: BridgeRow | undefined;
}

/** What a name leads to. */
export interface Lookup {
  readonly interface: Found | undefined;
  /** A port of that name without an interface of that name: somebody's bond. */
  readonly bond: PortRow | undefined;
  /** The bridge that was asked for too. */
  readonly target: BridgeRow | undefined;
  /** A port with the name of that bridge: it is a fake bridge (ovs-vsctl(8)), or takes the name. */
  readonly targetPort: PortRow | undefined;
  /** Whether an interface has the name of that bridge: its own, or one that takes the name. */
  readonly targetInterface: boolean;
}

const place = (row: InterfaceRow, port: PortRow | undefined, bridgeRow: BridgeRow | undefined): Found => ({
  interface: row,
  port,
  bridgeRow,
  bridge: bridgeRow === undefined || isHolding(bridgeRow.external_ids) ? undefined : bridgeRow,
});

/** Finds an interface by name, and a bridge to put it on. Two round trips, whatever the size of the switch. */
export async function lookUp(
  session: Session,
  deadline: Deadline,
  name: string,
  target: string | undefined,
): Promise<Result<Lookup, VSwitchError>> {
  const wanted = target ?? name;
  const first = await session.read(
    [
      select("Interface", [["name", "==", name]], interfaceColumnsWithCounters),
      select("Port", [["name", "==", name]], portColumnNames),
      select("Bridge", [["name", "==", wanted]], bridgeColumnNames),
      select("Port", [["name", "==", wanted]], portColumnNames),
      select("Interface", [["name", "==", wanted]], []),
    ],
    deadline,
  );
  if (first.isErr()) return first;
  const [row] = first.value[0].rows;
  const [namesake] = first.value[1].rows;
  const [bridge] = first.value[2].rows;
  const [targetPort] = first.value[3].rows;
  const there =
    target === undefined
      ? { target: undefined, targetPort: undefined, targetInterface: false }
      : { target: bridge, targetPort, targetInterface: first.value[4].rows.length > 0 };
  if (row === undefined) return Ok({ interface: undefined, bond: namesake, ...there });
  const found = await placeOf(session, deadline, row, namesake);
  return found.map((placed) => ({ interface: placed, bond: undefined, ...there }));
}

async function placeOf(
  session: Session,
  deadline: Deadline,
  row: InterfaceRow,
  namesake: PortRow | undefined,
): Promise<Result<Found, VSwitchError>> {
  let port = namesake?.interfaces.includes(row._uuid) === true ? namesake : undefined;
  if (port === undefined) {
    // An interface of a bond: its port has another name.
    const ports = await session.read(
      [select("Port", [["interfaces", "includes", [row._uuid]]], portColumnNames)],
      deadline,
    );
    if (ports.isErr()) return ports;
    [port] = ports.value[0].rows;
    if (port === undefined) return Ok(place(row, undefined, undefined));
  }
  const bridges = await session.read(
    [select("Bridge", [["ports", "includes", [port._uuid]]], bridgeColumnNames)],
    deadline,
  );
  if (bridges.isErr()) return bridges;
  const [bridge] = bridges.value[0].rows;
  return Ok(place(row, port, bridge));
}

/** The ports of a bridge, and the bridge's own port among them. */
export async function portsOf(
  session: Session,
  deadline: Deadline,
  bridge: { readonly _uuid: Uuid; readonly name: string },
): Promise<Result<{ readonly ports: readonly Uuid[]; readonly localPort: Uuid | undefined }, VSwitchError>> {
  const read = await session.read(
    [
      select("Bridge", [["_uuid", "==", bridge._uuid]], ["ports"]),
      select("Port", [["name", "==", bridge.name]], ["_uuid"]),
    ],
    deadline,
  );
  if (read.isErr()) return read;
  const [row] = read.value[0].rows;
  const [local] = read.value[1].rows;
  return Ok({ ports: row?.ports ?? [], localPort: local?._uuid });
}

/** Everything, joined. */
export interface Topology {
  readonly interfaces: readonly Found[];
  readonly bridges: readonly { readonly row: BridgeRow; readonly interfaces: readonly Found[] }[];
}

/** Reads all interfaces, ports and bridges in one transaction. */
export async function readTopology(
  session: Session,
  deadline: Deadline,
): Promise<Result<Topology, VSwitchError>> {
  const read = await session.read(
    [
      select("Interface", [], interfaceColumnsWithCounters),
      select("Port", [], portColumnNames),
      select("Bridge", [], [...bridgeColumnNames, "ports"]),
    ],
    deadline,
  );
  if (read.isErr()) return read;
  return Ok(join(read.value[0].rows, read.value[1].rows, read.value[2].rows));
}

/** Joins rows of the three tables. A bridge's own interface is not told: it is the bridge. */
export function join(
  interfaces: Iterable<InterfaceRow>,
  ports: Iterable<PortRow>,
  bridges: Iterable<BridgeRow & { readonly ports: readonly Uuid[] }>,
): Topology {
  const portOf = new Map<Uuid, PortRow>();
  const portsById = new Map<Uuid, PortRow>();
  for (const port of ports) {
    portsById.set(port._uuid, port);
    for (const id of port.interfaces) portOf.set(id, port);
  }
  const bridgeOf = new Map<Uuid, BridgeRow>();
  const onBridge = new Map<BridgeRow, Found[]>();
  for (const bridge of bridges) {
    onBridge.set(bridge, []);
    for (const id of bridge.ports) bridgeOf.set(id, bridge);
  }
  const found: Found[] = [];
  for (const row of interfaces) {
    const port = portOf.get(row._uuid);
    const bridge = port === undefined ? undefined : bridgeOf.get(port._uuid);
    if (bridge !== undefined && bridge.name === row.name) continue;
    const placed = place(row, port, bridge);
    found.push(placed);
    if (bridge !== undefined) onBridge.get(bridge)?.push(placed);
  }
  const byName = (a: Found, b: Found): number => (a.interface.name < b.interface.name ? -1 : 1);
  return {
    interfaces: found.toSorted(byName),
    bridges: [...onBridge]
      .map(([row, members]) => ({ row, interfaces: members.toSorted(byName) }))
      .toSorted((a, b) => (a.row.name < b.row.name ? -1 : 1)),
  };
}

/** A bridge by name, with what may have its name instead, and the interfaces on it. */
export interface BridgeLookup {
  readonly bridge: BridgeRow | undefined;
  /** The bridge's own port, or another port of that name. */
  readonly port: PortRow | undefined;
  /** Whether an interface has the name: the bridge's own, or one that takes it. */
  readonly hasInterface: boolean;
  /** Sorted, without the bridge's own. */
  readonly interfaces: readonly string[];
}

export async function readBridge(
  session: Session,
  deadline: Deadline,
  name: string,
): Promise<Result<BridgeLookup, VSwitchError>> {
  const first = await session.read(
    [
      select("Bridge", [["name", "==", name]], [...bridgeColumnNames, "ports"]),
      select("Port", [["name", "==", name]], portColumnNames),
      select("Interface", [["name", "==", name]], []),
    ],
    deadline,
  );
  if (first.isErr()) return first;
  const [bridge] = first.value[0].rows;
  const [port] = first.value[1].rows;
  const hasInterface = first.value[2].rows.length > 0;
  const others = bridge?.ports.filter((id) => id !== port?._uuid) ?? [];
  if (others.length === 0) return Ok({ bridge, port, hasInterface, interfaces: [] });
  const names = await interfaceNames(session, deadline, others);
  return names.map((interfaces) => ({ bridge, port, hasInterface, interfaces }));
}

/** From so many ports on, whole tables are cheaper to read than a row for each. */
const manyPorts = 64;

/** The names of the interfaces of these ports, of which a bond has several; sorted. */
async function interfaceNames(
  session: Session,
  deadline: Deadline,
  ports: readonly Uuid[],
): Promise<Result<readonly string[], VSwitchError>> {
  const many = ports.length >= manyPorts;
  const members = await session.read(
    many
      ? [select("Port", [], ["interfaces"])]
      : ports.map((id) => select("Port", [["_uuid", "==", id]], ["interfaces"])),
    deadline,
  );
  if (members.isErr()) return members;
  const wanted = new Set(ports);
  const rows = members.value.flatMap((result) => result.rows).filter(({ _uuid }) => wanted.has(_uuid));
  const ids = new Set(rows.flatMap(({ interfaces }) => interfaces));
  const named = await session.read(
    many
      ? [select("Interface", [], ["name"])]
      : [...ids].map((id) => select("Interface", [["_uuid", "==", id]], ["name"])),
    deadline,
  );
  return named.map((results) =>
    results
      .flatMap((result) => result.rows)
      .filter(({ _uuid }) => ids.has(_uuid))
      .map(({ name }) => name)
      .toSorted(),
  );
}
