/** How interfaces and bridges are put into words, the same wherever they are printed. */
import type { BridgeInfo, Capabilities, Engine, InterfaceInfo, Mark, TypeSupport } from "../index.js";
import { printable, type Style } from "./style.js";

const engineNames: Readonly<Record<Engine, string>> = {
  ovs: "Open vSwitch",
  vpp: "VPP",
  memory: "in-memory switch",
};

/** Which switch it is, such as `Open vSwitch 3.1.0`. */
export const engineWords = ({ engine, version }: Pick<Capabilities, "engine" | "version">): string =>
  version === "" ? engineNames[engine] : `${engineNames[engine]} ${printable(version)}`;

/** VLAN settings, such as `access 10` or `native-tagged 10, trunks 20,30`; empty: none are set. */
export function vlanWords({ vlanMode, tag, trunks }: InterfaceInfo["vlan"]): string {
  const mode = vlanMode ?? (tag === undefined ? "trunk" : "access");
  if (mode === "trunk" && trunks === undefined && vlanMode === undefined) return "";
  const native = tag === undefined ? mode : `${mode} ${tag}`;
  if (trunks === undefined) return native;
  return mode === "trunk" ? `trunk ${trunks.join(",")}` : `${native}, trunks ${trunks.join(",")}`;
}

/** The type, and in brackets the switch's own word for it where ours says less. */
export const typeWords = ({ type, nativeType }: InterfaceInfo): string =>
  type === "other" ? `other (${printable(nativeType)})` : type;

/** Where it is, such as `on br0 (access 10)`. */
export function placeWords({ bridge, vlan }: InterfaceInfo): string {
  if (bridge === null) return "isolated";
  const words = vlanWords(vlan);
  return `on ${printable(bridge)}${words === "" ? "" : ` (${words})`}`;
}

/** Whose it is, such as `lab`, or `lab, key pod-1` where the key is not the name; empty: not made by this library. */
export function ownerWords(mark: Mark | null, name: string): string {
  if (mark === null) return "";
  return mark.key === name ? printable(mark.owner) : `${printable(mark.owner)}, key ${printable(mark.key)}`;
}

/** Whether a peer is there, coloured; empty: the switch does not say. */
export function linkWords({ linkState }: InterfaceInfo, style: Style): string {
  if (linkState === "unknown") return "";
  return style(linkState === "up" ? "green" : "yellow", `link ${linkState}`);
}

/** What may have to be said about how long a bridge stays. */
export const lifetimeWords = ({ lifetime }: BridgeInfo): string =>
  lifetime === null ? "" : lifetime === "on-demand" ? "on demand" : "persistent";

/** Whether something can be had, in a word. */
export const supportWord = ({ supported, experimental }: TypeSupport): string =>
  supported ? (experimental ? "experimental" : "yes") : "no";
