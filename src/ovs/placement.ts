import type { VSwitchError } from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import { longestKernelName, type Attachment } from "../core/specs.js";
import { remember, type Context } from "./context.js";
import { portsOf, type Found, type Lookup } from "./lookup.js";
import { holdingBridge, holdingPair, isHolding, lifetimeOf, markOf, onDemandMarks } from "./marks.js";
import { newHoldingBridge, onDemandBridge, type Leaving, type OwnPort, type Target } from "./plan.js";
import type { BridgeRow } from "./rows.js";
import {
  bridgeNameTooLong,
  bridgesOwn,
  fakeBridge,
  inBond,
  nameNotBridge,
  noBridge,
  noDatapath,
  notOurs,
  reservedName,
} from "./refusals.js";

/** The bridge that an attachment names; none: the holding bridge. */
export const bridgeNameOf = (attachment: Attachment | undefined): string =>
  attachment?.bridge ?? holdingBridge;

/** Whether a bridge outlives the ports on it, so that it may be remembered: the holding bridge and ours do not. */
const stays = (bridge: BridgeRow): boolean =>
  lifetimeOf(bridge.external_ids) !== "on-demand" && !isHolding(bridge.external_ids);

/** The bridge to put a port on, found or to be made. */
export function targetOf(
  context: Context,
  attachment: Attachment | undefined,
  found: Pick<Lookup, "target" | "targetPort" | "targetInterface">,
): Result<Target, VSwitchError> {
  const { operation, owner, datapathType } = context;
  const name = bridgeNameOf(attachment);
  const { target, targetPort, targetInterface } = found;
  if (attachment?.bridge === holdingBridge) return Err(reservedName(operation, name));
  if (target !== undefined) {
    if ((attachment === undefined) !== isHolding(target.external_ids)) {
      return Err(notOurs(operation, `the bridge ${name}`, markOf(target.external_ids), owner));
    }
    if (stays(target)) remember(context.seen.bridges, name, target._uuid);
    return Ok({ kind: "known", name, id: target._uuid });
  }
  if (targetPort !== undefined) {
    const { fake_bridge: fake, tag } = targetPort;
    return Err(fake ? fakeBridge(operation, name, tag) : nameNotBridge(operation, name, "a port"));
  }
  if (targetInterface) return Err(nameNotBridge(operation, name, "an interface"));
  if (attachment?.createBridge === false) return Err(noBridge(operation, name));
  const fit = fitsNewBridge(context, "attach.bridge", name);
  if (fit.isErr()) return fit;
  const bridge =
    attachment === undefined ? newHoldingBridge(datapathType) : onDemandBridge(name, owner, datapathType);
  return Ok({ kind: "made", bridge });
}

/** Refuses a bridge that vswitchd could not make, which it would not tell in the database. */
export function fitsNewBridge(context: Context, path: string, name: string): Result<void, VSwitchError> {
  const { operation, datapathType, session } = context;
  if (Buffer.byteLength(name) > longestKernelName) return Err(bridgeNameTooLong(operation, path, name));
  const known = session.facts.datapathTypes;
  if (known.size > 0 && !known.has(datapathType)) return Err(noDatapath(operation, datapathType, known));
  return Ok(undefined);
}

/** The interface as one that we may change; refused when it is not ours alone. */
export function ownPort(context: Context, found: Found): Result<OwnPort | undefined, VSwitchError> {
  const { operation, owner } = context;
  const { interface: row, port, bridgeRow } = found;
  const { name } = row;
  if (bridgeRow?.name === name) return Err(bridgesOwn(operation, name));
  const mark = markOf(row.external_ids);
  if (mark?.owner !== owner) return Err(notOurs(operation, `the interface ${name}`, mark, owner));
  if (port === undefined || bridgeRow === undefined) return Ok(undefined);
  const portMark = markOf(port.external_ids);
  if (port.interfaces.length !== 1) return Err(inBond(operation, name, port.name));
  if (portMark?.owner !== owner) return Err(notOurs(operation, `the port ${port.name}`, portMark, owner));
  return Ok({
    name,
    owner,
    interface: row._uuid,
    port: port._uuid,
    bridge: { id: bridgeRow._uuid, name: bridgeRow.name },
  });
}

/** Whether the bridge that a port leaves goes with it: the holding bridge, or ours that was made on demand. */
export async function leavingOf(
  context: Context,
  own: OwnPort,
  bridge: Found["bridgeRow"],
): Promise<Result<Leaving | undefined, VSwitchError>> {
  if (bridge === undefined) return Ok(undefined);
  const ids = bridge.external_ids;
  const ours = lifetimeOf(ids) === "on-demand" && markOf(ids)?.owner === context.owner;
  if (!ours && !isHolding(ids)) return Ok(undefined);
  const marks = ours ? onDemandMarks(context.owner) : new Map([holdingPair]);
  const read = await portsOf(context.session, context.deadline, bridge);
  return read.map(({ ports, localPort }) => {
    if (localPort === undefined) return undefined;
    const others = ports.filter((port) => port !== localPort && port !== own.port);
    return { empty: others.length === 0, marks, localPort };
  });
}
