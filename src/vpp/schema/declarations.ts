import { InvalidError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Skipped } from "./model.js";

/** One API file as it was found. */
export interface ApiSource {
  /** The file's name without directory and `.api.json`, such as `memif`. */
  readonly name: string;
  /** The file's text. */
  readonly text: string;
}

/** A field as declared: its type by name, and what stood behind it. */
export interface FieldDeclaration {
  readonly type: string;
  readonly name: string;
  /** Undefined: no length was given. */
  readonly length: number | undefined;
  readonly count: string | undefined;
  readonly options: Options;
}

/** The object that may end a declaration. */
type Options = ReadonlyMap<string, unknown>;

/** A declared type, before any name in it is looked up. */
export type TypeDeclaration =
  | {
      readonly kind: "composite";
      readonly union: boolean;
      readonly fields: readonly FieldDeclaration[];
      readonly comment: string;
    }
  | {
      readonly kind: "enum";
      readonly flags: boolean;
      readonly members: readonly { readonly name: string; readonly value: number }[];
      readonly scalar: string;
      readonly comment: string;
    }
  | { readonly kind: "alias"; readonly type: string; readonly length: number | undefined };

/** A declared message. */
export interface MessageDeclaration {
  readonly name: string;
  readonly fields: readonly FieldDeclaration[];
  readonly crc: string;
  readonly options: Options;
  readonly comment: string;
}

/** A declared service. */
export interface ServiceDeclaration {
  readonly reply: string;
  readonly stream: boolean;
  readonly streamMessage: string | undefined;
  readonly events: readonly string[];
}

/** One file, taken apart. */
export interface FileDeclaration {
  readonly name: string;
  readonly version: string;
  readonly crc: string;
  readonly imports: readonly string[];
  readonly types: ReadonlyMap<string, TypeDeclaration>;
  readonly messages: readonly MessageDeclaration[];
  readonly services: ReadonlyMap<string, ServiceDeclaration>;
}

/**
 * What vppapigen's lexer takes for a name. `__proto__` is one too, and the one name that an object of JavaScript
 * cannot hold like others.
 */
const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const notAName = "its name is none that VPP's compiler takes";

function isName(value: unknown): value is string {
  return typeof value === "string" && namePattern.test(value) && value !== "__proto__";
}

/** A name from a file, safe to print. */
function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isRecord(value) ? Object.entries(value) : [];
}

const noOptions: Options = new Map();

/** Takes a file apart. What cannot be used in it goes to `skipped`; a file that is no API file at all is an error. */
export function readDeclarations(
  source: ApiSource,
  skipped: Skipped[],
): Result<FileDeclaration, InvalidError> {
  let json: unknown;
  try {
    json = JSON.parse(source.text);
  } catch (cause) {
    return Err(notAnApi(source.name, "JSON", "text that is not JSON", cause));
  }
  if (!isRecord(json)) return Err(notAnApi(source.name, "a JSON object", quoted(json)));
  return readFile(source.name, json, skipped);
}

/** The same for a file that was parsed already, such as an element of what `get_api_json` answers. */
export function readFile(
  name: string,
  json: Readonly<Record<string, unknown>>,
  skipped: Skipped[],
): Result<FileDeclaration, InvalidError> {
  if (!Array.isArray(json["messages"]) && !Array.isArray(json["types"])) {
    const keys = Object.keys(json).slice(0, 5).map(quoted).join(", ");
    return Err(
      notAnApi(name, 'an object with lists "types" and "messages"', `an object with ${keys || "no keys"}`),
    );
  }
  if (!/^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/.test(name)) {
    return Err(notAnApi(name, "a file name of letters, digits, _ and -", quoted(name)));
  }
  const skip = (item: string, why: string): void => void skipped.push({ module: name, item, why });
  return Ok({
    name,
    version: readVersion(json["options"]),
    crc: readCrc(json["vl_api_version"]) ?? "00000000",
    imports: listOf(json["imports"]).flatMap(readImport),
    types: readTypes(json, skip),
    messages: readMessages(json, skip),
    services: readServices(json, skip),
  });
}

type Skip = (item: string, why: string) => void;

function notAnApi(name: string, expected: string, got: string, cause?: unknown): InvalidError {
  return new InvalidError({
    operation: "readApi",
    path: name,
    expected,
    got,
    cause,
    message: `${quoted(name)} is not a VPP API file: expected ${expected}, found ${got}. Give the *.api.json files that VPP installs in /usr/share/vpp/api`,
  });
}

function readVersion(options: unknown): string {
  const version = isRecord(options) ? options["version"] : undefined;
  return typeof version === "string" && /^[0-9A-Za-z.+-]{1,32}$/.test(version) ? version : "";
}

/** `0x1a2b` as `00001a2b`. */
function readCrc(value: unknown): string | undefined {
  const digits = typeof value === "string" ? /^(?:0x)?([0-9a-fA-F]{1,8})$/.exec(value)?.[1] : undefined;
  return digits?.toLowerCase().padStart(8, "0");
}

/** `vnet/ip/ip_types.api` as `ip_types`. */
function readImport(path: unknown): readonly string[] {
  const name = typeof path === "string" ? /([A-Za-z0-9_-]+)\.api$/.exec(path)?.[1] : undefined;
  return name === undefined ? [] : [name];
}

