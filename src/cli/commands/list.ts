import type { Argv } from "yargs";
import type { InterfaceInfo } from "../../index.js";
import { onSwitch } from "../connection.js";
import { textOption, type GlobalOptions } from "../globals.js";
import type { Choose } from "../program.js";
import { printable } from "../style.js";
import { table } from "../table.js";
import { ownerWords, typeWords, vlanWords } from "../words.js";

const headings = ["NAME", "TYPE", "BRIDGE", "VLAN", "LINK", "MTU", "OWNER", "SOCKET", "ERROR"];

const row = (info: InterfaceInfo): readonly string[] => [
  printable(info.name),
  typeWords(info),
  info.bridge === null ? "-" : printable(info.bridge),
  vlanWords(info.vlan),
  info.linkState === "unknown" ? "" : info.linkState,
  info.mtu === null ? "" : String(info.mtu),
  ownerWords(info.mark, info.name),
  printable(info.socket ?? ""),
  printable(info.error ?? ""),
];

/** `vswitch list`: all interfaces as a table. */
export const listCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "list",
    "list the interfaces, whoever made them",
    (y) =>
      y.options({
        own: { type: "boolean", describe: "only what our owner has made" },
        bridge: textOption("bridge", "only what is on this bridge"),
      }),
    (args) =>
      choose(
        args,
        onSwitch(async ({ vswitch, call }) => {
          const { own, bridge } = args;
          const options = {
            ...call(),
            ...(own === true && { ownOnly: true }),
            ...(bridge !== undefined && { bridge }),
          };
          const interfaces = await vswitch.listInterfaces(options);
          return interfaces.map((all) => ({
            data: all,
            text: () => (all.length === 0 ? "" : table(headings, all.map(row))),
          }));
        }),
      ),
  );
