import { existsSync, readFileSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { fromIo, isErrno } from "../errors.js";
import type { AttachmentId } from "../environment.js";
import { networkPrefix } from "../names.js";
import { append, appendDurably, makeDirectory, remove, settleDirectory, writeDurably } from "./files.js";
import { endSchema, recordSchema, refusalSchema, type AttachmentRecord } from "./record.js";

export const defaultStateDir = "/var/lib/cni/userspace";

/** A record that was looked for: there, not there, or there and not readable as one. */
export type Found = { readonly record: AttachmentRecord } | "absent" | "corrupt";

/** `KEY,CONTAINERID,IFNAME.json`; while it is written hidden, with `.tmp` behind it. */
const fileName = /^\.?(?<key>[^,]+),(?<containerId>[^,]+),(?<ifName>.+)\.json(?:\.tmp)?$/u;

const nameOf = (key: string, { containerId, ifName }: AttachmentId): string =>
  `${key},${containerId},${ifName}.json`;

/** What a line holds; `undefined`: something else, or a part of it. */
function parse<Schema extends v.GenericSchema>(
  schema: Schema,
  line: string,
): v.InferOutput<Schema> | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(line));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** What a file holds; `undefined`: it is gone. */
function readText(directory: string, file: string): string | undefined {
  try {
    return readFileSync(join(directory, file), "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw fromIo(`read the record ${file}`, error);
  }
}

function recordIn(text: string): Exclude<Found, "absent"> {
  const [first = "", second = ""] = text.split("\n");
  const record = parse(recordSchema, first);
  if (record === undefined) return "corrupt";
  const end = parse(endSchema, second);
  if (end !== undefined) return { record: { ...record, state: "added", ...end } };
  return { record: { ...record, ...parse(refusalSchema, second) } };
}

const isTemporary = (file: string): boolean => file.startsWith(".");

/**
 * The records of attachments: a file each, written before the act and removed after it. Its first line is on the disk
 * before anything is done; that the act ended well, and with what, is told in a second one, which may be lost with the
 * host: then the first still says all that has to be taken away. Its name says whose it is should what is in it be lost. A record whose interface could not be deleted, because the switch was away, waits
 * among the `leftover`: renaming needs no room on a full disk.
 */
export class Store {
  readonly #records: string;
  readonly #leftovers: string;
  readonly locks: string;

  constructor(directory: string) {
    this.#records = join(directory, "attachments");
    this.#leftovers = join(directory, "leftover");
    this.locks = join(directory, "locks");
  }

  /** By its name where it is known whose it is, else the one of that key. */
  read(key: string, id?: AttachmentId): Found {
    return this.#read(this.#records, id === undefined ? this.#fileOf(this.#records, key) : nameOf(key, id));
  }

  /** One that waits to be deleted. */
  readLeftover(key: string): Found {
    return this.#read(this.#leftovers, this.#fileOf(this.#leftovers, key));
  }

  /** Whose a record is, from its name alone. */
  idOf(key: string): AttachmentId | undefined {
    const [file = ""] = this.#filesOf(this.#records, key);
    const { containerId, ifName } = fileName.exec(file)?.groups ?? {};
    return containerId === undefined || ifName === undefined ? undefined : { containerId, ifName };
  }

  /** The file of a record, for somebody who reads an error message; `undefined` where there is none. */
  pathOf(key: string): string | undefined {
    const file = this.#fileOf(this.#records, key);
    return file && join(this.#records, file);
  }

  async write(key: string, record: AttachmentRecord): Promise<void> {
    try {
      if (!existsSync(this.#records)) {
        makeDirectory(this.#records, 0o700);
        // Made now: when a record has to go there the disk may be full.
        makeDirectory(this.#leftovers, 0o700);
      }
      await this.#write(this.#records, key, record);
    } catch (error) {
      throw fromIo(`write the record of the attachment in ${this.#records}`, error);
    }
  }

  /** Says of a record that was written that its ADD ended well, with this result in the form of 1.1.0. */
  finish(key: string, record: AttachmentRecord, result: Record<string, unknown>): void {
    try {
      append(join(this.#records, nameOf(key, record)), `${JSON.stringify({ result })}\n`);
    } catch (error) {
      throw fromIo(`write the record of the attachment in ${this.#records}`, error);
    }
  }

  /** Says of a record that was written that the IPAM plugin refused its ADD. */
  async refused(key: string, record: AttachmentRecord): Promise<void> {
    try {
      await appendDurably(
        join(this.#records, nameOf(key, record)),
        `${JSON.stringify({ ipamRefused: true })}\n`,
      );
    } catch (error) {
      throw fromIo(`write the record of the attachment in ${this.#records}`, error);
    }
  }

  async remove(key: string): Promise<void> {
    try {
      for (const directory of [this.#records, this.#leftovers]) this.#removeFrom(directory, key);
      if (existsSync(this.#records)) await settleDirectory(this.#records);
    } catch (error) {
      throw fromIo(`remove the record of the attachment from ${this.#records}`, error);
    }
  }

  /** Removes a leftover, and leaves a record of the same key alone. */
  forget(key: string): void {
    try {
      this.#removeFrom(this.#leftovers, key);
    } catch (error) {
      throw fromIo(`remove the leftover of the attachment from ${this.#leftovers}`, error);
    }
  }

  /** Puts a record among the leftovers; where there is none, what is `remembered`. */
  async leave(key: string, remembered: AttachmentRecord | undefined): Promise<void> {
    try {
      const file = this.#fileOf(this.#records, key);
      if (file !== undefined) {
        makeDirectory(this.#leftovers, 0o700);
        renameSync(join(this.#records, file), join(this.#leftovers, file));
        await settleDirectory(this.#leftovers);
      } else if (remembered !== undefined) await this.#write(this.#leftovers, key, remembered);
    } catch (error) {
      throw fromIo("keep the record of the attachment for later", error);
    }
  }

  /** The keys of a network's records. */
  keys(network: string): readonly string[] {
    return this.#list(this.#records).filter((key) => key.startsWith(networkPrefix(network)));
  }

  /** The records of other attachments, of any network, that name one of these paths. Only those are read as records. */
  naming(paths: Iterable<string>, key: string): readonly AttachmentRecord[] {
    const named = [...paths].map((path) => JSON.stringify(path));
    const records: AttachmentRecord[] = [];
    for (const file of this.#files(this.#records)) {
      if (isTemporary(file) || file.startsWith(`${key},`)) continue;
      const text = readText(this.#records, file);
      if (text === undefined || !named.some((path) => text.includes(path))) continue;
      const found = recordIn(text);
      if (found !== "corrupt") records.push(found.record);
    }
    return records;
  }

  leftovers(): readonly string[] {
    return this.#list(this.#leftovers);
  }

  async #write(directory: string, key: string, record: AttachmentRecord): Promise<void> {
    if (!existsSync(directory)) makeDirectory(directory, 0o700);
    await writeDurably(join(directory, nameOf(key, record)), `${JSON.stringify(record)}\n`, 0o600);
  }

  /** The keys of a directory's files, also of those that a killed run was writing. */
  #list(directory: string): readonly string[] {
    const keys = this.#files(directory).map((file) => fileName.exec(file)?.groups?.["key"] ?? "");
    return [...new Set(keys.filter((key) => key !== ""))];
  }

  #filesOf(directory: string, key: string): readonly string[] {
    const names = [`${key},`, `.${key},`];
    return this.#files(directory).filter(
      (file) => names.some((name) => file.startsWith(name)) && fileName.test(file),
    );
  }

  #fileOf(directory: string, key: string): string | undefined {
    return this.#filesOf(directory, key).find((name) => !isTemporary(name));
  }

  #removeFrom(directory: string, key: string): void {
    for (const file of this.#filesOf(directory, key)) remove(join(directory, file));
  }

  #files(directory: string): readonly string[] {
    try {
      // An error, with its stack, costs more than to look.
      return existsSync(directory) ? readdirSync(directory) : [];
    } catch (error) {
      if (isErrno(error, "ENOENT")) return [];
      throw fromIo(`read the directory ${directory}`, error);
    }
  }

  #read(directory: string, file: string | undefined): Found {
    if (file === undefined || !existsSync(join(directory, file))) return "absent";
    const text = readText(directory, file);
    return text === undefined ? "absent" : recordIn(text);
  }
}