function readTypes(json: Readonly<Record<string, unknown>>, skip: Skip): Map<string, TypeDeclaration> {
  const types = new Map<string, TypeDeclaration>();
  const add = (name: unknown, what: string, read: () => TypeDeclaration | string): void => {
    if (!isName(name)) return skip(`${what} ${quoted(name)}`, notAName);
    const type = read();
    if (typeof type === "string") skip(`${what} ${name}`, type);
    else types.set(name, type);
  };
  for (const [section, kind] of [
    ["types", "struct"],
    ["unions", "union"],
  ] as const) {
    for (const entry of listOf(json[section])) {
      const [name, ...rest] = listOf(entry);
      add(name, kind, () => readComposite(kind === "union", rest));
    }
  }
  for (const [section, kind] of [
    ["enums", "enum"],
    ["enumflags", "enumflags"],
  ] as const) {
    for (const entry of listOf(json[section])) {
      const [name, ...rest] = listOf(entry);
      add(name, kind, () => readEnum(kind === "enumflags", rest));
    }
  }
  for (const [name, alias] of entriesOf(json["aliases"])) add(name, "alias", () => readAlias(alias));
  return types;
}

function readComposite(union: boolean, rest: readonly unknown[]): TypeDeclaration | string {
  const { items, options } = splitOptions(rest);
  const fields = items.map(readField);
  const bad = fields.find((field) => typeof field === "string");
  if (typeof bad === "string") return bad;
  return {
    kind: "composite",
    union,
    fields: fields.filter((field) => typeof field !== "string"),
    comment: textOf(options.get("comment")),
  };
}

function readEnum(flags: boolean, rest: readonly unknown[]): TypeDeclaration | string {
  const { items, options } = splitOptions(rest);
  const members: { name: string; value: number }[] = [];
  const names = new Set<string>();
  for (const item of items) {
    const [name, value] = listOf(item);
    if (!isName(name)) return `member ${quoted(name)} has no usable name`;
    if (typeof value !== "number" || !Number.isInteger(value)) return `member ${name} has no number`;
    if (names.has(name)) return `member ${name} stands twice`;
    names.add(name);
    members.push({ name, value });
  }
  const scalar = options.get("enumtype") ?? "u32";
  if (typeof scalar !== "string") return `it is carried in ${quoted(scalar)}`;
  return { kind: "enum", flags, members, scalar, comment: textOf(options.get("comment")) };
}

function readAlias(alias: unknown): TypeDeclaration | string {
  if (!isRecord(alias) || typeof alias["type"] !== "string") return "it names no type";
  const { type, length } = alias;
  if (length !== undefined && !isLength(length)) return `its length is ${quoted(length)}`;
  return { kind: "alias", type, length };
}

function readMessages(json: Readonly<Record<string, unknown>>, skip: Skip): MessageDeclaration[] {
  const messages: MessageDeclaration[] = [];
  for (const entry of listOf(json["messages"])) {
    const [name, ...rest] = listOf(entry);
    const message = isName(name) ? readMessage(name, rest) : notAName;
    if (typeof message === "string") skip(`message ${isName(name) ? name : quoted(name)}`, message);
    else messages.push(message);
  }
  return messages;
}

function readMessage(name: string, rest: readonly unknown[]): MessageDeclaration | string {
  const { items, options } = splitOptions(rest);
  const fields = items.map(readField);
  const bad = fields.find((field) => typeof field === "string");
  if (typeof bad === "string") return bad;
  const crc = readCrc(options.get("crc"));
  if (crc === undefined) return "it has no CRC, so no server can announce it";
  return {
    name,
    fields: fields.filter((field) => typeof field !== "string"),
    crc,
    options: optionsOf(options.get("options")),
    comment: textOf(options.get("comment")),
  };
}

/** A field, or why it is none. */
function readField(entry: unknown): FieldDeclaration | string {
  const { items, options } = splitOptions(listOf(entry));
  const [type, name, length, count] = items;
  if (!isName(type) || !isName(name)) return `field ${quoted(entry)} has no usable type and name`;
  if (length !== undefined && !isLength(length)) return `field ${name} has the length ${quoted(length)}`;
  if (count !== undefined && !isName(count)) return `field ${name} is counted by ${quoted(count)}`;
  return { type, name, length, count, options };
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

function splitOptions(entry: readonly unknown[]): { items: readonly unknown[]; options: Options } {
  const last = entry.at(-1);
  return isRecord(last)
    ? { items: entry.slice(0, -1), options: optionsOf(last) }
    : { items: entry, options: noOptions };
}

function optionsOf(value: unknown): Options {
  return isRecord(value) ? new Map(Object.entries(value)) : noOptions;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function readServices(json: Readonly<Record<string, unknown>>, skip: Skip): Map<string, ServiceDeclaration> {
  const services = new Map<string, ServiceDeclaration>();
  for (const [request, service] of entriesOf(json["services"])) {
    if (!isName(request) || !isRecord(service) || typeof service["reply"] !== "string") {
      skip(`service ${quoted(request)}`, "it names no reply");
      continue;
    }
    const { reply, stream, stream_msg: streamMessage, events } = service;
    services.set(request, {
      reply,
      stream: stream === true,
      streamMessage: typeof streamMessage === "string" ? streamMessage : undefined,
      events: listOf(events).filter((event) => typeof event === "string"),
    });
  }
  return services;
}
