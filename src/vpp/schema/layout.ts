import { createHash } from "node:crypto";
import type { Field, MessageModel, Shape, Type } from "./model.js";
import { scalarSize, sizeOfShape } from "./types.js";

/**
 * The fingerprint of a message's bytes: 16 hexadecimal digits, the same for two messages exactly when they are laid
 * out the same. A CRC is not that: 274 of the 280 CRCs that 21.06 changed left the bytes alone, and before 20.05 the
 * bytes changed under the same CRC (nested types were not covered).
 *
 * What makes no difference to the bytes makes none here: the names of fields and types, nesting, aliases, the members of an
 * enumeration, whether a number is signed, `bool` or `u8`, a fixed string or as many bytes.
 */
export function layoutOf(message: MessageModel): string {
  const layout = new LayoutText();
  for (let at = 0; at < message.header.size; at += at === 0 ? 2 : 4) layout.scalar(at === 0 ? "2" : "4", 1);
  layout.fields(message.fields, message.header.size);
  return createHash("sha256").update(layout.text()).digest("hex").slice(0, 16);
}

/** Writes a layout as runs of equal scalars, so that an array and as many fields come out the same. */
class LayoutText {
  #text = "";
  #scalar = "";
  #times = 0;

  text(): string {
    this.#flush();
    return this.#text;
  }

  scalar(scalar: string, times: number): void {
    if (scalar !== this.#scalar) {
      this.#flush();
      this.#scalar = scalar;
    }
    this.#times += times;
  }

  fields(fields: readonly Field[], start: number): void {
    const offsets = new Map<string, number>();
    let at = start;
    for (const { name, type, shape } of fields) {
      offsets.set(name, at);
      this.#shape(type, shape, at, offsets);
      at += sizeOfShape(type, shape).least;
    }
  }

  #shape(type: Type, shape: Shape, at: number, offsets: ReadonlyMap<string, number>): void {
    if (shape.kind === "one") this.#type(type);
    else if (shape.kind === "array") this.#repeat(type, shape.length);
    else if (shape.kind === "string") this.scalar("1", shape.length);
    else if (shape.kind === "rest") this.#group("rest", type);
    else if (shape.kind === "counted") this.#group(`counted at ${offsets.get(shape.count) ?? -1}`, type);
    else {
      this.scalar("4", 1);
      this.#group(`counted at ${at}`, { kind: "scalar", name: "u8" });
    }
  }

  #repeat(type: Type, times: number): void {
    const scalar = scalarOf(type);
    if (scalar !== undefined) this.scalar(scalar, times);
    else for (let i = 0; i < times; i++) this.#type(type);
  }

  #group(what: string, type: Type): void {
    this.#flush();
    this.#text += `${what}(`;
    this.#type(type);
    this.#flush();
    this.#text += ")";
  }

  #type(type: Type): void {
    const scalar = scalarOf(type);
    if (scalar !== undefined) return this.scalar(scalar, 1);
    if (type.kind === "alias") return this.#shape(type.target, type.shape, 0, new Map());
    if (type.kind === "struct") return this.fields(type.fields, 0);
    if (type.kind === "union") {
      this.#flush();
      this.#text += `${type.size.least} bytes of (`;
      for (const arm of type.arms) {
        this.#shape(arm.type, arm.shape, 0, new Map());
        this.#flush();
        this.#text += "|";
      }
      this.#text += ")";
    }
  }

  #flush(): void {
    if (this.#times > 0) this.#text += `${this.#scalar}*${this.#times} `;
    this.#times = 0;
  }
}

/** A scalar by its width; a double apart, as its byte order is another. */
function scalarOf(type: Type): string | undefined {
  if (type.kind === "enum") return String(scalarSize[type.scalar]);
  if (type.kind !== "scalar") return undefined;
  return type.name === "f64" ? "f64" : String(scalarSize[type.name]);
}
