/*
 * One model for every form that `*.api.json` had since 18.04 (VPP: `src/tools/vppapigen/vppapigen_json.py` and its
 * ancestors). What the forms say differently is said one way here; what they leave out is worked out: sizes, which
 * field counts which, which field says which arm of a union is meant.
 */

/** The scalars of the VPP API language. */
export type ScalarName = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "u64" | "i64" | "f64" | "bool";

/** A scalar that an enumeration can be carried in. */
export type IntegerName = Exclude<ScalarName, "f64" | "bool" | "u64" | "i64">;

/** A number, big-endian on the wire but for `f64`, or a byte that is true or false. */
export interface ScalarType {
  readonly kind: "scalar";
  readonly name: ScalarName;
}

/** A set of names for numbers. */
export interface EnumType {
  readonly kind: "enum";
  readonly name: string;
  /** What carries it on the wire. */
  readonly scalar: IntegerName;
  readonly members: readonly EnumMember[];
  /**
   * Whether values are sums of members: an `enumflags`, or an `enum` that can only be meant so (older releases had no
   * `enumflags`). Values of such a type are numbers.
   */
  readonly flags: boolean;
  readonly doc: Doc;
}

/** One name of an enumeration. */
export interface EnumMember {
  readonly name: string;
  readonly value: number;
}

/** Fields one after the other, unpadded. */
export interface StructType {
  readonly kind: "struct";
  readonly name: string;
  readonly fields: readonly Field[];
  readonly size: Size;
  readonly doc: Doc;
}

/** One of several types in the same place. */
export interface UnionType {
  readonly kind: "union";
  readonly name: string;
  readonly arms: readonly UnionArmModel[];
  readonly size: Size;
  readonly doc: Doc;
}

/** One type that a union can hold. */
export interface UnionArmModel {
  readonly name: string;
  readonly type: Type;
  readonly shape: FixedShape;
  /** The enumeration member that means this arm, where the API says (since 26.06) or we know. */
  readonly case: string | undefined;
}

/** Another name for a type, or for an array of it. */
export interface AliasType {
  readonly kind: "alias";
  readonly name: string;
  readonly target: Type;
  readonly shape: FixedShape;
}

/** A type as a field refers to it. */
export type Type = ScalarType | EnumType | StructType | UnionType | AliasType;

/** A type with a name of its own. */
export type NamedType = EnumType | StructType | UnionType | AliasType;

/** A shape of known size. */
export type FixedShape =
  | { readonly kind: "one" }
  /** `length` values back to back. */
  | { readonly kind: "array"; readonly length: number }
  /** A NUL-padded string of `length` bytes. */
  | { readonly kind: "string"; readonly length: number };

/** How often a field holds its type. */
export type Shape =
  | FixedShape
  /** As many values as the earlier field `count` says. */
  | { readonly kind: "counted"; readonly count: string }
  /** All that is left of the message; only in 18.04 and 18.07. */
  | { readonly kind: "rest" }
  /** A string with its length before it. */
  | { readonly kind: "text" };

/** A default value, in the form that a decoded field has. */
export type DefaultValue = number | bigint | boolean | string;

/** One field of a message or structure. */
export interface Field {
  readonly name: string;
  /** The type of one item. Of strings, `u8`. */
  readonly type: Type;
  readonly shape: Shape;
  /** What a request holds when its sender says nothing. The wire does not know it: the sender applies it. */
  readonly default: DefaultValue | undefined;
  /** The later field whose items this one counts. Such a field is worked out, never given. */
  readonly counts: string | undefined;
  /** The earlier field that says which arm of this union is meant. */
  readonly discriminator: string | undefined;
  readonly doc: string | undefined;
}

/** How many bytes a type has: `least`, and `variable` if there may be more. */
export interface Size {
  readonly least: number;
  readonly variable: boolean;
}

/** What the API's authors said. */
export interface Doc {
  /** The text of the comment, without its `@param` lines. */
  readonly text: string;
}

/** How a request is answered. */
export type Service =
  | { readonly kind: "call"; readonly reply: string }
  | { readonly kind: "dump"; readonly details: string }
  | { readonly kind: "stream"; readonly reply: string; readonly details: string }
  | { readonly kind: "subscribe"; readonly reply: string; readonly events: readonly string[] }
  | { readonly kind: "one-way" };

/** What a message is for, by the services that name it. */
export type MessageRole = "request" | "reply" | "details" | "event" | "other";

/** One message. */
export interface MessageModel {
  readonly name: string;
  /** Eight hexadecimal digits. `<name>_<crc>` is how a server announces the message; it is no fingerprint of the bytes. */
  readonly crc: string;
  /** The API file that defines it, without `.api.json`. */
  readonly module: string;
  readonly role: MessageRole;
  /** How it is answered; only requests have one. */
  readonly service: Service | undefined;
  readonly header: Header;
  /** The fields behind the header. */
  readonly fields: readonly Field[];
  /** The whole message, header included. */
  readonly size: Size;
  /** Set when the message is deprecated: the API's own words, often none. */
  readonly deprecated: string | undefined;
  /** Whether the message may change without notice. */
  readonly inProgress: boolean;
  /** The message to use instead, where the API says. */
  readonly replacedBy: string | undefined;
  readonly doc: Doc;
}

/**
 * The fields that every message begins with: the message id, then `client_index` or not, then `context` or not. The
 * client fills them in; a value has none of them. Offsets are in bytes, -1 where there is no such field.
 */
export interface Header {
  /** Bytes of the header. */
  readonly size: number;
  /** `client_index` right behind the message id. Elsewhere it is a field like others. */
  readonly clientIndexAt: number;
  /**
   * `context`, found by its name. Where it stands behind other fields (18.04) it is a field of the value too.
   */
  readonly contextAt: number;
}

/** One file of the API. */
export interface ApiFile {
  /** The file's name without `.api.json`. */
  readonly name: string;
  /** The file's own version, such as `3.1.0`; empty before 19.04. */
  readonly version: string;
  /** `vl_api_version`, eight hexadecimal digits. */
  readonly crc: string;
  /** The files whose types it uses, by the same kind of name. */
  readonly imports: readonly string[];
  /** The messages that it defines, in its order. */
  readonly messages: readonly string[];
  /** The types that it holds, its imports' included. */
  readonly types: readonly string[];
}

/** Something in the files that has no place in the model. */
export interface Skipped {
  readonly module: string;
  /** What was left out, such as `message foo`. */
  readonly item: string;
  readonly why: string;
}

/** Everything that one release's API files say. */
export interface ApiModel {
  readonly files: ReadonlyMap<string, ApiFile>;
  readonly messages: ReadonlyMap<string, MessageModel>;
  readonly types: ReadonlyMap<string, NamedType>;
  /** What was left out, and why. */
  readonly skipped: readonly Skipped[];
}
