import * as v from "valibot";
import { validate } from "../core/validate.js";
import { code, CniError } from "./errors.js";
import { atLeast, type CniVersion } from "./versions.js";

/*
 * A result of ADD, held in the form of 1.1.0 and read from and written in every version. Specification, section
 * "Success"; the older forms are in the specification's releases 0.1.0 to 0.4.0.
 */

export interface Ip {
  /** With prefix length. */
  readonly address: string;
  readonly gateway?: string | undefined;
  /** Index into `interfaces`. */
  readonly interface?: number | undefined;
}

export interface Route {
  readonly dst: string;
  readonly gw?: string | undefined;
  readonly [more: string]: unknown;
}

export interface Dns {
  readonly nameservers?: string[] | undefined;
  readonly domain?: string | undefined;
  readonly search?: string[] | undefined;
  readonly options?: string[] | undefined;
}

/** What IPAM gives: a result without interfaces. */
export interface Addressing {
  readonly ips: readonly Ip[];
  readonly routes: readonly Route[];
  readonly dns: Dns | undefined;
}

export interface ResultInterface {
  readonly name: string;
  readonly mac?: string | undefined;
  readonly mtu?: number | undefined;
  readonly sandbox?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly pciID?: string | undefined;
}

export interface CniResult extends Addressing {
  readonly interfaces: readonly ResultInterface[];
}

export const noAddressing: Addressing = { ips: [], routes: [], dns: undefined };

const optionalText = v.optional(v.nullable(v.string()));
const optionalNumber = v.optional(v.nullable(v.number()));
const list = <const T extends v.GenericSchema>(item: T) => v.optional(v.nullable(v.array(item)));

const dnsSchema = v.optional(
  v.nullable(
    v.object({
      nameservers: list(v.string()),
      domain: optionalText,
      search: list(v.string()),
      options: list(v.string()),
    }),
  ),
);

const routeSchema = v.looseObject({ dst: v.string(), gw: optionalText });

const resultSchema = v.object({
  interfaces: list(
    v.object({
      name: v.string(),
      mac: optionalText,
      mtu: optionalNumber,
      sandbox: optionalText,
      socketPath: optionalText,
      pciID: optionalText,
    }),
  ),
  ips: list(v.object({ address: v.string(), gateway: optionalText, interface: optionalNumber })),
  routes: list(routeSchema),
  dns: dnsSchema,
});

const oldAddress = v.optional(
  v.nullable(v.object({ ip: v.string(), gateway: optionalText, routes: list(routeSchema) })),
);

const oldSchema = v.object({ ip4: oldAddress, ip6: oldAddress, dns: dnsSchema });

type Present<T> = { [K in keyof T]?: NonNullable<T[K]> };

/** The members that say something: Go writes what is not set as "", others as null. */
function present<T extends object>(fields: T): Present<T> {
  const kept: Present<T> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined && value !== null && !Object.is(value, "")) kept[key] = value;
  }
  return kept;
}

function dnsOf(dns: v.InferOutput<typeof dnsSchema>): Dns | undefined {
  if (dns === undefined || dns === null) return undefined;
  const given = present(dns);
  return Object.keys(given).length === 0 ? undefined : given;
}

function wrong(what: string, error: { path: string; got: string; expected: string }): CniError {
  const where = error.path === "" ? what : `${what}: ${error.path}`;
  return new CniError({
    code: code.decode,
    message: `${where} is ${error.got}; expected ${error.expected}`,
  });
}

/** Reads a result that another plugin gave. `what` names it in errors. Throws a {@link CniError} of code 6. */
export function readResult(what: string, document: unknown, version: CniVersion): CniResult {
  if (!atLeast(version, "0.3.0")) return readOld(what, document);
  const read = validate("result", what, resultSchema, document);
  if (read.isErr()) throw wrong(what, read.error);
  const { interfaces, ips, routes, dns } = read.value;
  return {
    interfaces: (interfaces ?? []).map((each) => ({ ...present(each), name: each.name })),
    ips: (ips ?? []).map((each) => ({ ...present(each), address: each.address })),
    routes: (routes ?? []).map((each) => ({ ...present(each), dst: each.dst })),
    dns: dnsOf(dns),
  };
}

function readOld(what: string, document: unknown): CniResult {
  const read = validate("result", what, oldSchema, document);
  if (read.isErr()) throw wrong(what, read.error);
  const both = [read.value.ip4, read.value.ip6].filter((each) => each !== undefined && each !== null);
  return {
    interfaces: [],
    ips: both.map(({ ip, gateway }) => ({ address: ip, ...present({ gateway }) })),
    routes: both.flatMap(({ routes }) => (routes ?? []).map((each) => ({ ...present(each), dst: each.dst }))),
    dns: dnsOf(read.value.dns),
  };
}

export const isV6 = (address: string): boolean => address.includes(":");

function oldForm(result: CniResult): Record<string, unknown> {
  const of = (v6: boolean): Record<string, unknown> | undefined => {
    const ip = result.ips.find(({ address }) => isV6(address) === v6);
    if (ip === undefined) return undefined;
    const routes = result.routes
      .filter(({ dst }) => isV6(dst) === v6)
      .map(({ dst, gw }) => present({ dst, gw }));
    return { ip: ip.address, ...present({ gateway: ip.gateway }), ...(routes.length > 0 && { routes }) };
  };
  const [ip4, ip6] = [of(false), of(true)];
  return { ...(ip4 !== undefined && { ip4 }), ...(ip6 !== undefined && { ip6 }) };
}

function interfaceForm(version: CniVersion, { mtu, socketPath, pciID, ...rest }: ResultInterface): object {
  const more = atLeast(version, "1.1.0") ? present({ mtu, socketPath, pciID }) : {};
  return { ...present(rest), name: rest.name, ...more };
}

function ipForm(version: CniVersion, { interface: index, ...ip }: Ip): object {
  const family = atLeast(version, "1.0.0") ? {} : { version: isV6(ip.address) ? "6" : "4" };
  return { ...family, ...(index !== undefined && { interface: index }), ...present(ip) };
}

/** The result as the specification of `version` has it. */
export function writeResult(result: CniResult, version: CniVersion): Record<string, unknown> {
  const dns = result.dns ?? {};
  if (!atLeast(version, "0.3.0")) return { cniVersion: version, ...oldForm(result), dns };
  const { interfaces, ips } = result;
  const routes = atLeast(version, "1.1.0")
    ? result.routes
    : result.routes.map(({ dst, gw }) => present({ dst, gw }));
  return {
    cniVersion: version,
    ...(interfaces.length > 0 && { interfaces: interfaces.map((each) => interfaceForm(version, each)) }),
    ...(ips.length > 0 && { ips: ips.map((each) => ipForm(version, each)) }),
    ...(routes.length > 0 && { routes }),
    dns,
  };
}
