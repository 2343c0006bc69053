import type { Attachment } from "../../core/specs.js";
import type { SwInterfaceDetails } from "../bindings/interface.js";
import { SubIfFlags } from "../bindings/interface_types.js";

/*
 * VLANs on VPP, whose bridge domains know none: a bridge has a domain for each VLAN that is in use on it, beside its own,
 * which is that of VLAN 0. (Rewriting tags within one domain would not part them: what is flooded reaches every port.)
 * What a port has without a tag goes between the domain and the interface itself; each VLAN that it has tagged goes
 * through a sub-interface (dot1q, exact match) that takes the tag off. An interface in a domain lets frames with other
 * tags pass as they are, which would let their senders choose a VLAN behind the next trunk: a last sub-interface
 * (default: any tag that no other has) that is in no domain drops them. All of it is told by the sub-interfaces'
 * numbers, which VPP sets when it makes them and never changes.
 */

/** How an attachment was written: the first digit behind {@link prefix}. */
const modes = {
  access: 1,
  "explicit access": 2,
  trunk: 3,
  "explicit trunk": 4,
  /** Its native VLAN is among its trunks. */
  "native listed": 5,
  native: 6,
} as const;

type ModeDigit = (typeof modes)[keyof typeof modes];

/** The numbers of our sub-interfaces are 8021, a mode and four digits for the VLAN, as in `memif1/0.802130010`. */
const prefix = 8021;
const idsPerMode = 10_000;
const modesPerPrefix = 10;

/** The VLAN in the number of the sub-interface that drops. */
const dropping = 0;

const mostVlan = 4095;

/** `L2_VTR_POP_1` (VPP: `l2_vtr.h`). */
export const popOne = 3;

/** What the number of one of our sub-interfaces says. */
export interface SubId {
  readonly mode: ModeDigit;
  /** The VLAN whose frames it has; `undefined`: it drops those of all others. */
  readonly vlan: number | undefined;
}

const subId = (mode: ModeDigit, vlan = dropping): number =>
  (prefix * modesPerPrefix + mode) * idsPerMode + vlan;

const modeDigits: ReadonlySet<number> = new Set(Object.values(modes));
const isMode = (digit: number): digit is ModeDigit => modeDigits.has(digit);

/** Reads the number of a sub-interface; undefined: it is not one of ours. */
export function readSubId(id: number): SubId | undefined {
  const vlan = id % idsPerMode;
  const word = Math.floor(id / idsPerMode);
  const mode = word % modesPerPrefix;
  if (Math.floor(word / modesPerPrefix) !== prefix || !isMode(mode) || vlan > mostVlan) return undefined;
  return { mode, vlan: vlan === dropping ? undefined : vlan };
}

/** What a sub-interface is made with. */
export function subRequest(id: number): { readonly sub_if_flags: number; readonly outer_vlan_id: number } {
  const vlan = readSubId(id)?.vlan;
  return vlan === undefined
    ? { sub_if_flags: SubIfFlags.SUB_IF_API_FLAG_DEFAULT, outer_vlan_id: 0 }
    : {
        sub_if_flags: SubIfFlags.SUB_IF_API_FLAG_ONE_TAG | SubIfFlags.SUB_IF_API_FLAG_EXACT_MATCH,
        outer_vlan_id: vlan,
      };
}

/** Whether a sub-interface is as we make it. */
export function isOurSub(details: SwInterfaceDetails): boolean {
  if (readSubId(details.sub_id) === undefined) return false;
  const { sub_if_flags: flags, outer_vlan_id: vlan } = subRequest(details.sub_id);
  return (details.sub_if_flags & flags) === flags && details.sub_outer_vlan_id === vlan;
}

/** How an interface sits on a bridge. */
export interface Layout {
  /** The VLAN in whose domain the interface itself is; `undefined`: in none. */
  readonly untagged: number | undefined;
  /** Its sub-interfaces by their numbers, with the VLAN in whose domain each is; the one that drops is in none. */
  readonly subs: ReadonlyMap<number, number | undefined>;
}

/** On no bridge. */
export const nowhere: Layout = { untagged: undefined, subs: new Map() };

type Vlan = Pick<Attachment, "vlanMode" | "tag" | "trunks">;

