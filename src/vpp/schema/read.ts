import { InvalidError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { readComment } from "./comments.js";
import {
  type ApiSource,
  type FileDeclaration,
  isRecord,
  type MessageDeclaration,
  readDeclarations,
  readFile,
  type ServiceDeclaration,
} from "./declarations.js";
import type {
  ApiFile,
  ApiModel,
  Field,
  Header,
  MessageModel,
  MessageRole,
  NamedType,
  Service,
  Skipped,
} from "./model.js";
import { mergeTypes, sizeOfShape, TypeResolver, Unusable } from "./types.js";

/**
 * Reads the API files of one release into a model. Files repeat the types that they import: repetitions are merged,
 * and two that disagree are an error, as they cannot be of one release.
 *
 * @param sources - the files; their order does not matter
 */
export function readApi(sources: Iterable<ApiSource>): Result<ApiModel, InvalidError> {
  const skipped: Skipped[] = [];
  const files: FileDeclaration[] = [];
  for (const source of sources) {
    const file = readDeclarations(source, skipped);
    if (file.isErr()) return Err(file.error);
    files.push(file.value);
  }
  return buildModel(files, skipped);
}

/**
 * Reads what VPP answers to `get_api_json` (24.06 and later): one JSON list with an object per module.
 *
 * @param text - the `json` field of the reply
 */
export function readApiBundle(text: string): Result<ApiModel, InvalidError> {
  const skipped: Skipped[] = [];
  const files: FileDeclaration[] = [];
  let bundle: unknown;
  try {
    bundle = JSON.parse(text);
  } catch (cause) {
    return Err(invalid("get_api_json", "JSON", "text that is not JSON", "ask the server again", cause));
  }
  if (!Array.isArray(bundle)) {
    return Err(invalid("get_api_json", "a list of API files", typeof bundle, "give the reply's json field"));
  }
  for (const [index, json] of bundle.entries()) {
    if (!isRecord(json)) {
      return Err(invalid(`[${index}]`, "an API file", typeof json, "give the reply's json field"));
    }
    const module = json["module"];
    const file = readFile(typeof module === "string" ? module : `module${index}`, json, skipped);
    if (file.isErr()) return Err(file.error);
    files.push(file.value);
  }
  return buildModel(files, skipped);
}

function invalid(path: string, expected: string, got: string, todo: string, cause?: unknown): InvalidError {
  const message = `${path}: expected ${expected}, found ${got}; ${todo}`;
  return new InvalidError({ operation: "readApi", path, expected, got, cause, message });
}

function buildModel(
  declared: readonly FileDeclaration[],
  skipped: Skipped[],
): Result<ApiModel, InvalidError> {
  const sorted = declared.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const twice = sorted.find((file, index) => index > 0 && sorted[index - 1]?.name === file.name);
  if (twice !== undefined) return Err(disagreement(`file ${twice.name}.api.json`, twice.name, twice.name));
  const merged = mergeTypes(sorted);
  if ("name" in merged) return Err(disagreement(`type ${merged.name}`, merged.first, merged.second));

  const resolver = new TypeResolver(merged.types);
  const types = new Map<string, NamedType>();
  for (const name of merged.types.keys()) {
    const why = attempt(() => void types.set(name, resolver.named(name)));
    if (why !== undefined) skipped.push({ module: moduleOf(sorted, name), item: `type ${name}`, why });
  }

  const messages = new Map<string, MessageModel>();
  const files = new Map<string, ApiFile>();
  for (const file of sorted) {
    const roles = rolesOf(file);
    for (const declaration of file.messages) {
      const { name } = declaration;
      const before = messages.get(name);
      if (before !== undefined) return Err(disagreement(`message ${name}`, before.module, file.name));
      const why = attempt(() => {
        messages.set(name, readMessage(declaration, file, resolver, roles));
      });
      if (why !== undefined) skipped.push({ module: file.name, item: `message ${name}`, why });
    }
    files.set(file.name, {
      name: file.name,
      version: file.version,
      crc: file.crc,
      imports: file.imports,
      messages: file.messages.map(({ name }) => name).filter((name) => messages.has(name)),
      types: [...file.types.keys()].filter((name) => types.has(name)),
    });
  }
  return Ok({ files, messages, types, skipped });
}

function disagreement(what: string, first: string, second: string): InvalidError {
  const message =
    first === second
      ? `${what} is there twice; give the files of one release only`
      : `${what} is defined differently by ${first}.api.json and ${second}.api.json; give the files of one release only`;
  return new InvalidError({
    operation: "readApi",
    path: what,
    expected: "one definition",
    got: `two, in ${first} and ${second}`,
    message,
  });
}

/** Why something could not be made; undefined when it was. */
function attempt(make: () => void): string | undefined {
  try {
    make();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Unusable) return thrown.message;
    throw thrown;
  }
}

