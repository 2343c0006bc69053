import { ConflictError, type VSwitchError } from "../core/errors.js";
import { differences } from "../core/differences.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { BridgeSpec } from "../core/specs.js";
import type { Deleted, EnsuredBridge } from "../core/vswitch.js";
import { checkApplied } from "./check.js";
import { commit, committedApplied, notApplied, retrying, type Committed, type Context } from "./context.js";
import { select } from "./database.js";
import { bridgeInfo } from "./info.js";
import { portsOf, readBridge } from "./lookup.js";
import {
  bridgePairs,
  foreignIds,
  holdingBridge,
  holdingPair,
  isHolding,
  lifetimeOf,
  markOf,
  onDemandMarks,
  ownerPair,
} from "./marks.js";
import { fitsNewBridge } from "./placement.js";
import {
  deleteBridgeOperations,
  insertedId,
  keepBridgeOperations,
  makeBridge,
  type NewBridge,
} from "./plan.js";
import { differs, fakeBridge, nameNotBridge, noId, notOurs, reservedName } from "./refusals.js";
import type { BridgeRow, Uuid } from "./rows.js";

/** `ensureBridge`. */
export async function ensure(
  context: Context,
  spec: BridgeSpec,
): Promise<Result<EnsuredBridge, VSwitchError>> {
  if (spec.name === holdingBridge) return Err(reservedName(context.operation, spec.name));
  const root = await context.session.rootId(context.deadline);
  if (root.isErr()) return root;
  return retrying(context, () => ensureOnFacts(context, root.value, spec));
}

async function ensureOnFacts(
  context: Context,
  root: Uuid,
  spec: BridgeSpec,
): Promise<Result<EnsuredBridge, VSwitchError>> {
  const { operation } = context;
  const found = await readBridge(context.session, context.deadline, spec.name);
  if (found.isErr()) return found;
  const { bridge, port, hasInterface, interfaces } = found.value;
  if (bridge !== undefined) return existing(context, root, spec, bridge, interfaces);
  if (port !== undefined) {
    return Err(
      port.fake_bridge
        ? fakeBridge(operation, spec.name, port.tag)
        : nameNotBridge(operation, spec.name, "a port"),
    );
  }
  if (hasInterface) return Err(nameNotBridge(operation, spec.name, "an interface"));
  const fit = fitsNewBridge(context, "name", spec.name);
  if (fit.isErr()) return fit;
  return make(context, root, spec);
}

async function existing(
  context: Context,
  root: Uuid,
  spec: BridgeSpec,
  bridge: BridgeRow,
  interfaces: readonly string[],
): Promise<Result<EnsuredBridge, VSwitchError>> {
  const { operation, owner } = context;
  const mark = markOf(bridge.external_ids);
  if (isHolding(bridge.external_ids)) return Err(notOurs(operation, `the bridge ${spec.name}`, mark, owner));
  // An empty fail_mode means standalone (ovs-vswitchd.conf.db(5)).
  const present = {
    ...spec,
    failMode: bridge.fail_mode ?? "standalone",
    externalIds: foreignIds(bridge.external_ids),
  };
  const found = differences(spec, present);
  if (found.length > 0) return Err(differs(operation, `the bridge ${spec.name}`, found));
  const info = bridgeInfo(bridge, interfaces, null);
  if (mark?.owner !== owner || lifetimeOf(bridge.external_ids) !== "on-demand")
    return Ok({ ...info, created: false });
  const kept = await commit(context, root, keepBridgeOperations(bridge));
  if (kept.isErr()) return kept;
  return Ok({ ...info, lifetime: "persistent", created: false });
}

async function make(
  context: Context,
  root: Uuid,
  spec: BridgeSpec,
): Promise<Result<EnsuredBridge, VSwitchError>> {
  const { owner, datapathType } = context;
  const externalIds = new Map([
    ...Object.entries(spec.externalIds ?? {}),
    ...bridgePairs({ owner, key: spec.name }, "persistent"),
  ]);
  const bridge: NewBridge = { name: spec.name, datapathType, failMode: spec.failMode ?? null, externalIds };
  const operations = makeBridge(root, bridge, []);
  const committed = await commit(context, root, operations);
  if (committed.isErr()) return committed;
  const { results } = committed.value;
  const id = insertedId(operations, results, "bridge");
  const own = insertedId(operations, results, "bridge_interface");
  if (id === undefined || own === undefined) return Err(noId(context.operation));
  return settle(context, bridge, { bridge: id, interface: own }, committed.value);
}

