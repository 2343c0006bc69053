import type { Argv } from "yargs";
import type { Capabilities, TypeSupport } from "../../index.js";
import { onSwitch } from "../connection.js";
import type { GlobalOptions } from "../globals.js";
import type { Choose, Report } from "../program.js";
import { printable } from "../style.js";
import { table } from "../table.js";
import { engineWords, supportWord } from "../words.js";

const row = ([what, support]: readonly [string, TypeSupport]): readonly string[] => [
  what,
  supportWord(support),
  printable(support.why),
];

function report(able: Capabilities): Report {
  const rows = Object.entries(able.interfaceTypes).map(row);
  const vlans = Object.entries(able.vlanModes).map(([mode, support]) => row([`VLANs: ${mode}`, support]));
  const addresses = row(["addresses", able.addresses]);
  const facts = Object.entries(able.native).map(([key, value]) => `${printable(key)}: ${printable(value)}`);
  return {
    data: able,
    text: (style) =>
      [
        style("bold", engineWords(able)),
        ...facts,
        "",
        table(["INTERFACE TYPE", "SUPPORTED", "WHY NOT"], rows),
        "",
        table(["FEATURE", "SUPPORTED", "WHY NOT"], [...vlans, addresses]),
      ].join("\n"),
  };
}

/** `vswitch capabilities`: what this switch can do. */
export const capabilitiesCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "capabilities",
    "tell which interface types this switch can make, and why not the others",
    (y) => y,
    (args) =>
      choose(
        args,
        onSwitch(async ({ vswitch, call }) => (await vswitch.capabilities(call())).map(report)),
      ),
  );
