import type { Argv } from "yargs";
import { byInterfaceType, interfaceSpecSchema } from "../../core/specs.js";
import type { CreatedInterface, InterfaceType } from "../../index.js";
import { withInput } from "../connection.js";
import { rollback, withRollback, type GlobalOptions } from "../globals.js";
import { inOptions } from "../in-options.js";
import type { Choose, Report } from "../program.js";
import { fieldsOf, optionIn, type SpecField } from "../spec-fields.js";
import { specFrom, withFields } from "../spec-options.js";
import { printable } from "../style.js";
import { placeWords, typeWords } from "../words.js";

const about: Readonly<Record<InterfaceType, string>> = {
  "vhost-user": "shared memory with a virtual machine or container, over a unix socket",
  memif: "shared memory packet interface to another process",
  tap: "tap device of the kernel",
  internal: "port that the host sees as a network device (Open vSwitch)",
  loopback: "loopback interface (VPP)",
  "af-packet": "device of the kernel, opened with AF_PACKET (VPP)",
  dpdk: "device that DPDK drives (Open vSwitch)",
  patch: "one end of a cable between two bridges (Open vSwitch)",
  vxlan: "VXLAN tunnel, RFC 7348",
  geneve: "Geneve tunnel, RFC 8926",
};

const types = byInterfaceType((type) => type);

const fieldsByType = byInterfaceType((type): readonly SpecField[] => {
  const schema = interfaceSpecSchema.options.find(({ entries }) => entries.type.literal === type);
  return schema === undefined ? [] : fieldsOf(schema);
});

const onBridge = ({ path }: SpecField): boolean => path.startsWith("attach.");
const ofEveryType = ({ path }: SpecField): boolean =>
  Object.values(fieldsByType).every((fields) => fields.some((field) => field.path === path));

/** The options of a type: its own, then those of every type, then where to put it. */
const withType = <T>(parser: Argv<T>, fields: readonly SpecField[], type: InterfaceType): Argv<T> => {
  const [own, every] = [false, true].map((common) =>
    fields.filter((field) => !onBridge(field) && ofEveryType(field) === common),
  );
  const first = withFields(parser, `Of ${type}:`, own ?? [], type);
  const second = withFields(first, "Of every type:", every ?? [], type);
  return withFields(second, "On a bridge:", fields.filter(onBridge), type);
};

function report(made: CreatedInterface): Report {
  const name = printable(made.name);
  const socket = made.socket === null ? "" : `, socket ${printable(made.socket)}`;
  const start = made.created
    ? `created ${typeWords(made)} ${name}`
    : `${name} is there already: ${typeWords(made)}`;
  return { data: made, text: () => `${start}, ${placeWords(made)}${socket}`, notes: made.warnings };
}

function createType(parser: Argv<GlobalOptions>, type: InterfaceType, choose: Choose): Argv<GlobalOptions> {
  const fields = fieldsByType[type];
  return parser.command(
    `${type} <name>`,
    about[type],
    (y) =>
      withRollback(withType(y, fields, type))
        .usage(`$0 create ${type} <name> [OPTIONS]\n\n${about[type]}`)
        .positional("name", {
          describe: "name of the interface, unique on the switch",
          type: "string",
          demandOption: true,
        }),
    (args) =>
      choose(
        args,
        withInput(
          (program) => {
            const given = { type, name: args.name };
            return specFrom("createInterface", interfaceSpecSchema, fields, { args, given }, program);
          },
          async ({ vswitch, change }, spec) => {
            const made = await vswitch.createInterface(spec, { ...change(), ...rollback(args) });
            return inOptions(made, optionIn()).map(report);
          },
        ),
      ),
  );
}

/** `vswitch create TYPE NAME`: an interface, each type with its own options. */
export const createCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command("create", "make an interface; the same again gives the one that is there", (y) =>
    Object.values(types)
      .reduce((next, type) => createType(next, type, choose), y.usage("$0 create TYPE NAME"))
      .demandCommand(1, `missing type; expected one of ${Object.values(types).join(", ")}`),
  );
