import { createHash } from "node:crypto";
import type { Mark } from "../../core/vswitch.js";

/*
 * Our marks: the tag of an interface and the `bd_tag` of a bridge domain, each 63 bytes of text that VPP keeps and
 * shows (`show interface tag`, `show bridge-domain`) and makes nothing of. `/` parts them: neither owners nor names have one.
 */

/** `string tag[64]` and `string bd_tag[64]` (VPP: `interface.api`, `l2.api`) with the closing NUL. */
const mostBytes = 63;

/** Bytes of SHA-256 that stand for a key too long for a tag: 16 letters in base64url. */
const digestBytes = 12;

/** A key that is only known by its digest is told in this form, and `collectGarbage` takes it as well. */
const digestPrefix = "sha256:";

const unprintable = /[\p{Cc}\p{Cs}]/u;

/**
 * The first word of an interface's tag. Its end says how the key is kept: `n` it is the name, `k` in full, `d` its
 * digest. It begins with `vsm` while the interface is being made. It is in capitals when the memif socket of the
 * interface was registered for it and has to go with it.
 */
const finished = "vsw";
const making = "vsm";
const keyLetters = { name: "n", full: "k", digest: "d" } as const;

/**
 * The first word of a domain's tag. `kept`: an empty domain that says that another, made on demand, is persistent now.
 * `vlan`: the domain of one VLAN of a bridge, whoever made the bridge.
 */
const domainWords = { "on-demand": "vswo", persistent: "vswp", kept: "vsws", vlan: "vswv" } as const;

const bytes = (text: string): number => Buffer.byteLength(text);

const digestOf = (key: string): string =>
  createHash("sha256").update(key).digest().subarray(0, digestBytes).toString("base64url");

/** What the tag of one of our interfaces says. */
export interface InterfaceMark extends Mark {
  readonly name: string;
  /** `key` is `sha256:` and the key's digest: the key itself did not fit. */
  readonly isDigest: boolean;
  /** The memif socket was registered for our interfaces. */
  readonly ownsSocket: boolean;
  /** It is being made, or whoever made it ended half-way. */
  readonly isMaking: boolean;
}

/** What the `bd_tag` of one of our domains says. */
export interface DomainMark {
  readonly owner: string;
  /** Of the bridge. */
  readonly name: string;
  readonly kind: keyof typeof domainWords;
  /** With the kind `vlan` 1 to 4095, else 0. */
  readonly vlan: number;
}

/** The longest name that fits into the tag of an interface beside its owner and key. */
export function longestName(owner: string, key: string | undefined): number {
  const digest = bytes(digestOf(""));
  const rest = key === undefined ? 0 : 1 + (unprintable.test(key) ? digest : Math.min(bytes(key), digest));
  return mostBytes - bytes(`${finished}n/${owner}/`) - rest;
}

/** The tag of an interface. */
export function interfaceTag(mark: Omit<InterfaceMark, "isDigest">): string {
  const { owner, name, key, ownsSocket, isMaking } = mark;
  const word = (letter: string): string => {
    const lower = `${isMaking ? making : finished}${letter}`;
    return ownsSocket ? lower.toUpperCase() : lower;
  };
  if (key === name) return `${word(keyLetters.name)}/${owner}/${name}`;
  const full = `${word(keyLetters.full)}/${owner}/${name}/${key}`;
  if (bytes(full) <= mostBytes && !unprintable.test(key)) return full;
  return `${word(keyLetters.digest)}/${owner}/${name}/${digestOf(key)}`;
}

const wordLength = 4;

/** The first words of tags, with what they say. */
const interfaceWords: ReadonlyMap<
  string,
  { readonly kind: string; readonly ownsSocket: boolean; readonly isMaking: boolean }
> = new Map(
  [finished, making].flatMap((word) =>
    Object.values(keyLetters).flatMap((kind) =>
      [word, word.toUpperCase()].flatMap((first) =>
        [kind, kind.toUpperCase()].map((letter) => [
          first + letter,
          { kind, ownsSocket: first !== word, isMaking: word === making },
        ]),
      ),
    ),
  ),
);

/**
 * Who made an interface, by its tag; undefined: not this library. Without a regular expression: every verb reads the tags of
 * all interfaces, and that took a fifth of its time (measured with 3,000).
 */
export function readInterfaceTag(tag: string): InterfaceMark | undefined {
  const wordEnd = tag.indexOf("/");
  const ownerEnd = tag.indexOf("/", wordEnd + 1);
  const word = wordEnd === wordLength ? interfaceWords.get(tag.slice(0, wordEnd)) : undefined;
  if (word === undefined || ownerEnd <= wordEnd + 1) return undefined;
  const owner = tag.slice(wordEnd + 1, ownerEnd);
  const nameEnd = tag.indexOf("/", ownerEnd + 1);
  const name = nameEnd === -1 ? tag.slice(ownerEnd + 1) : tag.slice(ownerEnd + 1, nameEnd);
  if (name === "") return undefined;
  const { kind, ownsSocket, isMaking } = word;
  const rest = nameEnd === -1 ? undefined : tag.slice(nameEnd + 1);
  if (kind === keyLetters.name)
    return rest === undefined ? { owner, name, ownsSocket, isMaking, key: name, isDigest: false } : undefined;
  if (rest === undefined || rest === "") return undefined;
  const isDigest = kind === keyLetters.digest;
  return { owner, name, ownsSocket, isMaking, key: isDigest ? digestPrefix + rest : rest, isDigest };
}

/** Whether an interface's mark is of this key. */
export function hasKey(mark: InterfaceMark, key: string): boolean {
  return mark.key === key || (mark.isDigest && mark.key === digestPrefix + digestOf(key));
}

/** The forms in which marks may tell of these keys. */
export function keyForms(keys: ReadonlySet<string>): ReadonlySet<string> {
  const forms = new Set(keys);
  for (const key of keys) forms.add(digestPrefix + digestOf(key));
  return forms;
}

/** The `bd_tag` of a domain. */
export function domainTag({ owner, name, kind, vlan }: DomainMark): string {
  return `${domainWords[kind]}/${owner}/${name}${kind === "vlan" ? `/${vlan}` : ""}`;
}

/** The longest name of a bridge whose domain an owner can mark; with VLANs, whose domains. */
export const longestBridgeName = (owner: string, hasVlans: boolean): number =>
  mostBytes - bytes(`${domainWords.persistent}/${owner}/${hasVlans ? "/4095" : ""}`);

const domainPattern = /^(\w{4})\/([^/]+)\/([^/]+)(?:\/([1-9]\d{0,3}))?$/u;

/** Who made a domain, by its `bd_tag`; undefined: not this library. */
export function readDomainTag(tag: string): DomainMark | undefined {
  const [, word, owner = "", name = "", vlan] = domainPattern.exec(tag) ?? [];
  if (word === domainWords.vlan)
    return vlan === undefined ? undefined : { owner, name, kind: "vlan", vlan: Number(vlan) };
  if (vlan !== undefined) return undefined;
  for (const kind of ["on-demand", "persistent", "kept"] as const)
    if (word === domainWords[kind]) return { owner, name, kind, vlan: 0 };
  return undefined;
}
