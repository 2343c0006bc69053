import { code, CniError } from "./errors.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The commands of the CNI specification 1.1.0. */
export const commands = ["ADD", "DEL", "CHECK", "GC", "STATUS", "VERSION"] as const;
export type Command = (typeof commands)[number];

/** Which attachment a command is about. */
export interface AttachmentId {
  readonly containerId: string;
  readonly ifName: string;
}

/** What the runtime says in the environment. */
export interface Invocation extends AttachmentId {
  readonly command: Command;
  /** Empty for commands that are given none. */
  readonly netns: string;
  /** The directories of `CNI_PATH`. */
  readonly path: readonly string[];
  /** The pairs of `CNI_ARGS`. */
  readonly args: ReadonlyMap<string, string>;
}

/** What each command needs; the specification's section "Parameters". */
const needed: Readonly<Record<Command, readonly string[]>> = {
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  DEL: ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  GC: ["CNI_PATH"],
  STATUS: ["CNI_PATH"],
  VERSION: [],
};

/** For container ids and network names. */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/u;

const invalid = (message: string): CniError => new CniError({ code: code.invalidEnvironment, message });

/** Why a name cannot be an interface's; undefined: it can. The rules of the reference library, pkg/utils. */
export function ifNameFault(name: string): string | undefined {
  if (name === "" || name === "." || name === "..") return "it is empty, . or ..";
  if (Buffer.byteLength(name) > 15) return "it is longer than 15 bytes";
  if (/[/:\s\\\p{Cc}]/u.test(name)) return "it holds white space, a slash, a colon or a control character";
  return undefined;
}

function commandOf(env: Environment): Command {
  const given = env["CNI_COMMAND"] ?? "";
  const found = commands.find((command) => command === given);
  if (found !== undefined) return found;
  throw invalid(
    given === ""
      ? "CNI_COMMAND is not set: this is a CNI plugin, started by a container runtime"
      : `CNI_COMMAND is ${JSON.stringify(given)}: expected one of ${commands.join(", ")}`,
  );
}

/** Ids that are checked wherever they come from: they become file names. */
export function checkAttachmentId({ containerId, ifName }: AttachmentId): void {
  if (!idPattern.test(containerId) || containerId.length > 200)
    throw invalid(
      `CNI_CONTAINERID is ${JSON.stringify(containerId)}: expected at most 200 letters, digits, dots, underscores and hyphens, a letter or digit first`,
    );
  const fault = ifNameFault(ifName);
  if (fault !== undefined) throw invalid(`CNI_IFNAME is ${JSON.stringify(ifName)}: ${fault}`);
}

/** Reads the environment. Throws a {@link CniError} of code 4 that names every variable that is missing. */
export function readEnvironment(env: Environment): Invocation {
  const command = commandOf(env);
  const missing = needed[command].filter((name) => (env[name] ?? "") === "");
  if (missing.length > 0)
    throw invalid(`${missing.join(", ")} ${missing.length > 1 ? "are" : "is"} not set: ${command} needs it`);
  const of = (name: string): string => (needed[command].includes(name) ? (env[name] ?? "") : "");
  const id = { containerId: of("CNI_CONTAINERID"), ifName: of("CNI_IFNAME") };
  if (needed[command].includes("CNI_CONTAINERID")) checkAttachmentId(id);
  const path = (env["CNI_PATH"] ?? "").split(":").filter((part) => part !== "");
  const args = readArgs(env["CNI_ARGS"] ?? "", command);
  return { ...id, command, netns: env["CNI_NETNS"] ?? "", path, args };
}

/**
 * `CNI_ARGS`, such as `IgnoreUnknown=1;K8S_POD_NAME=p`. What is not ours is for others to read. What ADD is refused for
 * DEL passes over: it comes after the refusal, with the same text, and has to end well.
 */
function readArgs(text: string, command: Command): ReadonlyMap<string, string> {
  const args = new Map<string, string>();
  for (const pair of text.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0) args.set(pair.slice(0, at), pair.slice(at + 1));
    else if (pair !== "" && command !== "DEL")
      throw invalid(`CNI_ARGS holds ${JSON.stringify(pair)}: expected pairs such as KEY=value`);
  }
  return args;
}
