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
  call(indent: string, before: string, call: Call | List, after: string): string {
    const flat = flatten(call);
    if (this.#fits(indent, before, flat, after)) return `${indent}${before}${flat}${after}`;
    return `${indent}${before}${this.#broken(indent, call)}${after}`;
  }

  #broken(indent: string, expression: Call | List): string {
    const inner = `${indent}  `;
    const parts = "items" in expression ? expression.items : expression.args;
    const lines = parts.map((part) => this.line(inner, "", part, ","));
    if ("items" in expression) return `[\n${lines.join("\n")}\n${indent}]`;
    const { callee } = expression;
    return parts.length === 0 ? `${callee}()` : `${callee}(\n${lines.join("\n")}\n${indent})`;
  }

  /** A statement of one call. */
  statement(indent: string, call: Call): string {
    return this.call(indent, "", call, ";");
  }

  /** A line that is one expression between two pieces of text. */
  line(indent: string, before: string, value: Expression, after: string): string {
    return typeof value === "string"
      ? `${indent}${before}${value}${after}`
      : this.call(indent, before, value, after);
  }

  /** `name: value,` of an object literal. */
  property(indent: string, name: string, value: Expression): string {
    return this.line(indent, `${name}: `, value, ",");
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

  /** An object literal, as one line or a property a line. A property without a value is its own text. */
  object(indent: string, before: string, properties: readonly Property[], after: string): string {
    const flat = `{ ${properties.map(([name, value]) => (value === undefined ? name : `${name}: ${flatten(value)}`)).join(", ")} }`;
    if (this.#fits(indent, before, flat, after)) return `${indent}${before}${flat}${after}`;
    const inner = `${indent}  `;
    const lines = properties.map(([name, value]) =>
      value === undefined ? `${inner}${name},\n` : `${this.property(inner, name, value)}\n`,
    );
    return `${indent}${before}{\n${lines.join("")}${indent}}${after}`;
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
    const below = `  ${members.join(" | ")};`;
    if (!below.includes("\n") && this.#fits(below)) return `${head}\n${below}`;
    return `${head}\n${members.map((member) => `  | ${member}`).join("\n")};`;
  }

  /** A function up to its opening brace. */
  signature(head: string, parameters: readonly string[], result: string): string {
    const flat = `${head}(${parameters.join(", ")}): ${result} {`;
    if (this.#fits(flat)) return flat;
    return `${head}(\n${parameters.map((parameter) => `  ${parameter},\n`).join("")}): ${result} {`;
  }

  /**
   * `const name: Type<a, b> = {`, the head of an object literal, and how far what follows is indented. Where only the
   * brace does not fit, prettier puts the whole literal below; where more does not, it breaks the type's arguments.
   *
   * @param args - type arguments
   * @param full - the same with those that are left out where they are the default: a list of one is never broken
   */
  typedHead(
    before: string,
    name: string,
    args: readonly string[],
    full: readonly string[],
  ): { readonly head: string; readonly indent: string } {
    const flat = `${before}${name}<${args.join(", ")}> =`;
    if (this.#fits(flat, " {")) return { head: `${flat} {`, indent: "" };
    if (this.#fits(flat)) return { head: `${flat}\n  {`, indent: "  " };
    const all = args.length === 1 ? full : args;
    return { head: `${before}${name}<\n${all.map((arg) => `  ${arg}`).join(",\n")}\n> = {`, indent: "" };
  }

  /** `if (condition) { ... }` with `else if` and `else`; the last branch has no condition. */
  branches(
    indent: string,
    branches: readonly (readonly [condition: string | undefined, body: string])[],
  ): string {
    return branches
      .map(([condition, body], index) => {
        const otherwise = index === 0 ? indent : " else ";
        return `${otherwise}${condition === undefined ? "" : `if (${condition}) `}{\n${body}\n${indent}}`;
      })
      .join("");
  }

  /** `before Exclude<from, a | b>;`, in up to one line for each of the members. */
  exclude(indent: string, before: string, from: string, members: readonly string[]): string {
    const union = members.join(" | ");
    const flat = `${before}Exclude<${from}, ${union}>;`;
    if (this.#fits(indent, flat)) return `${indent}${flat}`;
    const inner = `${indent}  `;
    const lines = this.#fits(inner, union)
      ? `${inner}${union}`
      : members.map((member) => `${inner}| ${member}`).join("\n");
    return `${indent}${before}Exclude<\n${inner}${from},\n${lines}\n${indent}>;`;
  }
}

/** A call: what is called, and its arguments, calls themselves or finished text. */
export interface Call {
  readonly callee: string;
  readonly args: readonly Expression[];
}

/** A property of an object literal: its name and value, or finished text. */
export type Property = readonly [name: string, value?: Expression];

/** A list of values in brackets. */
export interface List {
  readonly items: readonly Expression[];
}

/** A value in code. */
export type Expression = string | Call | List;

/** A call. */
export function call(callee: string, ...args: readonly Expression[]): Call {
  return { callee, args };
}

/** An expression on one line. */
function flatten(expression: Expression): string {
  if (typeof expression === "string") return expression;
  if ("items" in expression) return `[${expression.items.map(flatten).join(", ")}]`;
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
function escapeComment(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .replaceAll("*/", "*\\/")
    .trimEnd();
}

/** Prose from an API file as lines of a comment. */
export function prose(text: string): readonly string[] {
  return text === "" ? [] : text.split("\n").map((line) => line.replaceAll(/[@{}]/g, "\\$&"));
}
