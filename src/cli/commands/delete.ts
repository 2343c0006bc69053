import type { Argv } from "yargs";
import type { Deleted } from "../../index.js";
import { onSwitch } from "../connection.js";
import type { GlobalOptions } from "../globals.js";
import type { Choose, Report } from "../program.js";
import { printable } from "../style.js";

/** What was gone already is a success, and is told: a misspelt name looks the same. */
export function deletedReport(what: string, { deleted }: Deleted): Report {
  return deleted
    ? { data: { deleted }, text: () => `deleted ${printable(what)}` }
    : { data: { deleted }, text: () => "", notes: [`no ${printable(what)} is there: nothing was deleted`] };
}

/** `vswitch delete NAME`: one of our interfaces. */
export const deleteCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "delete <name>",
    "delete one of our interfaces; one that is gone is a success",
    (y) =>
      y.positional("name", {
        describe: "name of one of our interfaces",
        type: "string",
        demandOption: true,
      }),
    (args) =>
      choose(
        args,
        onSwitch(async ({ vswitch, change }) => {
          const deleted = await vswitch.deleteInterface(args.name, change());
          return deleted.map((result) => deletedReport(`interface ${args.name}`, result));
        }),
      ),
  );
