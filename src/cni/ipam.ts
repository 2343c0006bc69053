import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Command, Environment } from "./environment.js";
import { code, CniError, IpamRefusal } from "./errors.js";
import type { Ran } from "./exec.js";
import { readResult, writeResult, type Addressing } from "./result.js";
import { atLeast, supportedVersions, type CniVersion } from "./versions.js";

/** An IPAM plugin, and what it is run with. */
export interface Ipam {
  readonly type: string;
  /** The directories of `CNI_PATH`. */
  readonly path: readonly string[];
  readonly env: Environment;
  /** The network configuration as the runtime gave it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly version: CniVersion;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const errorSchema = v.object({
  code: v.number(),
  msg: v.optional(v.string(), ""),
  details: v.optional(v.string(), ""),
});

const versionsSchema = v.object({ supportedVersions: v.array(v.string()) });

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Finds the program. Throws a {@link CniError} of code 7. */
export function findPlugin({ type, path }: Pick<Ipam, "type" | "path">): string {
  if (!/^[^/\0]+$/u.test(type) || type === "." || type === "..")
    throw new IpamRefusal({
      code: code.invalidConfig,
      message: `ipam.type is ${JSON.stringify(type)}: expected the name of a program in CNI_PATH, no path`,
    });
  const found = path.map((directory) => join(directory, type)).find(isProgram);
  if (found !== undefined) return found;
  throw new IpamRefusal({
    code: code.invalidConfig,
    message: `the IPAM plugin ${type} is in none of the directories of CNI_PATH (${path.join(", ")}): install it there, or correct ipam.type`,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const shortened = (text: string): string => JSON.stringify(text.trim().slice(0, 200));

/** What a plugin that failed says of it. */
function failureOf(ipam: Ipam, { exitCode, stdout }: Ran): CniError {
  const said = v.safeParse(errorSchema, parse(stdout));
  if (said.success)
    return new IpamRefusal({
      code: said.output.code,
      message: `IPAM plugin ${ipam.type}: ${said.output.msg}`,
      details: said.output.details,
    });
  const how = exitCode === null ? "was killed by a signal" : `ended with exit code ${exitCode}`;
  const what = stdout.trim() === "" ? "printed nothing" : `printed ${shortened(stdout)}`;
  return new CniError({ code: code.ipam, message: `IPAM plugin ${ipam.type} ${how} and ${what}` });
}

/** The configuration in another version: its prevResult is then of that version too. */
function inVersion({ config, version: from }: Ipam, version: CniVersion): Record<string, unknown> {
  const { prevResult } = config;
  if (version === from || prevResult === undefined) return { ...config, cniVersion: version };
  const previous = writeResult(readResult("prevResult", prevResult, from), version);
  return { ...config, cniVersion: version, prevResult: previous };
}

async function runAs(ipam: Ipam, command: Command, version: CniVersion): Promise<Ran> {
  const { env, timeoutMs, signal } = ipam;
  const input = JSON.stringify(inVersion(ipam, version));
  const variables = { ...env, CNI_COMMAND: command };
  const program = findPlugin(ipam);
  const { run } = await import("./exec.js");
  return run(program, { input, env: variables, timeoutMs, signal });
}

/** The newest version that both know; undefined: there is none. */
async function commonVersion(ipam: Ipam): Promise<CniVersion | undefined> {
  const ran = await runAs(ipam, "VERSION", ipam.version);
  const answer = v.safeParse(versionsSchema, parse(ran.stdout));
  if (!answer.success) return undefined;
  const theirs = new Set(answer.output.supportedVersions);
  return supportedVersions.findLast((version) => theirs.has(version) && atLeast(ipam.version, version));
}

interface Done {
  readonly ran: Ran;
  readonly version: CniVersion;
}

/**
 * Runs a command in the configuration's version; where the plugin is older, in the newest that it knows. Only then is
 * it asked for its versions: most often that would be one process too many.
 */
async function negotiate(ipam: Ipam, command: Command): Promise<Done> {
  const ran = await runAs(ipam, command, ipam.version);
  if (ran.exitCode === 0) return { ran, version: ipam.version };
  const error = failureOf(ipam, ran);
  if (error.code !== code.incompatibleVersion) throw error;
  const version = await commonVersion(ipam);
  if (version === undefined || version === ipam.version) throw error;
  const again = await runAs(ipam, command, version);
  if (again.exitCode !== 0) throw failureOf(ipam, again);
  return { ran: again, version };
}

/** ADD: addresses for the interface. Throws a {@link CniError}. */
export async function ipamAdd(ipam: Ipam): Promise<Addressing> {
  const { ran, version } = await negotiate(ipam, "ADD");
  const what = `the answer of IPAM plugin ${ipam.type}`;
  const document = parse(ran.stdout);
  if (document === undefined)
    throw new CniError({ code: code.decode, message: `${what} is no JSON: ${shortened(ran.stdout)}` });
  const { ips, routes, dns } = readResult(what, document, version);
  if (ips.length === 0)
    throw new CniError({
      code: code.ipam,
      message: `IPAM plugin ${ipam.type} gave no address: check its ranges`,
    });
  return { ips, routes, dns };
}

/** DEL: gives the addresses back. Throws a {@link CniError}. */
export async function ipamDelete(ipam: Ipam): Promise<void> {
  await negotiate(ipam, "DEL");
}

/** CHECK. A plugin of before 0.4.0 has none. Throws a {@link CniError}. */
export async function ipamCheck(ipam: Ipam): Promise<void> {
  await negotiate(ipam, "CHECK");
}

/**
 * What a plugin says of GC and STATUS that knows neither. Those of before 1.1.0 look for a container first, and as no
 * container is given with these two, that one is unknown (containernetworking/cni v1.0, pkg/skel).
 */
const unknownCommand: ReadonlySet<number> = new Set([
  code.invalidEnvironment,
  code.incompatibleVersion,
  code.unknownContainer,
]);

const isUnknownCommand = (error: unknown): boolean =>
  error instanceof CniError && unknownCommand.has(error.code);

/** GC or STATUS, which came with 1.1.0: a plugin that does not know the command is passed over. Throws a {@link CniError}. */
export async function ipamIfKnown(ipam: Ipam, command: "GC" | "STATUS"): Promise<void> {
  try {
    const ran = await runAs(ipam, command, ipam.version);
    if (ran.exitCode !== 0) throw failureOf(ipam, ran);
  } catch (error) {
    if (!isUnknownCommand(error)) throw error;
  }
}