function layout(mode: ModeDigit, untagged: number | undefined, tagged: readonly number[]): Layout {
  const subs = new Map<number, number | undefined>();
  if (untagged !== undefined) subs.set(subId(mode), undefined);
  for (const vlan of tagged.toSorted((a, b) => a - b)) subs.set(subId(mode, vlan), vlan);
  return { untagged, subs };
}

/** An attachment in VPP's terms; one that {@link refusedVlan} lets pass. */
export function layoutOf(attachment: Vlan): Layout {
  const { vlanMode, tag = 0, trunks = [] } = attachment;
  switch (vlanMode ?? (attachment.tag === undefined ? "trunk" : "access")) {
    case "access":
      return layout(vlanMode === undefined ? modes.access : modes["explicit access"], tag, []);
    case "dot1q-tunnel":
      return { untagged: tag, subs: new Map() };
    case "native-tagged":
    case "native-untagged":
      return layout(
        trunks.includes(tag) ? modes["native listed"] : modes.native,
        tag,
        trunks.filter((vlan) => vlan !== tag),
      );
    case "trunk":
      if (trunks.length === 0) return { untagged: 0, subs: new Map() };
      return layout(
        vlanMode === undefined ? modes.trunk : modes["explicit trunk"],
        trunks.includes(0) ? 0 : undefined,
        trunks.filter((vlan) => vlan !== 0),
      );
  }
}

/**
 * The VLAN settings of an interface: from the VLAN in whose domain it is itself (`undefined`: in none) and the numbers of
 * its sub-interfaces.
 */
export function vlanOf(untagged: number | undefined, subIds: readonly number[]): Vlan {
  const ids = subIds.flatMap((id) => readSubId(id) ?? []);
  const tagged = ids.flatMap(({ vlan }) => vlan ?? []).toSorted((a, b) => a - b);
  const native = untagged === undefined ? {} : { tag: untagged };
  const own = untagged === undefined ? [] : [untagged];
  switch (ids[0]?.mode) {
    case undefined:
      return untagged === undefined || untagged === 0 ? {} : { vlanMode: "dot1q-tunnel", tag: untagged };
    case modes.access:
      return native;
    case modes["explicit access"]:
      return { vlanMode: "access", ...native };
    case modes.trunk:
      return { trunks: [...own, ...tagged] };
    case modes["explicit trunk"]:
      return { vlanMode: "trunk", trunks: [...own, ...tagged] };
    case modes["native listed"]:
      return {
        vlanMode: "native-untagged",
        ...native,
        trunks: [...own, ...tagged].toSorted((a, b) => a - b),
      };
    case modes.native:
      return { vlanMode: "native-untagged", ...native, trunks: tagged };
  }
}

/** A field of an attachment that VPP cannot carry out. */
interface RefusedVlan {
  readonly field: "vlanMode" | "tag" | "trunks";
  readonly why: string;
}

const nameThem =
  "on VPP a port carries the VLANs that it has sub-interfaces for, not all: name them in trunks, or leave out all VLAN settings to be on the bridge with untagged frames";

/** What VPP cannot carry out of VLAN settings as Open vSwitch does. */
export function refusedVlan({ vlanMode, tag, trunks = [] }: Vlan): RefusedVlan | undefined {
  switch (vlanMode) {
    case "native-tagged":
      return {
        field: "vlanMode",
        why: "VPP would send the native VLAN untagged too: use native-untagged, or trunk",
      };
    case "dot1q-tunnel":
      if (trunks.length > 0)
        return { field: "trunks", why: "a dot1q-tunnel carries whatever is tagged in it: leave out trunks" };
      if (tag === 0)
        return {
          field: "tag",
          why: "VLAN 0 is that of frames without a tag and cannot be a tunnel: use another",
        };
      return undefined;
    case "native-untagged":
      if (trunks.length === 0) return { field: "trunks", why: nameThem };
      if (tag !== 0 && trunks.includes(0))
        return { field: "trunks", why: "frames without a tag are the native VLAN's: leave 0 out of trunks" };
      return undefined;
    case "trunk":
      return trunks.length === 0 ? { field: "trunks", why: nameThem } : undefined;
    case "access":
    case undefined:
      return undefined;
  }
}
