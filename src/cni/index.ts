/**
 * The commands of the CNI plugin `userspace` for a program that attaches containers itself: what `userspace` does as a
 * process, in this one.
 *
 * ```ts
 * const config = readConfiguration(readFileSync("/etc/cni/net.d/90-userspace.conf", "utf8")).unwrap();
 * const attachment = { containerId: "0958c8871b32", ifName: "net0", netns: "/proc/4711/ns/net" };
 * const result = (await add(config, attachment)).unwrap();
 * result.interfaces.at(-1)?.socketPath; // where the socket is on the host
 * (await check(config, attachment, result)).unwrap();
 * (await del(config, attachment)).unwrap();
 * ```
 *
 * State is shared with the plugin: what one adds the other may check and delete.
 *
 * @module
 */
import type * as v from "valibot";
import { Err, Ok, type ConnectOptions, type Result, type VSwitch, type VSwitchError } from "../index.js";
import type { AttachmentId, Command } from "./environment.js";
import { CniError, fault } from "./errors.js";
import { loadNetconf } from "./netconf/load.js";
import { validAttachmentsKey, type plainSchema } from "./netconf/schema.js";
import { readResult, writeResult, type CniResult } from "./result.js";
import { runCommand, runExplain } from "./run.js";
import { newestVersion } from "./versions.js";

export type { AttachmentId } from "./environment.js";
export { CniError } from "./errors.js";
export type { Addressing, CniResult, Dns, Ip, ResultInterface, Route } from "./result.js";

/**
 * A network configuration; `doc/cni.md` and the JSON Schema `vswitch-drivers/cni/schema.json` say what each key means.
 * Keys of other plugins may be beside these. `cniVersion` counts for the plugin as a process: here everything is in the
 * form of 1.1.0.
 */
export interface NetworkConfiguration extends v.InferInput<typeof plainSchema> {
  /** What earlier plugins of a list gave. */
  readonly prevResult?: CniResult | undefined;
}

/** Which interface of which container. */
export interface Attachment extends AttachmentId {
  /** Path of the container's network namespace, such as `/proc/PID/ns/net` or `/var/run/netns/NAME`. */
  readonly netns: string;
}

/** What every command takes. */
export interface CommandOptions {
  /** Cancels the command; an ADD takes back what it did. The time is `commandTimeoutMs` of the configuration. */
  readonly signal?: AbortSignal | undefined;
  /** The directories where IPAM plugins are, `CNI_PATH`. Default: `/opt/cni/bin`. */
  readonly path?: readonly string[] | undefined;
  /** `CNI_ARGS`, such as `K8S_POD_NAME`. */
  readonly args?: Readonly<Record<string, string>> | undefined;
  /** The environment of IPAM plugins. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Gets warnings and worse, a line each. Default: they are dropped; `logFile` of the configuration has them. */
  readonly onWarning?: ((line: string) => void) | undefined;
  /** How the switch is reached. Default: `connect` of `vswitch-drivers`. */
  readonly connect?: ((options: ConnectOptions) => Promise<Result<VSwitch, VSwitchError>>) | undefined;
}

/** Default of `CNI_PATH`: where runtimes have their plugins. */
const usualPath = ["/opt/cni/bin"];

async function attempt<T>(work: () => Promise<T>): Promise<Result<T, CniError>> {
  try {
    return Ok(await work());
  } catch (error) {
    return Err(error instanceof CniError ? error : fault(error));
  }
}

function environment(
  command: Command,
  { containerId = "", ifName = "", netns = "" }: Partial<Attachment>,
  { path = usualPath, args = {}, env = process.env }: CommandOptions,
): Record<string, string | undefined> {
  return {
    ...env,
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_IFNAME: ifName,
    CNI_NETNS: netns,
    CNI_PATH: path.join(":"),
    CNI_ARGS: Object.entries(args)
      .map((pair) => pair.join("="))
      .join(";"),
  };
}

const textOf = (config: object): string => JSON.stringify({ ...config, cniVersion: newestVersion });

function run(
  command: Command,
  config: object,
  attachment: Partial<Attachment>,
  options: CommandOptions,
): Promise<unknown> {
  const { signal = new AbortController().signal, onWarning = () => undefined, connect } = options;
  const env = environment(command, attachment, options);
  return runCommand({ env, signal, connect, stderr: onWarning }, textOf(config));
}

/**
 * Reads and checks a network configuration as it is in a file, JSON with keys in any case.
 *
 * @returns the configuration with its keys in their own spelling; or code 1, 2, 6 or 7
 */
export function readConfiguration(text: string): Result<NetworkConfiguration, CniError> {
  try {
    const { conf: whole, version } = loadNetconf(text);
    const { prevResult, ...conf } = whole;
    if (prevResult === undefined) return Ok(conf);
    return Ok({ ...conf, prevResult: readResult("prevResult", prevResult, version) });
  } catch (error) {
    return Err(error instanceof CniError ? error : fault(error));
  }
}

/**
 * ADD: makes the interface, with its addresses, and hands the container its half. The same again gives the same result.
 * A failure leaves nothing; what could not be taken back is in `details`, and {@link del} takes it.
 */
export const add = (
  config: NetworkConfiguration,
  attachment: Attachment,
  options: CommandOptions = {},
): Promise<Result<CniResult, CniError>> =>
  attempt(async () => readResult("the result", await run("ADD", config, attachment, options), newestVersion));

/** DEL: takes everything of an attachment away; what is missing is a success. It needs no `netns`. */
export const del = (
  config: NetworkConfiguration,
  attachment: AttachmentId,
  options: CommandOptions = {},
): Promise<Result<void, CniError>> =>
  attempt(async () => {
    await run("DEL", config, attachment, options);
  });

/** CHECK: whether all is as {@link add} made it, and gave it in `result`; else code 101 says what is not. */
export const check = (
  config: NetworkConfiguration,
  attachment: Attachment,
  result: CniResult,
  options: CommandOptions = {},
): Promise<Result<void, CniError>> =>
  attempt(async () => {
    await run("CHECK", { ...config, prevResult: writeResult(result, newestVersion) }, attachment, options);
  });

/** GC: takes away every attachment of this network that is not in `valid`, and nothing of other networks. */
export const gc = (
  config: NetworkConfiguration,
  valid: readonly AttachmentId[],
  options: CommandOptions = {},
): Promise<Result<void, CniError>> =>
  attempt(async () => {
    const list = valid.map(({ containerId, ifName }) => ({ containerID: containerId, ifname: ifName }));
    await run("GC", { ...config, [validAttachmentsKey]: list }, {}, options);
  });

/** STATUS: whether an {@link add} could work now; else code 50, or 51 of a switch that does not answer, says why not. */
export const status = (
  config: NetworkConfiguration,
  options: CommandOptions = {},
): Promise<Result<void, CniError>> =>
  attempt(async () => {
    await run("STATUS", config, {}, options);
  });

/** What an {@link add} would do, with every default that it would apply. Does nothing. */
export const explain = (
  config: NetworkConfiguration,
  { containerId, ifName }: Partial<AttachmentId> = {},
): Promise<Result<Record<string, unknown>, CniError>> =>
  attempt(() => runExplain({ CNI_CONTAINERID: containerId, CNI_IFNAME: ifName }, textOf(config)));
