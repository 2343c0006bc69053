import { ConflictError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { CreateSubif, DeleteSubif, SwInterfaceSetFlags } from "../bindings/interface.js";
import { SubIfFlags } from "../bindings/interface_types.js";
import { L2InterfaceVlanTagRewrite, SwInterfaceSetL2Bridge } from "../bindings/l2.js";
import type { Context } from "./context.js";
import { isTarget, type Targets } from "./domains.js";
import { popOne, readSubId, subRequest, type Layout } from "./vlan.js";
import { again } from "./verb.js";
import { readDetails, type Found, type Sub, type World } from "./world.js";

/** A layout with the numbers of the domains instead of the VLANs. */
export interface Place {
  readonly untagged: number | undefined;
  /** The domains of the sub-interfaces, by their numbers. */
  readonly subs: ReadonlyMap<number, number | undefined>;
}

/** What is put in a place: an interface with the sub-interfaces that it has. */
export type Placed = Pick<Found, "index" | "domain" | "subs">;

const idFor = (targets: Targets, vlan: number | undefined): number | undefined =>
  vlan === undefined ? undefined : targets.get(vlan)?.id;

/** The place that a layout is in these domains. */
export const placeIn = ({ untagged, subs }: Layout, targets: Targets): Place => ({
  untagged: idFor(targets, untagged),
  subs: new Map([...subs].map(([id, vlan]) => [id, idFor(targets, vlan)])),
});

/** The place that an interface has. */
export const placeOf = ({ domain, subs }: Placed): Place => ({
  untagged: domain?.id,
  subs: new Map(subs.map((sub) => [sub.id, sub.domain?.id])),
});

/** The VLANs that a layout needs domains for. */
export const vlansOf = ({ untagged, subs }: Layout): ReadonlySet<number> =>
  new Set([untagged, ...subs.values()].filter((vlan) => vlan !== undefined));

const adminUp = 1;
const isUp = ({ flags }: { readonly flags: number }): boolean => (flags & adminUp) !== 0;

/** Whether an interface is in the very domains that a layout is for, and carries frames there. */
export function isPlaced(found: Found, layout: Layout, targets: Targets): boolean {
  const { untagged } = layout;
  if (!isTarget(found.domain, untagged === undefined ? undefined : targets.get(untagged))) return false;
  if (found.subs.length !== layout.subs.size) return false;
  return found.subs.every((sub) => {
    if (!layout.subs.has(sub.id)) return false;
    const vlan = layout.subs.get(sub.id);
    if (vlan === undefined) return sub.domain === undefined;
    const carries = sub.details.vtr_op === popOne && isUp(sub.details) === isUp(found.details);
    return carries && isTarget(sub.domain, targets.get(vlan));
  });
}

/** Puts an interface, or a sub-interface, in a bridge domain, from wherever it is; without a domain it is taken off. */
function putOn(
  context: Context,
  index: number,
  domain: number | undefined,
): Promise<Result<unknown, VSwitchError>> {
  return context.call(SwInterfaceSetL2Bridge, {
    rx_sw_if_index: index,
    bd_id: domain ?? 0,
    port_type: "L2_API_PORT_TYPE_NORMAL",
    shg: 0,
    enable: domain !== undefined,
  });
}

/** Somebody else's sub-interface that has frames which one of ours is to have: VPP has one for each VLAN. */
export function hindrance(
  operation: string,
  world: World,
  found: Found,
  { subs }: Layout,
): ConflictError | undefined {
  const wanted = [...subs.keys()].map(subRequest);
  const other = world.interfaces.find(
    ({ details }) =>
      details.sup_sw_if_index === found.index &&
      details.sw_if_index !== found.index &&
      wanted.some(({ sub_if_flags: flags, outer_vlan_id: vlan }) =>
        (flags & SubIfFlags.SUB_IF_API_FLAG_DEFAULT) === 0
          ? details.sub_outer_vlan_id === vlan && details.sub_number_of_tags === 1
          : (details.sub_if_flags & SubIfFlags.SUB_IF_API_FLAG_DEFAULT) !== 0,
      ),
  );
  if (other === undefined) return undefined;
  const message = `${operation}: the interface ${found.name} has a sub-interface ${other.name} that was not made with this library and takes frames of the same VLAN: delete that first`;
  return new ConflictError({ operation, object: `interface ${found.name}`, message });
}

/** INVALID_SW_IF_INDEX: it is gone already. */
const gone = -2;
/**
 * What VPP answers where somebody else moves the same interface: INVALID_SW_IF_INDEX, VLAN_ALREADY_EXISTS, and to
 * `create_subif` UNSPECIFIED (the VLAN has a sub-interface of another number).
 */
const collisions: ReadonlySet<number | undefined> = new Set([gone, -56, -1]);

const unlessCollision = (error: VSwitchError): Result<never, VSwitchError> | typeof again =>
  error.kind === "rejected" && collisions.has(error.code) ? again : Err(error);

async function deleteSub(
  context: Context,
  { index, id, details }: Sub,
): Promise<Result<unknown, VSwitchError>> {
  // The index may be another's by now.
  const now = await readDetails(context, index);
  if (now.isErr()) return now;
  const isSame = now.value?.sub_id === id && now.value.sup_sw_if_index === details.sup_sw_if_index;
  if (!isSame) return Ok(undefined);
  const deleted = await context.call(DeleteSubif, { sw_if_index: index });
  const isGone = deleted.isErr() && deleted.error.kind === "rejected" && deleted.error.code === gone;
  return isGone ? Ok(undefined) : deleted;
}

/** The first failure of what went out together. */
const firstFailure = <T>(
  results: readonly (Result<T, VSwitchError> | typeof again)[],
): Result<void, VSwitchError> | typeof again => {
  for (const result of results) if (result !== again && result.isErr()) return Err(result.error);
  return results.includes(again) ? again : Ok(undefined);
};

/** Deletes sub-interfaces of one interface. */
export async function deleteSubs(
  context: Context,
  subs: readonly Sub[],
): Promise<Result<void, VSwitchError>> {
  const failed = firstFailure(await Promise.all(subs.map((sub) => deleteSub(context, sub))));
  return failed === again ? Ok(undefined) : failed;
}

/**
 * Makes a sub-interface, or puts one that is there, in its domain. It comes up last (see {@link raise}): until its tag is
 * taken off nothing may go through. The rewriting comes after the domain: VPP forgets it when the sub-interface leaves
 * its domain or is deleted there, else it stays for the next one with its index.
 */
async function seat(
  context: Context,
  parent: number,
  present: Sub | undefined,
  id: number,
  domain: number | undefined,
): Promise<Result<unknown, VSwitchError> | typeof again> {
  let index = present?.index;
  if (index === undefined) {
    const request = { sw_if_index: parent, sub_id: id, inner_vlan_id: 0, ...subRequest(id) };
    const made = await context.call(CreateSubif, request);
    if (made.isErr()) return unlessCollision(made.error);
    index = made.value.sw_if_index;
  }
  if (present?.domain?.id !== domain) {
    const put = await putOn(context, index, domain);
    if (put.isErr()) return unlessCollision(put.error);
  }
  if (domain === undefined || present?.details.vtr_op === popOne) return Ok(undefined);
  const pop = { sw_if_index: index, vtr_op: popOne, push_dot1q: 0, tag1: 0, tag2: 0 };
  const popped = await context.call(L2InterfaceVlanTagRewrite, pop);
  return popped.isErr() ? unlessCollision(popped.error) : popped;
}

const isDropping = ({ id }: Sub): boolean => readSubId(id)?.vlan === undefined;

/**
 * Brings an interface from the place that it has to another: what is there and fits stays. While the sub-interface that
 * drops is exchanged the interface is in no domain.
 */
export async function arrange(
  context: Context,
  { index, domain, subs }: Placed,
  place: Place,
): Promise<Result<void, VSwitchError> | typeof again> {
  const surplus = subs.filter(({ id }) => !place.subs.has(id));
  let at = domain?.id;
  if (at !== undefined && surplus.some(isDropping)) {
    const off = await putOn(context, index, undefined);
    if (off.isErr()) return Err(off.error);
    at = undefined;
  }
  const deleted = await deleteSubs(context, surplus);
  if (deleted.isErr()) return deleted;
  const seated = await Promise.all(
    [...place.subs].map(([id, to]) =>
      seat(
        context,
        index,
        subs.find((sub) => sub.id === id),
        id,
        to,
      ),
    ),
  );
  const failed = firstFailure(seated);
  if (failed === again || failed.isErr()) return failed;
  if (at === place.untagged) return Ok(undefined);
  const put = await putOn(context, index, place.untagged);
  return put.map(() => undefined);
}

/** Brings the sub-interfaces up that carry frames, where the interface itself is up: VPP refuses it otherwise. */
export async function raise(
  context: Context,
  { details, subs }: Pick<Found, "details" | "subs">,
): Promise<Result<void, VSwitchError> | typeof again> {
  if (!isUp(details)) return Ok(undefined);
  const down = subs.filter((sub) => !isDropping(sub) && !isUp(sub.details));
  return firstFailure(
    await Promise.all(
      down.map(async ({ index }) => {
        const up = await context.call(SwInterfaceSetFlags, { sw_if_index: index, flags: adminUp });
        return up.isErr() ? unlessCollision(up.error) : up;
      }),
    ),
  );
}
