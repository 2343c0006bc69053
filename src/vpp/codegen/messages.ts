import { layoutOf } from "../schema/layout.js";
import type { Service } from "../schema/model.js";
import { Bodies, type Entry } from "./bodies.js";
import { type DocOptions, messageDoc } from "./docs.js";
import type { MessageForm } from "./forms.js";
import { call, docComment, type Printer } from "./print.js";
import type { ModuleScope, ValueNames } from "./scope.js";
import type { TypeWriter } from "./types.js";
import type { Values } from "./values.js";

/** A message form that is generated, with its names. */
export interface NamedMessage {
  readonly form: MessageForm;
  readonly names: ValueNames;
}

/** What answers a request: each answer in all its forms. */
export interface Answers {
  readonly reply: readonly NamedMessage[];
  readonly details: readonly NamedMessage[];
  readonly events: readonly NamedMessage[];
}

/** Which type of the runtime a request is, and which of its lists of answers that has, in the order of its type arguments. */
const services: Readonly<Record<Service["kind"], readonly [string, readonly (keyof Answers)[]]>> = {
  call: ["CallMessage", ["reply"]],
  dump: ["DumpMessage", ["details"]],
  stream: ["StreamMessage", ["reply", "details"]],
  subscribe: ["SubscribeMessage", ["reply", "events"]],
  "one-way": ["OneWayMessage", []],
};

const propertyOf: Readonly<Record<keyof Answers, string>> = {
  reply: "replies",
  details: "details",
  events: "events",
};

/** Writes messages: the type of the value, and the codec. */
export class MessageWriter {
  readonly #module: ModuleScope;
  readonly #print: Printer;
  readonly #bodies: Bodies;
  readonly #types: TypeWriter;
  readonly #docs: DocOptions;

  constructor(module: ModuleScope, print: Printer, values: Values, types: TypeWriter, docs: DocOptions) {
    this.#module = module;
    this.#print = print;
    this.#bodies = new Bodies(print, values, module);
    this.#types = types;
    this.#docs = docs;
  }

  write(message: NamedMessage, answers: Answers | undefined): string {
    const { form, names } = message;
    const doc = docComment("", messageDoc(form, this.#docs));
    const type = this.#types.interface(names, form.message.fields, doc);
    const hasInput = form.message.fields.some((field) => this.#module.mayBeLeftOut(field));
    const input = hasInput ? `\n${this.#types.input(names, form.message.fields)}` : "";
    const short = docComment("", messageDoc(form, { comments: false }));
    return `${type}${input}\n${short}${this.#codec(message, answers, hasInput ? names.input : names.type)}`;
  }

  #codec({ form, names }: NamedMessage, answers: Answers | undefined, given: string): string {
    const { message } = form;
    const service = answers === undefined ? undefined : message.service;
    const [runtimeType, lists] = service === undefined ? ["MessageCodec", []] : services[service.kind];
    const answered = lists.map((list) => typesOf(answers?.[list] ?? []));
    const args = service === undefined ? [names.type, given] : [given, ...answered, names.type];
    const [before, runtime] = [`export const ${names.type}: `, this.#module.runtime(runtimeType)];
    const short = given === names.type ? shorter(args) : args;
    const { head, indent } = this.#print.typedHead(before, runtime, short, args);
    const inner = `${indent}  `;
    const { header, size } = message;
    const lines = [
      `${inner}name: "${form.name}",`,
      this.#print.list(
        inner,
        "crcs: ",
        form.crcs.map((crc) => `"${crc}"`),
        ",",
      ),
      `${inner}layout: "${layoutOf(message)}",`,
      `${inner}size: ${size.least},`,
      `${inner}variable: ${size.variable},`,
      `${inner}clientIndexAt: ${header.clientIndexAt},`,
      `${inner}contextAt: ${header.contextAt},`,
    ];
    if (service !== undefined) lines.push(`${inner}service: "${service.kind}",`);
    for (const list of lists) {
      const codecs = (answers?.[list] ?? []).map((answer) => answer.names.type);
      lines.push(this.#print.list(inner, `${propertyOf[list]}: `, codecs, ","));
    }
    lines.push(this.#encode(form, inner), this.#decode(form, inner));
    return `${head}\n${lines.join("\n")}\n${indent}};\n`;
  }

  #encode({ message }: MessageForm, indent: string): string {
    const { header } = message;
    const entry: Entry = { kind: "next", header: header.size, reserve: (size) => reserve(header, size) };
    const body = this.#bodies.write(message.fields, entry, `${indent}  `);
    return `${indent}encode(${parametersOf(body)}) {\n${body}\n${indent}},`;
  }

  #decode({ message }: MessageForm, indent: string): string {
    const entry: Entry = { kind: "next", header: message.header.size, reserve: () => call("r.take") };
    return `${indent}decode(r) {\n${this.#bodies.read(message.fields, entry, `${indent}  `)}\n${indent}},`;
  }
}

/** Type arguments without the one that is what the default says. */
function shorter(args: readonly string[]): readonly string[] {
  return args.length === 2 ? args.slice(0, 1) : args.slice(0, -1);
}

/** The types of an answer's forms; `never` for an answer that is not there. */
function typesOf(answers: readonly NamedMessage[]): string {
  return answers.length === 0 ? "never" : answers.map(({ names }) => names.type).join(" | ");
}

/** Begins a message. The header has one of four forms. */
function reserve(header: MessageForm["message"]["header"], size: number): ReturnType<typeof call> {
  const hasContext = header.contextAt >= 0 && header.contextAt < header.size;
  if (header.clientIndexAt >= 0) {
    return hasContext
      ? call("w.request", String(size), "id", "clientIndex", "context")
      : call("w.event", String(size), "id", "clientIndex");
  }
  return hasContext ? call("w.reply", String(size), "id", "context") : call("w.bare", String(size), "id");
}

/** The parameters of `encode`, as far as they are used; unused ones before used ones are marked. */
function parametersOf(body: string): string {
  const all = ["w", "m", "id", "clientIndex", "context"];
  const used = all.map((name) => new RegExp(`\\b${name}\\b`).test(body));
  return all
    .map((name, index) => (used[index] === true ? name : `_${name}`))
    .slice(0, used.lastIndexOf(true) + 1)
    .join(", ");
}
