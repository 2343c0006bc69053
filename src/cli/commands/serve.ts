import { setTimeout as sleep } from "node:timers/promises";
import type { Argv } from "yargs";
import { longestTimer } from "../../core/call.js";
import { Ok, type Result, type VSwitchError } from "../../index.js";
import type { ServeOptions, Service } from "../../service/index.js";
import { cniMethods } from "../cni-methods.js";
import { connectOptions, optionOf as connectionOptionOf } from "../connection.js";
import { textOption, type GlobalOptions } from "../globals.js";
import { inOptions } from "../in-options.js";
import type { Action, Choose, Environment, Report } from "../program.js";
import { printable } from "../style.js";

interface Arguments {
  readonly socket?: string | undefined;
  readonly socketMode?: number | undefined;
  readonly socketOwner?: string | undefined;
  readonly socketGroup?: string | undefined;
  readonly cni?: boolean | undefined;
  readonly maxClients?: number | undefined;
  readonly maxInFlight?: number | undefined;
  readonly maxMessageBytes?: number | undefined;
}

/** Where the service listens when nobody says otherwise. */
export const defaultSocket = "/run/vswitch/vswitch.sock";

const optionOf: Readonly<Record<string, string>> = {
  ...connectionOptionOf,
  socket: "--socket",
  "limits.maxClients": "--max-clients",
  "limits.maxInFlight": "--max-in-flight",
  "limits.maxMessageBytes": "--max-message-bytes",
};

function permissions(given: unknown): number | undefined {
  if (given === undefined) return undefined;
  if (typeof given === "string" && /^0?[0-7]{3}$/u.test(given)) return Number.parseInt(given, 8);
  throw new Error(`--socket-mode is ${JSON.stringify(given)}; expected permissions such as 0600 or 0660`);
}

const number =
  (option: string) =>
  (given: unknown): number | undefined => {
    if (given === undefined) return undefined;
    if (typeof given === "string" && /^\d{1,9}$/u.test(given)) return Number(given);
    throw new Error(`--${option} is ${JSON.stringify(given)}; expected a number`);
  };

const numberOption = (option: string, describe: string) => ({
  describe,
  nargs: 1,
  requiresArg: true,
  coerce: number(option),
});

function socketOf(
  args: Arguments,
  env: Environment["env"],
  passed: number | undefined,
): ServeOptions["socket"] {
  const fd = args.socket === undefined ? passed : undefined;
  if (fd !== undefined) return { fd };
  return {
    path: args.socket ?? (env["VSWITCH_SOCKET"] || defaultSocket),
    mode: args.socketMode,
    owner: args.socketOwner,
    group: args.socketGroup,
  };
}

const where = (socket: ServeOptions["socket"]): string =>
  "fd" in socket ? `the socket that was passed to it (descriptor ${socket.fd})` : socket.path;

/** Until the program is told to end. */
async function untilSignal(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await sleep(longestTimer, undefined, { signal }).catch(() => undefined);
}

/** The service is loaded when it is asked for: the other commands do not pay for it. */
async function start(
  args: Arguments,
  environment: Environment,
): Promise<Result<{ readonly service: Service; readonly place: string }, VSwitchError>> {
  const { passedDescriptor, serve } = await import("../../service/index.js");
  const { env, stderr } = environment;
  const limits = {
    ...(args.maxClients !== undefined && { maxClients: args.maxClients }),
    ...(args.maxInFlight !== undefined && { maxInFlight: args.maxInFlight }),
    ...(args.maxMessageBytes !== undefined && { maxMessageBytes: args.maxMessageBytes }),
  };
  const { signal: _signal, timeoutMs: _timeoutMs, ...vswitch } = connectOptions(environment, {});
  const socket = socketOf(args, env, passedDescriptor(env, process.pid));
  const started = await serve({
    socket,
    vswitch,
    limits,
    connect: environment.connect,
    methods: args.cni === true ? cniMethods : undefined,
    log: (line) => void stderr.write(`vswitch: ${printable(line)}\n`),
  });
  return inOptions(started, (path) => optionOf[path]).map((service) => ({ service, place: where(socket) }));
}

const run =
  (args: Arguments): Action =>
  async (environment) => {
    const started = await start(args, environment);
    if (started.isErr()) return started;
    await using _service = started.value.service;
    environment.stderr.write(`vswitch: serving on ${printable(started.value.place)}\n`);
    await untilSignal(environment.signal);
    const report: Report = { data: { ended: true }, text: () => "", endsBySignal: true };
    return Ok(report);
  };

/** `vswitch serve`: the core API for other processes. */
export const serveCommand = (parser: Argv<GlobalOptions>, choose: Choose): Argv<GlobalOptions> =>
  parser.command(
    "serve",
    "offer all this to other programs as JSON-RPC 2.0 on a unix socket, until SIGTERM or SIGINT",
    (y) =>
      y.options({
        socket: textOption(
          "socket",
          `where to listen (default: the socket that systemd passes, $VSWITCH_SOCKET, or ${defaultSocket})`,
        ),
        "socket-mode": {
          ...textOption("socket-mode", "permissions of the socket (default: 0600)"),
          coerce: permissions,
        },
        "socket-owner": textOption("socket-owner", "user that the socket belongs to"),
        "socket-group": textOption("socket-group", "group that the socket belongs to"),
        cni: {
          type: "boolean",
          describe:
            "run the CNI plugin too, as the methods cni.add to cni.version: whoever may connect can then run programs as this user",
        },
        "max-clients": numberOption("max-clients", "clients at a time (default: 256)"),
        "max-in-flight": numberOption("max-in-flight", "requests and watches of one client (default: 64)"),
        "max-message-bytes": numberOption(
          "max-message-bytes",
          "longest request, in bytes (default: 1048576)",
        ),
      }),
    (args) => choose(args, run(args)),
  );
