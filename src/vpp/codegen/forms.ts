import type {
  ApiModel,
  EnumMember,
  EnumType,
  Field,
  MessageModel,
  NamedType,
  Shape,
  Type,
} from "../schema/model.js";

/*
 * Several releases as one set of definitions. A type or message that is the same in several releases, in bytes and in the
 * value that stands for them, is one form; where releases differ there are several, the newest of which takes the plain name.
 */

/** One release's API, under the name that the user gives it. */
export interface Release {
  /** Such as `26.06`; empty when there is only one. */
  readonly label: string;
  readonly model: ApiModel;
}

/** A type as it is in some releases. */
export interface TypeForm {
  readonly name: string;
  /** The newest release's definition; of an enumeration, with the members of all these releases. */
  readonly type: NamedType;
  /** The releases that have it so, newest first. */
  readonly releases: readonly string[];
  /** Whether a newer release has another form of that name. */
  readonly older: boolean;
}

/** A message as it is in some releases. */
export interface MessageForm {
  readonly name: string;
  /** The newest release's definition, with the defaults that any of these releases gives. */
  readonly message: MessageModel;
  readonly releases: readonly string[];
  /** The CRCs under which these releases announce it, newest first. */
  readonly crcs: readonly string[];
  readonly older: boolean;
}

/** Every form of everything. */
export interface Forms {
  /** By name, newest first. */
  readonly messages: ReadonlyMap<string, readonly MessageForm[]>;
  readonly types: ReadonlyMap<string, readonly TypeForm[]>;
  /** The form of a type that a field refers to. */
  formOf(type: NamedType): TypeForm;
  /** What the user should know, such as a CRC that stands for two forms. */
  readonly notes: readonly string[];
}

/**
 * Works out the forms.
 *
 * @param releases - oldest first
 */
export function mergeReleases(releases: readonly Release[]): Forms {
  const newestFirst = releases.toReversed();
  const enums = mergeEnums(newestFirst);
  const signatures = new Signatures(enums);
  const types = new Map<string, MutableForm<NamedType>[]>();
  const messages = new Map<string, MutableForm<MessageModel>[]>();
  for (const { label, model } of newestFirst) {
    for (const [name, type] of model.types) addForm(types, name, label, signatures.type(type), type);
    for (const [name, message] of model.messages) {
      addForm(messages, name, label, signatures.message(message), message).all.push(message);
    }
  }
  const typeForms = new Map<string, readonly TypeForm[]>();
  const bySignature = new Map<string, TypeForm>();
  for (const [name, forms] of types) {
    const made = forms.map(({ newest, releases: labels, signature }, index): TypeForm => {
      const type = newest.kind === "enum" ? (enums.get(newest) ?? newest) : newest;
      const form: TypeForm = { name, type, releases: labels, older: index > 0 };
      bySignature.set(signature, form);
      return form;
    });
    typeForms.set(name, made);
  }
  const notes: string[] = [];
  const messageForms = new Map<string, readonly MessageForm[]>();
  for (const [name, forms] of messages)
    messageForms.set(
      name,
      forms.map((form, index) => messageForm(name, form, index)),
    );
  for (const [name, forms] of messageForms) notes.push(...sharedCrcs(name, forms));
  return {
    messages: messageForms,
    types: typeForms,
    notes,
    formOf(type) {
      const form = bySignature.get(signatures.type(type));
      // A union with its known cases filled in is the declared one to its readers.
      return form ?? { name: type.name, type, releases: [], older: false };
    },
  };
}

interface MutableForm<T> {
  readonly signature: string;
  readonly newest: T;
  readonly all: T[];
  readonly releases: string[];
}

function addForm<T>(
  forms: Map<string, MutableForm<T>[]>,
  name: string,
  label: string,
  signature: string,
  newest: T,
): MutableForm<T> {
  const known = forms.get(name) ?? [];
  forms.set(name, known);
  const same = known.find((form) => form.signature === signature);
  if (same !== undefined) {
    same.releases.push(label);
    return same;
  }
  const form = { signature, newest, all: [], releases: [label] };
  known.push(form);
  return form;
}

function messageForm(name: string, form: MutableForm<MessageModel>, index: number): MessageForm {
  const { newest, all } = form;
  const fields = newest.fields.map((field, at): Field => {
    const given = all.find((message) => message.fields[at]?.default !== undefined);
    return field.default === undefined && given !== undefined
      ? { ...field, default: given.fields[at]?.default }
      : field;
  });
  return {
    name,
    message: { ...newest, fields },
    releases: form.releases,
    crcs: [...new Set(all.map(({ crc }) => crc))],
    older: index > 0,
  };
}