async function settle(
  context: Context,
  bridge: NewBridge,
  ids: { readonly bridge: Uuid; readonly interface: Uuid },
  committed: Committed,
): Promise<Result<EnsuredBridge, VSwitchError>> {
  const checked = await checkApplied(context, committed, {
    what: `the bridge ${bridge.name}`,
    interface: ids.interface,
    type: "internal",
    undo: (fresh) => removeBridge(fresh, bridge.name, ids.bridge),
  });
  if (checked.isErr()) return checked;
  const row: BridgeRow = {
    _uuid: ids.bridge,
    name: bridge.name,
    datapath_type: bridge.datapathType,
    fail_mode: bridge.failMode,
    external_ids: bridge.externalIds,
  };
  return Ok({ ...bridgeInfo(row, [], null), created: true });
}

/** `deleteBridge`. With `only`, a bridge of this name with another id is left alone: it is a later one. */
export async function removeBridge(
  context: Context,
  name: string,
  only?: Uuid,
): Promise<Result<Deleted, VSwitchError>> {
  const root = await context.session.rootId(context.deadline);
  if (root.isErr()) return root;
  return retrying(context, () => removeBridgeOnFacts(context, root.value, name, only));
}

async function removeBridgeOnFacts(
  context: Context,
  root: Uuid,
  name: string,
  only: Uuid | undefined,
): Promise<Result<Deleted, VSwitchError>> {
  const { operation, owner, deadline } = context;
  const found = await readBridge(context.session, deadline, name);
  if (found.isErr()) return found;
  const { bridge, port, interfaces } = found.value;
  if (bridge === undefined && port?.fake_bridge === true) return Err(fakeBridge(operation, name, port.tag));
  if (bridge === undefined || (only !== undefined && only !== bridge._uuid)) return Ok({ deleted: false });
  const mark = markOf(bridge.external_ids);
  if (mark?.owner !== owner) return Err(notOurs(operation, `the bridge ${name}`, mark, owner));
  if (interfaces.length > 0 || port === undefined) return Err(notEmpty(operation, name, interfaces));
  const committed = await commit(
    context,
    root,
    deleteBridgeOperations(root, { id: bridge._uuid, marks: ownerPair(owner), localPort: port._uuid }),
  );
  if (committed.isErr()) return committed;
  const done = await committedApplied(context, committed.value);
  if (done?.isErr() === true) {
    const doing = `waiting for ovs-vswitchd to let go of the bridge ${name}, which is deleted in the database (is ovs-vswitchd running?)`;
    return Err(notApplied(context, doing, done.error));
  }
  return Ok({ deleted: true });
}

function notEmpty(operation: string, name: string, interfaces: readonly string[]): ConflictError {
  const message = `${operation}: the bridge ${name} still has ${interfaces.slice(0, 5).join(", ")}${interfaces.length > 5 ? ", ..." : ""} on it: delete or detach these first`;
  return new ConflictError({ operation, object: `bridge ${name}`, message });
}

/**
 * Deletes our bridges that were made on demand and have nothing on them any more, and the holding bridge if it is
 * empty: left by a crash between two steps, or by somebody who deleted ports in another way.
 */
export async function sweepBridges(context: Context, root: Uuid): Promise<Result<void, VSwitchError>> {
  const swept = await sweepMarked(context, root, onDemandMarks(context.owner));
  return swept.isErr() ? swept : sweepMarked(context, root, new Map([holdingPair]));
}

async function sweepMarked(
  context: Context,
  root: Uuid,
  marks: ReadonlyMap<string, string>,
): Promise<Result<void, VSwitchError>> {
  const { session, deadline } = context;
  const read = await session.read(
    [select("Bridge", [["external_ids", "includes", marks]], ["name"])],
    deadline,
  );
  if (read.isErr()) return read;
  for (const { _uuid, name } of read.value[0].rows) {
    const there = await portsOf(session, deadline, { _uuid, name });
    if (there.isErr()) return there;
    const { ports, localPort } = there.value;
    if (localPort === undefined || ports.some((port) => port !== localPort)) continue;
    const gone = await commit(context, root, deleteBridgeOperations(root, { id: _uuid, marks, localPort }));
    // Refused: somebody has just put a port on it, and then it is not garbage.
    if (gone.isErr() && gone.error.kind !== "rejected") return gone;
  }
  return Ok(undefined);
}
