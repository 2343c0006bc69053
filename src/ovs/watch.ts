import { isDeepStrictEqual } from "node:util";
import type { Deadline } from "../core/call.js";
import { DisconnectedError, type VSwitchError } from "../core/errors.js";
import { watchQueue, type EventQueue } from "../core/event-queue.js";
import { Ok, type Result } from "../core/result.js";
import type { InterfaceInfo, Watch, WatchEvent } from "../core/vswitch.js";
import type { Monitor, MonitoredRows } from "../ovsdb/index.js";
import type { Db } from "./database.js";
import { interfaceInfo } from "./info.js";
import { isHolding } from "./marks.js";
import { bridgeColumnNames, interfaceColumnNames, portColumnNames, type Uuid } from "./rows.js";
import type { Session } from "./session.js";

/** Counters are not asked for: they change every five seconds on every interface. */
const request = {
  Interface: { columns: interfaceColumnNames },
  Port: { columns: portColumnNames },
  Bridge: { columns: [...bridgeColumnNames, "ports"] },
} as const;

type Rows = MonitoredRows<Db, typeof request>;

/** `watch`: a monitor of the three tables, told as interfaces. */
export async function watch(
  session: Session,
  deadline: Deadline,
  signal: AbortSignal | undefined,
): Promise<Result<Watch, VSwitchError>> {
  const { operation } = deadline;
  const monitored = await session.client.monitor(request, { operation, ...deadline.step() });
  if (monitored.isErr()) return monitored;
  const monitor = monitored.value;
  const queue = watchQueue(signal, () => void monitor.cancel());
  const watcher = new Watcher(session, monitor, queue);
  watcher.begin();
  monitor.events.on("change", (changes) => watcher.follow(changes));
  monitor.events.on("close", (reason) => end(session, operation, queue, reason));
  if (session.closed !== undefined) end(session, operation, queue, session.closed);
  return Ok(queue);
}

/** A connection that we closed ourselves is a plain end; any other is told. */
function end(session: Session, operation: string, queue: EventQueue<WatchEvent>, reason: VSwitchError): void {
  if (session.closing) {
    queue.end();
    return;
  }
  const message = `${operation}: nothing more is told: ${reason.message}; watch again for what is there then`;
  const error = new DisconnectedError({ operation, outcome: "not-sent", cause: reason, message });
  queue.end({ kind: "lost", error });
}

type Change =
  | { readonly table: "Interface"; readonly uuid: Uuid }
  | {
      readonly table: "Port";
      readonly uuid: Uuid;
      readonly old: Rows["Port"] | undefined;
      readonly new: Rows["Port"] | undefined;
    }
  | {
      readonly table: "Bridge";
      readonly uuid: Uuid;
      readonly old: Rows["Bridge"] | undefined;
      readonly new: Rows["Bridge"] | undefined;
    };

/** Follows the rows, and tells of an interface when it, its port or its place on a bridge has changed. */
class Watcher {
  readonly #session: Session;
  readonly #monitor: Monitor<Rows>;
  readonly #queue: EventQueue<WatchEvent>;
  readonly #portOf = new Map<Uuid, Uuid>();
  readonly #bridgeOf = new Map<Uuid, Uuid>();
  readonly #told = new Map<Uuid, InterfaceInfo>();

  constructor(session: Session, monitor: Monitor<Rows>, queue: EventQueue<WatchEvent>) {
    this.#session = session;
    this.#monitor = monitor;
    this.#queue = queue;
  }

  begin(): void {
    for (const [uuid, row] of this.#monitor.table("Bridge"))
      for (const port of row.ports) this.#bridgeOf.set(port, uuid);
    for (const [uuid, row] of this.#monitor.table("Port"))
      for (const each of row.interfaces) this.#portOf.set(each, uuid);
    for (const uuid of this.#monitor.table("Interface").keys()) this.#tell(uuid, "current");
    this.#queue.push({ kind: "ready" });
  }

  follow(changes: readonly Change[]): void {
    const touched = new Set<Uuid>();
    const ports = new Set<Uuid>();
    for (const change of changes) {
      if (change.table === "Bridge") this.#followBridge(change.uuid, change.old, change.new, ports);
    }
    for (const change of changes) {
      if (change.table === "Port") {
        ports.add(change.uuid);
        this.#followPort(change.uuid, change.old?.interfaces, change.new?.interfaces, touched);
      }
      if (change.table === "Interface") touched.add(change.uuid);
    }
    for (const port of ports) {
      for (const each of this.#monitor.table("Port").get(port)?.interfaces ?? []) touched.add(each);
    }
    // What is gone first: a name may have gone and come again in one transaction.
    const interfaces = this.#monitor.table("Interface");
    for (const uuid of touched) if (!interfaces.has(uuid)) this.#tell(uuid, "added");
    for (const uuid of touched) if (interfaces.has(uuid)) this.#tell(uuid, "added");
  }

  #followBridge(
    uuid: Uuid,
    old: Rows["Bridge"] | undefined,
    now: Rows["Bridge"] | undefined,
    touched: Set<Uuid>,
  ): void {
    const before = new Set(old?.ports);
    const after = new Set(now?.ports);
    for (const port of before) {
      if (after.has(port)) continue;
      // It may be on another bridge by now, by a change that was followed before this one.
      if (this.#bridgeOf.get(port) === uuid) this.#bridgeOf.delete(port);
      touched.add(port);
    }
    for (const port of after) {
      if (before.has(port)) continue;
      this.#bridgeOf.set(port, uuid);
      touched.add(port);
    }
  }

  #followPort(
    uuid: Uuid,
    old: readonly Uuid[] | undefined,
    now: readonly Uuid[] | undefined,
    touched: Set<Uuid>,
  ): void {
    for (const each of old ?? []) {
      if (this.#portOf.get(each) === uuid) this.#portOf.delete(each);
      touched.add(each);
    }
    for (const each of now ?? []) {
      this.#portOf.set(each, uuid);
      touched.add(each);
    }
  }

  #tell(uuid: Uuid, kind: "current" | "added"): void {
    const before = this.#told.get(uuid);
    const now = this.#info(uuid);
    if (now === undefined) {
      this.#told.delete(uuid);
      if (before !== undefined) this.#queue.push({ kind: "removed", name: before.name });
      return;
    }
    if (isDeepStrictEqual(before, now)) return;
    this.#told.set(uuid, now);
    this.#queue.push({ kind: before === undefined ? kind : "changed", interface: now });
  }

  #info(uuid: Uuid): InterfaceInfo | undefined {
    const row = this.#monitor.table("Interface").get(uuid);
    if (row === undefined) return undefined;
    const portId = this.#portOf.get(uuid);
    const port = portId === undefined ? undefined : this.#monitor.table("Port").get(portId);
    const bridgeId = portId === undefined ? undefined : this.#bridgeOf.get(portId);
    const bridge = bridgeId === undefined ? undefined : this.#monitor.table("Bridge").get(bridgeId);
    // A bridge's own interface is the bridge.
    if (bridge?.name === row.name) return undefined;
    const placed = bridge === undefined || isHolding(bridge.external_ids) ? undefined : bridge;
    const directory = this.#session.facts.vhostSocketDirectory;
    return interfaceInfo({ interface: { ...row, statistics: new Map() }, port, bridge: placed }, directory);
  }
}
