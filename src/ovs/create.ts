import { ConflictError, type VSwitchError } from "../core/errors.js";
import { differences } from "../core/differences.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { InterfaceSpec } from "../core/specs.js";
import type { CreatedInterface } from "../core/vswitch.js";
import { appliedInterface, readConfiguration } from "./applied.js";
import { checkApplied, warningsOf } from "./check.js";
import { ChangedMeanwhile, commit, commitPrepared, remember, retrying, type Context } from "./context.js";
import { select } from "./database.js";
import { interfaceInfo, presentSpec } from "./info.js";
import { lookUp, type Found } from "./lookup.js";
import { holdingBridge, markOf } from "./marks.js";
import { bridgeNameOf, targetOf } from "./placement.js";
import { createOperations, insertedId, type Target } from "./plan.js";
import { bondHasName, bridgesOwn, differs, noId, notOurs, reservedName } from "./refusals.js";
import { remove } from "./remove.js";
import type { InterfaceRow, Uuid } from "./rows.js";
import { checkSpec } from "./support.js";
import { portColumns } from "./spec-columns.js";
import { writtenRow } from "./written.js";

/**
 * `createInterface`: one transaction where the bridge was seen before and the name is free; guards and the database's
 * own indexes find out if not, and then it is planned on fresh facts.
 */
export async function create(
  context: Context,
  spec: InterfaceSpec,
): Promise<Result<CreatedInterface, VSwitchError>> {
  const { operation, session, deadline } = context;
  const fits = checkSpec(operation, spec, session.facts);
  if (fits.isErr()) return fits;
  if (spec.name === holdingBridge) return Err(reservedName(operation, spec.name));
  if (spec.name === spec.attach?.bridge) return Err(bridgesOwn(operation, spec.name));
  const root = session.knownRoot ?? (await session.rootId(deadline));
  if (root.isErr()) return root;
  return await retrying(context, (nth) => {
    const name = bridgeNameOf(spec.attach);
    const id = nth === 0 ? context.seen.bridges.get(name) : undefined;
    if (id === undefined) return createOnFacts(context, root.value, spec);
    return make(context, root.value, spec, { kind: "known", name, id });
  });
}

async function createOnFacts(
  context: Context,
  root: Uuid,
  spec: InterfaceSpec,
): Promise<Result<CreatedInterface, VSwitchError>> {
  const found = await lookUp(context.session, context.deadline, spec.name, bridgeNameOf(spec.attach));
  if (found.isErr()) return found;
  if (found.value.interface !== undefined) return existing(context, spec, found.value.interface);
  if (found.value.bond !== undefined) return Err(bondHasName(context.operation, spec.name));
  const target = targetOf(context, spec.attach, found.value);
  if (target.isErr()) return target;
  const free = await pathIsFree(context, spec);
  if (free.isErr()) return free;
  return make(context, root, spec, target.value);
}

/** The interface that has the name: the same one again, or a refusal. */
async function existing(
  context: Context,
  spec: InterfaceSpec,
  found: Found,
): Promise<Result<CreatedInterface, VSwitchError>> {
  const { operation, owner, session, deadline } = context;
  if (found.bridgeRow?.name === spec.name) return Err(bridgesOwn(operation, spec.name));
  const mark = markOf(found.interface.external_ids);
  if (mark?.owner !== owner) return Err(notOurs(operation, `the interface ${spec.name}`, mark, owner));
  const { attach, ...fields } = spec;
  const { createBridge: _how, ...place } = attach ?? {};
  const wanted = { ...fields, ...(attach !== undefined && { attach: place }) };
  const changes = differences(wanted, presentSpec(found, spec));
  if (changes.length > 0) return Err(differs(operation, `the interface ${spec.name}`, changes));
  // Whoever made it may still be waiting for vswitchd: so do we.
  if (!context.wait) return present(context, spec, found);
  const numbers = await readConfiguration(session, deadline);
  if (numbers.isErr()) return numbers;
  if (numbers.value === undefined) return present(context, spec, found);
  // What vswitchd has written of it since; and whoever made it may have taken it back.
  const fresh = await appliedInterface(session, numbers.value.next_cfg, found.interface._uuid, deadline);
  if (fresh.isErr()) return fresh;
  if (fresh.value === undefined) return Err(new ChangedMeanwhile(operation, `the interface ${spec.name}`));
  return present(context, spec, { ...found, interface: { ...found.interface, ...fresh.value } });
}

