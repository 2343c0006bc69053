import { validate } from "../../core/validate.js";
import { idPattern } from "../environment.js";
import { code, CniError } from "../errors.js";
import { impliedVersion, isSupported, supportedVersions, type CniVersion } from "../versions.js";
import { canonical } from "./keys.js";
import { netconfKeys, netconfSchema, type NetConf } from "./schema.js";

/** A network configuration that was read and checked. */
export interface Loaded {
  readonly version: CniVersion;
  readonly conf: NetConf;
  /** As it came, for the IPAM plugin, which reads it too. */
  readonly raw: Readonly<Record<string, unknown>>;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function decode(text: string): Record<string, unknown> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const said = text.trim() === "" ? "standard input is empty" : why;
    throw new CniError({ code: code.decode, message: `failed to load netconf: ${said}`, cause });
  }
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

function check(document: unknown): NetConf {
  const checked = validate("netconf", "netconf", netconfSchema, document);
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

function checkName(name: string): void {
  if (idPattern.test(name) && name.length <= 200) return;
  throw new CniError({
    code: code.invalidConfig,
    message: `the network configuration has name ${JSON.stringify(name)}: expected at most 200 letters, digits, dots, underscores and hyphens, a letter or digit first`,
  });
}

/** Reads a network configuration. Throws a {@link CniError} of code 1, 2, 6 or 7. */
export function loadNetconf(text: string): Loaded {
  const raw = decode(text);
  const document = canonical(raw, netconfKeys);
  const version = versionOf(isObject(document) ? document : {});
  const conf = check(document);
  checkName(conf.name);
  return { version, conf, raw };
}
