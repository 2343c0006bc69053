import { isDeepStrictEqual } from "node:util";
import { layoutOf } from "../schema/layout.js";
import type { ApiModel, EnumType, Field, MessageModel, Type, UnionType } from "../schema/model.js";
import { byText } from "./scope.js";

/** How one message differs between two APIs. */
export interface MessageChange {
  readonly name: string;
  /** The API file that has it, in the newer API if it is there. */
  readonly module: string;
  /**
   * `added` and `removed`; `wire`: other bytes, a client must tell the two apart; `meaning`: the same bytes, but a name of a
   * field or a number of an enumeration is another; `crc`: nothing but the CRC.
   */
  readonly kind: "added" | "removed" | "wire" | "meaning" | "crc";
  /** What changed, one line a thing. */
  readonly details: readonly string[];
}

/** What differs between two APIs. */
export interface ApiDiff {
  readonly changes: readonly MessageChange[];
  /** Messages that got a successor, such as a `_v2`: by name, its name. */
  readonly superseded: readonly { readonly name: string; readonly by: string }[];
  /** Messages that were not deprecated and are now. */
  readonly deprecated: readonly { readonly name: string; readonly why: string }[];
  /** How many messages are in both and the same. */
  readonly same: number;
}

/**
 * Compares two APIs by what goes over the wire. CRCs alone would not do: most that change stand for the same bytes.
 *
 * @param only - compare these messages only
 */
export function diffApis(before: ApiModel, after: ApiModel, only?: ReadonlySet<string>): ApiDiff {
  const names = [...new Set([...before.messages.keys(), ...after.messages.keys()])]
    .filter((name) => only === undefined || only.has(name))
    .toSorted(byText);
  const changes: MessageChange[] = [];
  const superseded: { name: string; by: string }[] = [];
  const deprecated: { name: string; why: string }[] = [];
  let same = 0;
  for (const name of names) {
    const one = before.messages.get(name);
    const other = after.messages.get(name);
    const change = changeOf(name, one, other);
    if (change === undefined) same++;
    else changes.push(change);
    const by = one === undefined ? undefined : successorOf(name, before, after);
    if (by !== undefined) superseded.push({ name, by });
    if (one?.deprecated === undefined && one !== undefined && other?.deprecated !== undefined) {
      deprecated.push({ name, why: other.deprecated });
    }
  }
  return { changes, superseded, deprecated, same };
}

function changeOf(
  name: string,
  before: MessageModel | undefined,
  after: MessageModel | undefined,
): MessageChange | undefined {
  if (before === undefined || after === undefined) {
    const module = (after ?? before)?.module ?? "";
    return { name, module, kind: before === undefined ? "added" : "removed", details: [] };
  }
  const { module } = after;
  const details = [...fieldChanges(before.fields, after.fields, ""), ...homeChange(before, after)];
  if (layoutOf(before) !== layoutOf(after)) return { name, module, kind: "wire", details };
  if (details.length > 0) return { name, module, kind: "meaning", details };
  return before.crc === after.crc
    ? undefined
    : { name, module, kind: "crc", details: [`${before.crc} is now ${after.crc}`] };
}

function homeChange(before: MessageModel, after: MessageModel): readonly string[] {
  return isDeepStrictEqual(before.header, after.header) ? [] : ["another header"];
}

function fieldChanges(before: readonly Field[], after: readonly Field[], path: string): readonly string[] {
  const old = new Map(before.map((field) => [field.name, field]));
  const present = new Set(after.map(({ name }) => name));
  const lines = before
    .filter(({ name }) => !present.has(name))
    .map((field) => `${path}${field.name} (${typeText(field)}) is gone`);
  for (const field of after) {
    const was = old.get(field.name);
    if (was === undefined) lines.push(`${path}${field.name} (${typeText(field)}) is new`);
    else lines.push(...changesOfField(was, field, path));
  }
  const order = [before, after].map((fields) => fields.map(({ name }) => name).join(" "));
  if (lines.length === 0 && order[0] !== order[1])
    lines.push(`${path || "its fields"} stand in another order`);
  return lines;
}