/** An interface that was there already. */
function present({ session }: Context, spec: InterfaceSpec, found: Found): Result<CreatedInterface, never> {
  const info = interfaceInfo(found, session.facts.vhostSocketDirectory);
  return Ok({ ...info, created: false, warnings: warningsOf(found.interface, spec) });
}

/** Says who has the path that a vhost-user client wants; see `guardVhostPath`. */
async function pathIsFree(context: Context, spec: InterfaceSpec): Promise<Result<void, VSwitchError>> {
  if (spec.type !== "vhost-user" || spec.mode !== "client" || spec.socket === undefined) return Ok(undefined);
  const options = new Map([["vhost-server-path", spec.socket]]);
  const read = await context.session.read(
    [select("Interface", [["options", "includes", options]], ["name"])],
    context.deadline,
  );
  if (read.isErr()) return read;
  const [taken] = read.value[0].rows;
  // An interface of this very name came between two reads: it is looked up again.
  if (taken === undefined || taken.name === spec.name) return Ok(undefined);
  const { operation } = context;
  const object = `socket ${spec.socket}`;
  const message = `${operation}: the interface ${taken.name} is a client of ${spec.socket} already, and two clients of one socket both fail: give ${spec.name} another socket, or delete ${taken.name}`;
  return Err(new ConflictError({ operation, object, message }));
}

async function make(
  context: Context,
  root: Uuid,
  spec: InterfaceSpec,
  target: Target,
): Promise<Result<CreatedInterface, VSwitchError>> {
  const { operation, owner, session, seen, wait } = context;
  const mark = { owner, key: spec.key ?? spec.name };
  const known =
    target.kind === "known" ? session.prepared.create({ root, wait }, spec, mark, target) : undefined;
  const committing =
    known === undefined
      ? commit(context, root, createOperations(root, spec, mark, target))
      : commitPrepared(context, known);
  // While the server is at it.
  const written = writtenRow(spec, mark);
  const unwaited = wait ? undefined : created(context, spec, written);
  const committed = await committing;
  if (committed.isErr()) return committed;
  const { operations, results } = committed.value;
  const id = insertedId(operations, results, "interface");
  const port = insertedId(operations, results, "port");
  if (id === undefined || port === undefined) return Err(noId(operation));
  if (target.kind === "known" && seen.bridges.get(target.name) === target.id) {
    remember(seen.ports, spec.name, { interface: id, port, bridge: target });
  }
  // What is committed is there for good only when vswitchd has taken it.
  const checked = await checkApplied(context, committed.value, {
    what: `the interface ${spec.name}`,
    interface: id,
    type: written.type,
    undo: (fresh) => remove(fresh, spec.name, id),
  });
  if (checked.isErr()) return checked;
  const { value: applied } = checked;
  if (applied === undefined && unwaited !== undefined)
    return Ok(Object.assign(unwaited, { native: { uuid: id } }));
  return Ok(created(context, spec, { ...written, ...applied, _uuid: id }));
}

function created({ session }: Context, spec: InterfaceSpec, row: InterfaceRow): CreatedInterface {
  const { attach } = spec;
  const info = interfaceInfo(
    { interface: row, port: portColumns(attach), bridge: attach && { name: attach.bridge } },
    session.facts.vhostSocketDirectory,
  );
  return Object.assign(info, { created: true, warnings: warningsOf(row, spec) });
}
