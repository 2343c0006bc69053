/**
 * Writes code the way prettier would (its default rules, any width), so that nothing has to be formatted afterwards:
 * formatting all of a release takes prettier many times what generating it does. Only what bindings are made of is
 * covered, and each construct is proved against prettier in the tests.
 */
export class Printer {
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  #fits(...line: readonly string[]): boolean {
    let length = 0;
    for (const part of line) length += part.length;
    return length <= this.#width;
  }

  /**
   * A call with what stands before and after it on its line, as one line or with an argument a line.
   *
   * @param indent - the line's indentation
   * @param before - such as `const x = `
   * @param after - such as `;`
   */
  call(indent: string, before: string, call: Call, after: string): string {
    const flat = flatten(call);
    if (this.#fits(indent, before, flat, after)) return `${indent}${before}${flat}${after}`;
    return `${indent}${before}${this.#broken(indent, call)}${after}`;
  }

  #broken(indent: string, { callee, args }: Call): string {
    const inner = `${indent}  `;
    const lines = args.map((arg) =>
      typeof arg === "string" ? `${inner}${arg},` : this.call(inner, "", arg, ","),
    );
    return args.length === 0 ? `${callee}()` : `${callee}(\n${lines.join("\n")}\n${indent})`;
  }

  /** A statement of one call. */
  statement(indent: string, call: Call): string {
    return this.call(indent, "", call, ";");
  }

  /** `name: value,` of an object literal. */
  property(indent: string, name: string, value: Expression): string {
    const before = `${name}: `;
    if (typeof value !== "string") return this.call(indent, before, value, ",");
    return `${indent}${before}${value},`;
  }

  /** `const name = call;` at the margin; where not even the call's head fits, on the next line. */
  constant(head: string, call: Call): string {
    if (this.#fits(head, " ", flatten(call), ";") || this.#fits(head, " ", call.callee, "(")) {
      return this.call("", `${head} `, call, ";");
    }
    return `${head}\n${this.call("  ", "", call, ";")}`;
  }

  /** A list in brackets, as one line or an item a line. */
  list(indent: string, before: string, items: readonly string[], after: string): string {
    const flat = `[${items.join(", ")}]`;
    if (this.#fits(indent, before, flat, after)) return `${indent}${before}${flat}${after}`;
    return `${indent}${before}[\n${items.map((item) => `${indent}  ${item},\n`).join("")}${indent}]${after}`;
  }

  /** An object literal of finished properties, as one line or a property a line. */
  object(indent: string, before: string, properties: readonly string[], after: string): string {
    const flat = `{ ${properties.join(", ")} }`;
    if (this.#fits(indent, before, flat, after)) return `${indent}${before}${flat}${after}`;
    return `${indent}${before}{\n${properties.map((each) => `${indent}  ${each},\n`).join("")}${indent}}${after}`;
  }

  /** `import { a, b } from "from";` */
  import(names: readonly string[], from: string): string {
    const flat = `import { ${names.join(", ")} } from "${from}";`;
    if (this.#fits(flat)) return flat;
    return `import {\n${names.map((name) => `  ${name},\n`).join("")}} from "${from}";`;
  }

  /** `type name = a | b;` */
  union(head: string, members: readonly string[]): string {
    const flat = `${head} ${members.join(" | ")};`;
    if (this.#fits(flat) || members.length === 1) return flat;
    return `${head}\n${members.map((member) => `  | ${member}`).join("\n")};`;
  }

  /** `before Name<a, b>after`, as one line or an argument a line. */
  generic(before: string, name: string, args: readonly string[], after: string): string {
    const flat = `${before}${name}<${args.join(", ")}>${after}`;
    if (this.#fits(flat)) return flat;
    return `${before}${name}<\n${args.map((arg) => `  ${arg}`).join(",\n")}\n>${after}`;
  }
}

/** A call: what is called, and its arguments, calls themselves or finished text. */
export interface Call {
  readonly callee: string;
  readonly args: readonly Expression[];
}

/** A value in code. */
export type Expression = string | Call;

/** A call. */
export function call(callee: string, ...args: readonly Expression[]): Call {
  return { callee, args };
}

/** An expression on one line. */
export function flatten(expression: Expression): string {
  if (typeof expression === "string") return expression;
  return `${expression.callee}(${expression.args.map(flatten).join(", ")})`;
}

/** A comment before a declaration; nothing for no lines. */
export function docComment(indent: string, lines: readonly string[]): string {
  const safe = lines.map(escapeComment);
  if (safe.length === 0) return "";
  if (safe.length === 1) return `${indent}/** ${safe[0] ?? ""} */\n`;
  return `${indent}/**\n${safe.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}\n`).join("")}${indent} */\n`;
}

/** Text that cannot end the comment it stands in, nor be taken for a tag. */
export function escapeComment(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replaceAll("*/", "*\\/")
    .trimEnd();
}

/** Prose from an API file as lines of a comment. */
export function prose(text: string): readonly string[] {
  return text === "" ? [] : text.split("\n").map((line) => line.replaceAll(/[@{}]/g, "\\$&"));
}
