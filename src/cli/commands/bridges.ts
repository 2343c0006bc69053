import type { Argv } from "yargs";
import { bridgeSpecSchema } from "../../core/specs.js";
import type { BridgeInfo } from "../../index.js";
import { onSwitch, withInput } from "../connection.js";
import { rollback, withRollback, type GlobalOptions } from "../globals.js";
import { inOptions } from "../in-options.js";
import type { Choose } from "../program.js";
import { fieldsOf, optionIn } from "../spec-fields.js";
import { specFrom, withFields } from "../spec-options.js";
import { printable } from "../style.js";
import { table } from "../table.js";
import { lifetimeWords } from "../words.js";
import { deletedReport } from "./delete.js";

const fields = fieldsOf(bridgeSpecSchema);

/** `vswitch create-bridge NAME`: a bridge that stays. */
export const createBridgeCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "create-bridge <name>",
    "make a bridge that stays until it is deleted",
    (y) =>
      withRollback(withFields(y, "Bridge:", fields)).positional("name", {
        describe: "the bridge (Open vSwitch), or name or number of the bridge domain (VPP)",
        type: "string",
        demandOption: true,
      }),
    (args) =>
      choose(
        args,
        withInput(
          (program) => {
            const input = { args, given: { name: args.name } };
            return specFrom("ensureBridge", bridgeSpecSchema, fields, input, program);
          },
          async ({ vswitch, change }, spec) => {
            const ensured = await vswitch.ensureBridge(spec, { ...change(), ...rollback(args) });
            return inOptions(ensured, optionIn()).map((bridge) => {
              const name = printable(bridge.name);
              const text = bridge.created ? `created bridge ${name}` : `bridge ${name} is there already`;
              return { data: bridge, text: () => text };
            });
          },
        ),
      ),
  );

/** `vswitch delete-bridge NAME`: a bridge that we made and that is empty. */
export const deleteBridgeCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "delete-bridge <name>",
    "delete a bridge of ours that is empty; one that is gone is a success",
    (y) =>
      y.positional("name", { describe: "name of one of our bridges", type: "string", demandOption: true }),
    (args) =>
      choose(
        args,
        onSwitch(async ({ vswitch, change }) => {
          const deleted = await vswitch.deleteBridge(args.name, change());
          return deleted.map((result) => deletedReport(`bridge ${args.name}`, result));
        }),
      ),
  );

const headings = ["NAME", "INTERFACES", "OWNER", "LIFETIME", "ERROR"];

const row = (bridge: BridgeInfo): readonly string[] => [
  printable(bridge.name),
  String(bridge.interfaces.length),
  printable(bridge.mark?.owner ?? ""),
  lifetimeWords(bridge),
  printable(bridge.error ?? ""),
];

/** `vswitch list-bridges`: all bridges as a table. */
export const listBridgesCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "list-bridges",
    "list the bridges, whoever made them",
    (y) => y,
    (args) =>
      choose(
        args,
        onSwitch(async ({ vswitch, call }) => {
          const bridges = await vswitch.listBridges(call());
          return bridges.map((all) => ({
            data: all,
            text: () => (all.length === 0 ? "" : table(headings, all.map(row))),
          }));
        }),
      ),
  );
