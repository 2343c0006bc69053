import treeify from "object-treeify";
import type { Argv } from "yargs";
import { Ok, type BridgeInfo, type Capabilities, type InterfaceInfo } from "../../index.js";
import { onSwitch } from "../connection.js";
import type { GlobalOptions } from "../globals.js";
import type { Choose, Report } from "../program.js";
import { printable, type Style } from "../style.js";
import { engineWords, lifetimeWords, linkWords, ownerWords, typeWords, vlanWords } from "../words.js";

type Tree = Record<string, string | object>;

const words = (...parts: readonly string[]): string => parts.filter((part) => part !== "").join("  ");

function interfaceNode(info: InterfaceInfo, style: Style): readonly [string, Tree] {
  const owner = ownerWords(info.mark, info.name);
  const label = words(
    style("bold", printable(info.name)),
    typeWords(info),
    vlanWords(info.vlan),
    info.adminState === "down" ? style("yellow", "admin down") : "",
    linkWords(info, style),
    info.mtu === null ? "" : `mtu ${info.mtu}`,
    owner === "" ? "" : style("dim", `[${owner}]`),
  );
  const below: Tree = {};
  if (info.socket !== null) below["socket"] = printable(info.socket);
  if (info.addresses.length > 0) below["addresses"] = printable(info.addresses.join(", "));
  if (info.error !== null) below[style("red", "error")] = style("red", printable(info.error));
  return [label, below];
}

function bridgeLabel(name: string, bridge: BridgeInfo | undefined, style: Style): string {
  const owner = bridge === undefined ? "" : words(ownerWords(bridge.mark, name), lifetimeWords(bridge));
  const error = bridge?.error ?? null;
  return words(
    `bridge ${style("bold", printable(name))}`,
    owner === "" ? "" : style("dim", `[${owner.replace("  ", ", ")}]`),
    error === null ? "" : style("red", `error: ${printable(error)}`),
  );
}

/** Bridges with what is on them, then what is on none. */
function tree(bridges: readonly BridgeInfo[], interfaces: readonly InterfaceInfo[], style: Style): Tree {
  const on = (name: string | null): Tree =>
    Object.fromEntries(
      interfaces.filter(({ bridge }) => bridge === name).map((info) => interfaceNode(info, style)),
    );
  const known = new Map(bridges.map((bridge) => [bridge.name, bridge]));
  // The two lists are read one after the other: what is on a bridge that came between is shown too.
  const names = new Set([...known.keys(), ...interfaces.flatMap(({ bridge }) => bridge ?? [])]);
  const root: Tree = {};
  for (const name of names) root[bridgeLabel(name, known.get(name), style)] = on(name);
  const isolated = on(null);
  if (Object.keys(isolated).length > 0) root["isolated"] = isolated;
  return root;
}

function overview(
  able: Capabilities,
  bridges: readonly BridgeInfo[],
  interfaces: readonly InterfaceInfo[],
): Report {
  return {
    data: { engine: able.engine, version: able.version, bridges, interfaces },
    text: (style) => {
      const root = tree(bridges, interfaces, style);
      const head = style("bold", engineWords(able));
      return Object.keys(root).length === 0 ? head : `${head}\n${treeify(root)}`;
    },
  };
}

const record = (entries: Readonly<Record<string, unknown>>): Tree =>
  Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [printable(key), printable(String(value))]),
  );

/** One interface with all that is known of it. */
function detail(info: InterfaceInfo): Report {
  const text = (style: Style): string => {
    const below: Tree = {
      type: typeWords(info),
      "native type": printable(info.nativeType),
      bridge: info.bridge === null ? "none: isolated" : printable(info.bridge),
      vlan: vlanWords(info.vlan) || "none",
      owner: ownerWords(info.mark, info.name) || "none: not made by this library",
      "admin state": info.adminState,
      "link state": info.linkState,
      mtu: String(info.mtu ?? "unknown"),
      mac: info.mac ?? "unknown",
    };
    if (info.socket !== null) below["socket"] = printable(info.socket);
    if (info.addresses.length > 0) below["addresses"] = printable(info.addresses.join(", "));
    if (info.error !== null) below[style("red", "error")] = style("red", printable(info.error));
    for (const [head, entries] of [
      ["external ids", info.externalIds],
      ["native", info.native],
      ["statistics", info.statistics],
    ] as const) {
      if (Object.keys(entries).length > 0) below[head] = record(entries);
    }
    return `${style("bold", printable(info.name))}\n${treeify(below)}`;
  };
  return { data: info, text };
}

/** `vswitch show [NAME]`: the switch as a tree, or one interface. */
export const showCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "show [name]",
    "show bridges and interfaces as a tree, or all about one interface",
    (y) => y.positional("name", { describe: "name of an interface, whoever made it", type: "string" }),
    ({ name, ...args }) =>
      choose(
        args,
        onSwitch(async ({ vswitch, call }) => {
          if (name !== undefined) return (await vswitch.getInterface(name, call())).map(detail);
          const able = await vswitch.capabilities(call());
          if (able.isErr()) return able;
          const bridges = await vswitch.listBridges(call());
          if (bridges.isErr()) return bridges;
          const interfaces = await vswitch.listInterfaces(call());
          if (interfaces.isErr()) return interfaces;
          return Ok(overview(able.value, bridges.value, interfaces.value));
        }),
      ),
  );
