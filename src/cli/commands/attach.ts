import type { Argv } from "yargs";
import { attachmentSchema } from "../../core/specs.js";
import type { MovedInterface } from "../../index.js";
import { onSwitch, withInput } from "../connection.js";
import { rollback, withRollback, type GlobalOptions } from "../globals.js";
import { inOptions } from "../in-options.js";
import type { Choose, Report } from "../program.js";
import { fieldsOf, optionIn } from "../spec-fields.js";
import { specFrom, withFields } from "../spec-options.js";
import { printable } from "../style.js";
import { placeWords } from "../words.js";

const prefix = "attach.";
const fields = fieldsOf(attachmentSchema, prefix).filter(({ path }) => path !== `${prefix}bridge`);

const cut = "the switch has opened the port anew: a connected peer was cut and has to connect again";

function report(moved: MovedInterface): Report {
  const verb = moved.moved ? "is now" : "was already";
  return {
    data: moved,
    text: () => `${printable(moved.name)} ${verb} ${placeWords(moved)}`,
    notes: moved.reopened ? [cut] : [],
  };
}

const nameArgument = {
  describe: "name of one of our interfaces",
  type: "string",
  demandOption: true,
} as const;

/** `vswitch attach NAME BRIDGE`: one of our interfaces onto a bridge. */
export const attachCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "attach <name> <bridge>",
    "put an interface on a bridge, from wherever it is",
    (y) =>
      withRollback(withFields(y, "VLAN:", fields))
        .positional("name", nameArgument)
        .positional("bridge", {
          describe: "the bridge (Open vSwitch), or name or number of the bridge domain (VPP)",
          type: "string",
          demandOption: true,
        }),
    (args) =>
      choose(
        args,
        withInput(
          (program) => {
            const input = { args, given: { bridge: args.bridge }, prefix };
            return specFrom("attachToBridge", attachmentSchema, fields, input, program);
          },
          async ({ vswitch, change }, spec) => {
            const moved = await vswitch.attachToBridge(args.name, spec, { ...change(), ...rollback(args) });
            return inOptions(moved, optionIn(prefix)).map(report);
          },
        ),
      ),
  );

/** `vswitch detach NAME`: one of our interfaces off its bridge. */
export const detachCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "detach <name>",
    "take an interface off its bridge; it stays, isolated",
    (y) => withRollback(y).positional("name", nameArgument),
    (args) =>
      choose(
        args,
        onSwitch(async ({ vswitch, change }) => {
          const moved = await vswitch.detachFromBridge(args.name, { ...change(), ...rollback(args) });
          return moved.map(report);
        }),
      ),
  );
