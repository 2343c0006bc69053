import * as v from "valibot";
import { validate } from "../../core/validate.js";
import { code, CniError } from "../errors.js";
import { impliedVersion, isSupported, supportedVersions, type CniVersion } from "../versions.js";
import { canonical, misplacedList, type Keys } from "./keys.js";
import {
  commonSchema,
  netconfKeys,
  netconfSchema,
  switchSchema,
  type CommonConf,
  type NetConf,
} from "./schema.js";

/** What every command has to know of a network configuration. */
export interface Known {
  readonly version: CniVersion;
  readonly conf: CommonConf;
  /** As it came, for the IPAM plugin, which reads it too. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** A network configuration that was read and checked. */
export interface Loaded extends Known {
  readonly conf: NetConf;
}

/** A configuration for DEL, which goes by its record: the rest of it may be wrong by now. */
export interface LoadedForDelete extends Known {
  /** The whole, or what is wrong with it. */
  readonly whole: Loaded | CniError;
  /** The switch, where at least that can be told. */
  readonly host: { readonly engine: "vpp" | "ovs-dpdk"; readonly remote?: string | undefined } | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** So deep arrays and objects may nest: what walks through them calls itself, and V8 ends at some 10,000. */
const mostDepth = 1000;

/** Whether a text, which is JSON, nests deeper than that. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (const [mark] of text.matchAll(/\\.|["[\]{}]/gu)) {
    if (mark === '"') inString = !inString;
    else if (!inString) depth += mark === "[" || mark === "{" ? 1 : -1;
    if (depth > mostDepth) return true;
  }
  return false;
}

function decode(text: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const said = text.trim() === "" ? "standard input is empty" : why;
    throw new CniError({ code: code.decode, message: `failed to load netconf: ${said}`, cause });
  }
  if (isTooDeep(text))
    throw new CniError({
      code: code.decode,
      message: `failed to load netconf: it nests arrays and objects more than ${mostDepth} deep`,
    });
  if (isObject(document)) return document;
  throw new CniError({
    code: code.decode,
    message:
      "failed to load netconf: standard input is JSON, and no object: give one network's configuration",
  });
}

/** The version that answers are written in, from whatever came; the implied one where it says none. */
export function versionOf(document: Readonly<Record<string, unknown>>): CniVersion {
  const given = document["cniVersion"] ?? "";
  const version = given === "" ? impliedVersion : given;
  if (typeof version === "string" && isSupported(version)) return version;
  throw new CniError({
    code: code.incompatibleVersion,
    message: `cniVersion ${JSON.stringify(version)} is not supported: this plugin speaks ${supportedVersions.join(", ")}`,
  });
}

function valueAt(document: unknown, path: string): unknown {
  let value = document;
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.entries(value).find(([key]) => key === part)?.[1];
  }
  return value;
}

function check<const T extends v.GenericSchema>(schema: T, document: unknown, keys: Keys): v.InferOutput<T> {
  const list = misplacedList(document, keys);
  if (list !== undefined)
    throw new CniError({
      code: code.invalidConfig,
      message: `the network configuration is wrong: ${list} is a list; expected an object`,
    });
  const checked = validate("netconf", "netconf", schema, document);
  if (checked.isOk()) return checked.value;
  const { path, got, expected } = checked.error;
  if (got === "an unknown key") {
    const value = JSON.stringify(valueAt(document, path));
    throw new CniError({
      code: code.unsupportedField,
      message: `the network configuration has ${path} with value ${value}, which is no key of it: leave it out, or correct its spelling`,
    });
  }
  throw new CniError({
    code: code.invalidConfig,
    message: `the network configuration is wrong: ${path === "" ? "it" : path} is ${got}; expected ${expected}`,
  });
}

interface Decoded {
  readonly raw: Readonly<Record<string, unknown>>;
  readonly document: Readonly<Record<string, unknown>>;
  readonly version: CniVersion;
}

function decodeNetconf(text: string): Decoded {
  const raw = decode(text);
  const known = canonical(raw, netconfKeys);
  const document = isObject(known) ? known : {};
  return { raw, document, version: versionOf(document) };
}

function wholeOf({ raw, document, version }: Decoded): Loaded {
  const conf = check(netconfSchema, document, netconfKeys);
  return { version, conf, raw };
}

/** Reads a network configuration. Throws a {@link CniError} of code 1, 2, 6 or 7. */
export const loadNetconf = (text: string): Loaded => wholeOf(decodeNetconf(text));

/** Reads what DEL needs of a network configuration. Throws a {@link CniError} of code 1, 6 or 7. */
export function loadForDelete(text: string): LoadedForDelete {
  const decoded = decodeNetconf(text);
  const { raw, document, version } = decoded;
  try {
    const whole = wholeOf(decoded);
    return { ...whole, whole, host: whole.conf.host };
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    const conf = check(commonSchema, document, { ipam: {} });
    const host = v.safeParse(switchSchema, document["host"]);
    return { version, conf, raw, whole: error, host: host.success ? host.output : undefined };
  }
}