function changesOfField(before: Field, after: Field, path: string): readonly string[] {
  const name = `${path}${after.name}`;
  const lines: string[] = [];
  if (!isDeepStrictEqual(before.default, after.default)) {
    lines.push(`${name} has the default ${String(after.default)}, before ${String(before.default)}`);
  }
  if (!isDeepStrictEqual(before.shape, after.shape))
    return [...lines, `${name} is ${typeText(after)}, before ${typeText(before)}`];
  return [...lines, ...typeChanges(before.type, after.type, name)];
}

function typeChanges(before: Type, after: Type, name: string): readonly string[] {
  const [one, other] = [target(before), target(after)];
  if (one.kind === "enum" && other.kind === "enum") return enumChanges(one, other, name);
  if (one.kind === "struct" && other.kind === "struct")
    return fieldChanges(one.fields, other.fields, `${name}.`);
  if (one.kind === "union" && other.kind === "union") return armChanges(one, other, name);
  const [was, is] = [nameOf(one), nameOf(other)];
  return was === is ? [] : [`${name} is ${is}, before ${was}`];
}

function armChanges(before: UnionType, after: UnionType, name: string): readonly string[] {
  const old = new Map(before.arms.map((arm) => [arm.name, arm]));
  const present = new Set(after.arms.map((arm) => arm.name));
  const gone = before.arms.filter((arm) => !present.has(arm.name));
  return [
    ...gone.map((arm) => `${name}.${arm.name} is gone`),
    ...after.arms.flatMap((arm) => {
      const was = old.get(arm.name);
      const path = `${name}.${arm.name}`;
      return was === undefined ? [`${path} is new`] : typeChanges(was.type, arm.type, path);
    }),
  ];
}

function target(type: Type): Type {
  return type.kind === "alias" ? target(type.target) : type;
}

function enumChanges(before: EnumType, after: EnumType, name: string): readonly string[] {
  const lines: string[] = [];
  if (before.scalar !== after.scalar)
    lines.push(`${name} is carried in ${after.scalar}, before ${before.scalar}`);
  const values = new Map(before.members.map((member) => [member.name, member.value]));
  for (const member of after.members) {
    const was = values.get(member.name);
    if (was !== undefined && was !== member.value) {
      lines.push(`${name}: ${member.name} is ${member.value}, before ${was}`);
    }
  }
  const present = new Set(after.members.map((member) => member.name));
  for (const gone of before.members) if (!present.has(gone.name)) lines.push(`${name}: ${gone.name} is gone`);
  return lines;
}

function nameOf(type: Type): string {
  return type.kind === "scalar" ? type.name : `${type.kind} ${type.name}`;
}

function typeText({ type, shape }: Field): string {
  if (shape.kind === "text") return "string";
  if (shape.kind === "string") return `string[${shape.length}]`;
  const { name } = type;
  if (shape.kind === "array") return `${name}[${shape.length}]`;
  return shape.kind === "one" ? name : `${name}[]`;
}

/** The newest version of a message that is new: `x_v3` for `x` and `x_v2`. */
function successorOf(name: string, before: ApiModel, after: ApiModel): string | undefined {
  const said = after.messages.get(name)?.replacedBy;
  if (said !== undefined && after.messages.has(said) && !before.messages.has(said)) return said;
  const [, stem = name, version = "1", suffix = ""] =
    /^(.*?)(?:_v(\d+))?(_reply|_details|_dump)?$/.exec(name) ?? [];
  let newest: string | undefined;
  for (let next = Number(version) + 1; after.messages.has(`${stem}_v${next}${suffix}`); next++) {
    const candidate = `${stem}_v${next}${suffix}`;
    if (!before.messages.has(candidate)) newest = candidate;
  }
  return newest;
}