function moduleOf(files: readonly FileDeclaration[], type: string): string {
  return files.find((file) => file.types.has(type))?.name ?? "";
}

interface Roles {
  readonly services: ReadonlyMap<string, Service>;
  readonly answers: ReadonlyMap<string, MessageRole>;
}

/** What the services of a file make of its messages. */
function rolesOf(file: FileDeclaration): Roles {
  const services = new Map<string, Service>();
  const answers = new Map<string, MessageRole>();
  for (const [request, declared] of file.services) {
    const service = serviceOf(declared);
    services.set(request, service);
    if (service.kind === "dump" || service.kind === "stream") answers.set(service.details, "details");
    if (service.kind !== "dump" && service.kind !== "one-way") answers.set(service.reply, "reply");
    if (service.kind === "subscribe") for (const event of service.events) answers.set(event, "event");
  }
  return { services, answers };
}

/** `reply`, `stream`, `stream_msg` and `events` of the JSON say five things between them. */
function serviceOf({ reply, stream, streamMessage, events }: ServiceDeclaration): Service {
  if (streamMessage !== undefined) return { kind: "stream", reply, details: streamMessage };
  if (stream) return { kind: "dump", details: reply };
  if (events.length > 0) return { kind: "subscribe", reply, events };
  return reply === "null" ? { kind: "one-way" } : { kind: "call", reply };
}

function readMessage(
  declaration: MessageDeclaration,
  file: FileDeclaration,
  resolver: TypeResolver,
  roles: Roles,
): MessageModel {
  const { name, crc, options } = declaration;
  const { text, params } = readComment(declaration.comment);
  const all = resolver.fields(name, declaration.fields, params);
  const header = headerOf(all);
  const fields = all.slice(headerLength(all));
  const sizes = fields.map((field) => sizeOfShape(field.type, field.shape));
  const service = roles.services.get(name);
  return {
    name,
    crc,
    module: file.name,
    role: service === undefined ? (roles.answers.get(name) ?? "other") : "request",
    service,
    header,
    fields,
    size: {
      least: sizes.reduce((sum, size) => sum + size.least, header.size),
      variable: sizes.some((size) => size.variable),
    },
    deprecated: options.has("deprecated") ? printable(options.get("deprecated")) : undefined,
    inProgress: options.has("in_progress") || options.get("status") === "in_progress",
    replacedBy: options.has("replaced_by") ? printable(options.get("replaced_by")) : undefined,
    doc: { text },
  };
}

function printable(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

/** How many fields of a message are its header. */
function headerLength(fields: readonly Field[]): number {
  if (!isScalar(fields[0], "_vl_msg_id", "u16")) throw new Unusable("it does not begin with u16 _vl_msg_id");
  const hasClientIndex = isScalar(fields[1], "client_index", "u32");
  const rest = hasClientIndex ? 2 : 1;
  return isScalar(fields[rest], "context", "u32") ? rest + 1 : rest;
}

function headerOf(fields: readonly Field[]): Header {
  const length = headerLength(fields);
  const hasClientIndex = isScalar(fields[1], "client_index", "u32");
  return { size: 2 + 4 * (length - 1), clientIndexAt: hasClientIndex ? 2 : -1, contextAt: contextAt(fields) };
}

/** Where `context` stands, by its name. Behind something of variable size it stands nowhere in particular. */
function contextAt(fields: readonly Field[]): number {
  let at = 0;
  for (const field of fields) {
    if (isScalar(field, "context", "u32")) return at;
    const size = sizeOfShape(field.type, field.shape);
    if (size.variable) return -1;
    at += size.least;
  }
  return -1;
}

function isScalar(field: Field | undefined, name: string, scalar: string): boolean {
  return (
    field !== undefined &&
    field.name === name &&
    field.shape.kind === "one" &&
    field.type.kind === "scalar" &&
    field.type.name === scalar
  );
}