/** A CRC that stands for two forms: before 20.05 CRCs did not cover nested types. */
function sharedCrcs(name: string, forms: readonly MessageForm[]): readonly string[] {
  const seen = new Map<string, MessageForm>();
  const notes: string[] = [];
  for (const form of forms) {
    for (const crc of form.crcs) {
      const before = seen.get(crc);
      seen.set(crc, before ?? form);
      if (before === undefined) continue;
      notes.push(
        `${name}_${crc} is one thing in ${before.releases.join(", ")} and another in ${form.releases.join(", ")}; the newer is taken`,
      );
    }
  }
  return notes;
}

/**
 * Enumerations of one name that agree on the value of every name they share, and on their width, are one, with the
 * members of all.
 */
function mergeEnums(newestFirst: readonly Release[]): ReadonlyMap<EnumType, EnumType> {
  const groups = new Map<string, EnumType[][]>();
  for (const { model } of newestFirst) {
    for (const type of model.types.values()) {
      if (type.kind !== "enum") continue;
      const known = groups.get(type.name) ?? [];
      groups.set(type.name, known);
      const group = known.find((members) => members.every((other) => agree(other, type)));
      if (group === undefined) known.push([type]);
      else group.push(type);
    }
  }
  const merged = new Map<EnumType, EnumType>();
  for (const group of [...groups.values()].flat()) {
    const [newest] = group;
    if (newest === undefined) continue;
    const members = new Map<string, EnumMember>();
    for (const type of group)
      for (const member of type.members) if (!members.has(member.name)) members.set(member.name, member);
    const one = { ...newest, members: [...members.values()], flags: group.some(({ flags }) => flags) };
    for (const type of group) merged.set(type, one);
  }
  return merged;
}

function agree(one: EnumType, other: EnumType): boolean {
  if (one.scalar !== other.scalar) return false;
  const values = new Map(one.members.map(({ name, value }) => [name, value]));
  return other.members.every(({ name, value }) => (values.get(name) ?? value) === value);
}

/** What a type or message is, as text that is equal exactly for equal ones. */
class Signatures {
  readonly #enums: ReadonlyMap<EnumType, EnumType>;
  readonly #known = new Map<Type, string>();
  readonly #numbers = new Map<string, string>();

  constructor(enums: ReadonlyMap<EnumType, EnumType>) {
    this.#enums = enums;
  }

  type(type: Type): string {
    if (type.kind === "scalar") return type.name;
    const known = this.#known.get(type) ?? this.#short(this.#make(type));
    this.#known.set(type, known);
    return known;
  }

  message(message: MessageModel): string {
    const { size, clientIndexAt, contextAt } = message.header;
    return `${size},${clientIndexAt},${contextAt}${this.#fields(message.fields)}`;
  }

  #make(type: NamedType): string {
    if (type.kind === "enum") return `enum ${type.name} ${this.#enumText(this.#enums.get(type) ?? type)}`;
    if (type.kind === "alias") return `alias ${type.name} ${this.type(type.target)}${shapeText(type.shape)}`;
    if (type.kind === "struct") return `struct ${type.name} ${this.#fields(type.fields)}`;
    const arms = type.arms.map((arm) => `${arm.name} ${this.type(arm.type)}${shapeText(arm.shape)}`);
    return `union ${type.name} ${arms.join(";")}`;
  }

  #fields(fields: readonly Field[]): string {
    return fields
      .map(({ name, type, shape, discriminator }) => {
        return `${name} ${this.type(type)}${shapeText(shape)}${discriminator === undefined ? "" : `?${discriminator}`}`;
      })
      .join(";");
  }

  #enumText({ scalar, members }: EnumType): string {
    return `${scalar} ${members.map(({ name, value }) => `${name}=${value}`).join(",")}`;
  }

  /** Keeps signatures of signatures from growing. */
  #short(text: string): string {
    const known = this.#numbers.get(text) ?? `#${this.#numbers.size}`;
    this.#numbers.set(text, known);
    return known;
  }
}

function shapeText(shape: Shape): string {
  if (shape.kind === "one") return "";
  if (shape.kind === "counted") return `[${shape.count}]`;
  if (shape.kind === "rest" || shape.kind === "text") return shape.kind;
  return `${shape.kind}${shape.length}`;
}
