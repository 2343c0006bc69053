import type { MemberNames } from "./member-run.js";

/**
 * A text that is wanted in parts, as it comes, because the whole would take long to read. It is cut only where a bracket
 * has closed, and `depth` or fewer are open. Each part is read as if it were a text of its own: what was open before it is
 * there again, with an empty name and, where it is cut, a member or element `0` for all that went before.
 */
export interface PartialText {
  /** How the text begins. Others, meanwhile, come whole. */
  readonly prefix: Buffer;
  readonly depth: number;
  /**
   * Whether the objects at `depth` are read as lists: name, value, name, value, ... That is for objects whose names are all
   * different, such as the ids of rows: `JSON.parse` makes a layout of objects for each of them and keeps it a while, which
   * costs as much as all else. An array that is there by itself, or a comma for a colon, is not told apart.
   */
  readonly isListed?: boolean;
  /** Takes a part that is not the last one; the last is delivered as a text is. Gives whether to go on. */
  readonly take: (part: unknown) => boolean;
  /**
   * Where it is known what the names in an object at `depth` are like, such an object need not be looked at byte by byte.
   * `take` takes members of the one that was cut in last, as name, value, name, value, ...; gives whether to go on.
   */
  readonly members?:
    { readonly names: MemberNames; readonly take: (members: readonly unknown[]) => boolean } | undefined;
}

const none: readonly PartialText[] = [];

/** Knows the texts that are wanted in parts by how they begin. */
export class PartialTexts {
  #wanted: readonly PartialText[] = none;
  /** Those that the present text may still be, while too little of it has come. */
  #candidates: readonly PartialText[] = none;

  /** From the next text on: not the one that has begun to come. */
  want(wanted: readonly PartialText[]): void {
    this.#wanted = wanted;
  }

  /**
   * Which one the text is of which `known` bytes came before, and that goes on in `chunk` at `from`: `undefined` where it
   * is none, `"open"` where that is not known yet.
   */
  find(known: number, chunk: Buffer, from: number): PartialText | "open" | undefined {
    let open: PartialText[] | undefined;
    const among = known === 0 ? this.#wanted : this.#candidates;
    for (const each of among) {
      const { prefix } = each;
      let end = known;
      while (end < prefix.length && prefix[end] === chunk[from + end - known]) end++;
      if (end === prefix.length) return each;
      if (from + end - known === chunk.length) (open ??= []).push(each);
    }
    this.#candidates = open ?? none;
    return open === undefined ? undefined : "open";
  }
}
