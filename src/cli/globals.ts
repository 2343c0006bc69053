import type { Argv } from "yargs";
import { longestTimer } from "../core/call.js";
import type { Engine } from "../index.js";

/** What every command is given. */
export interface Globals {
  readonly db: string | undefined;
  /** One of {@link engines}. */
  readonly engine: string | undefined;
  readonly owner: string | undefined;
  readonly datapathType: string | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly noWait: boolean | undefined;
  readonly json: boolean | undefined;
  readonly privateKey: string | undefined;
  readonly certificate: string | undefined;
  readonly caCert: string | undefined;
}

export const engines: readonly Engine[] = ["ovs", "vpp", "memory"];

/** Reads the value of an option that may stand only once: of two, one would be ignored in silence. */
const once =
  (option: string) =>
  (given: unknown): string | undefined => {
    if (Array.isArray(given)) throw new Error(`--${option} is given more than once`);
    return typeof given === "string" ? given : undefined;
  };

/** The settings of an option that takes one text. */
export const textOption = (option: string, describe: string) => ({
  describe,
  nargs: 1,
  requiresArg: true,
  coerce: once(option),
});

/** Seconds as ovs-vsctl takes them, where 0 is for ever, in milliseconds. */
function milliseconds(given: unknown): number | undefined {
  const text = once("timeout")(given);
  if (text === undefined) return undefined;
  const seconds = /^\d+(?:\.\d+)?$/u.test(text) ? Number(text) : Number.NaN;
  const ms = seconds === 0 ? longestTimer : Math.ceil(seconds * 1000);
  if (!(ms >= 1 && ms <= longestTimer))
    throw new Error(`-t or --timeout is ${JSON.stringify(text)}; expected seconds, such as 5 or 0.5`);
  return ms;
}

const group = "Connection:";

export function withGlobals(parser: Argv) {
  return parser.options({
    db: {
      ...textOption(
        "db",
        "the switch: unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT] (default: the socket of the engine, for Open vSwitch unix:db.sock in $OVS_RUNDIR or /var/run/openvswitch)",
      ),
      alias: "remote",
      group,
    },
    engine: {
      ...textOption(
        "engine",
        "which kind of switch (default: the one whose socket is there; memory is empty, and gone with the command)",
      ),
      choices: engines,
      group,
    },
    owner: {
      ...textOption(
        "owner",
        "whose things are made, changed and deleted (default: $VSWITCH_OWNER or vswitch-drivers)",
      ),
      group,
    },
    "datapath-type": {
      ...textOption(
        "datapath-type",
        "datapath_type of bridges that are made (Open vSwitch; default: netdev)",
      ),
      group,
    },
    timeout: {
      alias: "t",
      describe: "give up after so many seconds; 0: never (default: 10)",
      nargs: 1,
      requiresArg: true,
      coerce: milliseconds,
      group,
    },
    "no-wait": {
      type: "boolean",
      describe: "do not wait until the switch has applied a change",
      group,
    },
    "private-key": { ...textOption("private-key", "file with our private key, for ssl:"), alias: "p", group },
    certificate: { ...textOption("certificate", "file with the certificate for it"), alias: "c", group },
    "ca-cert": { ...textOption("ca-cert", "file with the switch's CA certificate"), alias: "C", group },
    json: { type: "boolean", describe: "print one JSON document, for errors too" },
  });
}

/** What every command takes, as the parser types it. */
export type GlobalOptions = ReturnType<typeof withGlobals> extends Argv<infer T> ? T : never;

/** The option of commands whose change may fail in the switch. */
export const withRollback = <T>(parser: Argv<T>) =>
  parser.option("no-rollback", {
    type: "boolean",
    describe: "keep what the switch could not apply, as ovs-vsctl does",
  });

/** What `--no-rollback` means to a verb. */
export const rollback = ({
  noRollback,
}: {
  readonly noRollback?: boolean | undefined;
}): { rollback?: false } => (noRollback === true ? { rollback: false } : {});
