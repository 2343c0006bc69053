import type { DefaultValue, Field, Service } from "../schema/model.js";
import type { MessageForm, TypeForm } from "./forms.js";
import { prose } from "./print.js";
import { literal } from "./bodies.js";

/** Which comments go into generated code. */
export interface DocOptions {
  /** Whether to carry the API's own comments over. */
  readonly comments: boolean;
}

/** `26.06, 24.06`, or nothing where releases have no names. */
function releasesOf(labels: readonly string[]): string {
  return labels
    .filter((label) => label !== "")
    .toReversed()
    .join(", ");
}

/** What a type is: its own comment, its name at VPP, where it is so. */
export function typeDoc(form: TypeForm, options: DocOptions): readonly string[] {
  const { type } = form;
  const text = options.comments && type.kind !== "alias" ? prose(type.doc.text) : [];
  const releases = releasesOf(form.releases);
  const carried = type.kind === "enum" ? `, ${type.flags ? "flags" : "enum"} in ${type.scalar}` : "";
  return joined(text, [`\`${form.name}\`${carried}${releases === "" ? "" : `; ${releases}`}.`]);
}

/** What a message is, how it is answered, and what the API's authors think of its future. */
export function messageDoc(form: MessageForm, options: DocOptions): readonly string[] {
  const { message } = form;
  const text = options.comments ? prose(message.doc.text) : [];
  const releases = releasesOf(form.releases);
  const what = [`\`${form.name}\`${releases === "" ? "" : `, ${releases}`}`, answerOf(message.service)];
  const tags: string[] = [];
  if (message.deprecated !== undefined) {
    const instead = message.replacedBy === undefined ? "" : ` Use \`${message.replacedBy}\`.`;
    const why =
      options.comments && message.deprecated !== "" ? oneLine(message.deprecated) : "Marked so by VPP.";
    tags.push(`@deprecated ${why}${instead}`);
  }
  if (message.inProgress) tags.push("@experimental In progress: VPP may change it at any time.");
  return joined(text, [`${what.filter((part) => part !== "").join("; ")}.`], tags);
}

function answerOf(service: Service | undefined): string {
  if (service === undefined) return "";
  if (service.kind === "call") return `answered by \`${service.reply}\``;
  if (service.kind === "dump") return `answered by any number of \`${service.details}\``;
  if (service.kind === "stream")
    return `answered by any number of \`${service.details}\` and \`${service.reply}\``;
  if (service.kind === "one-way") return "not answered";
  return `answered by \`${service.reply}\`, then by ${service.events.map((event) => `\`${event}\``).join(", ")}`;
}

/** What a field is, and what it holds when left out. */
export function fieldDoc(field: Field, options: DocOptions): readonly string[] {
  const text = options.comments && field.doc !== undefined ? prose(field.doc) : [];
  return field.default === undefined ? text : joined(text, [`Default: ${defaultText(field.default)}`]);
}

function defaultText(value: DefaultValue): string {
  return value === 0xffff_ffff ? `${literal(value)} (~0)` : literal(value);
}

function oneLine(text: string): string {
  return prose(text).join(" ").trim();
}

/** Paragraphs. */
function joined(...parts: readonly (readonly string[])[]): readonly string[] {
  return parts
    .filter((part) => part.length > 0)
    .flatMap((part, index) => (index === 0 ? part : ["", ...part]));
}
