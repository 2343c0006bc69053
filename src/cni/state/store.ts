import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { fromIo, isErrno } from "../errors.js";
import { networkPrefix } from "../names.js";
import { syncDirectory, writeAtomically } from "./files.js";
import { recordSchema, type AttachmentRecord } from "./record.js";

export const defaultStateDir = "/var/lib/cni/userspace";

/** A record that was looked for: there, not there, or there and not readable as one. */
export type Found = { readonly record: AttachmentRecord } | "absent" | "corrupt";

/**
 * The records of attachments: a file each, named by key, written before the act and removed after it. A record whose
 * interface could not be deleted, because the switch was away, waits among the `leftover`: renaming needs no room on
 * a full disk.
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

  read(key: string): Found {
    return this.#read(this.#file(key));
  }

  /** One that waits to be deleted. */
  readLeftover(key: string): Found {
    return this.#read(join(this.#leftovers, `${key}.json`));
  }

  write(key: string, record: AttachmentRecord): void {
    try {
      mkdirSync(this.#records, { recursive: true, mode: 0o700 });
      writeAtomically(this.#file(key), `${JSON.stringify(record)}\n`, { mode: 0o600, durable: true });
    } catch (error) {
      throw fromIo(`write the record of the attachment in ${this.#records}`, error);
    }
  }

  remove(key: string): void {
    try {
      for (const file of [this.#file(key), join(this.#leftovers, `${key}.json`)])
        rmSync(file, { force: true });
      if (existsSync(this.#records)) syncDirectory(this.#records);
    } catch (error) {
      throw fromIo(`remove the record of the attachment from ${this.#records}`, error);
    }
  }

  /** Removes a leftover, and leaves a record of the same key alone. */
  forget(key: string): void {
    try {
      rmSync(join(this.#leftovers, `${key}.json`), { force: true });
    } catch (error) {
      throw fromIo(`remove the leftover of the attachment from ${this.#leftovers}`, error);
    }
  }

  /** Puts a record, if there is one, among the leftovers. */
  leave(key: string): void {
    try {
      mkdirSync(this.#leftovers, { recursive: true, mode: 0o700 });
      renameSync(this.#file(key), join(this.#leftovers, `${key}.json`));
      syncDirectory(this.#leftovers);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw fromIo(`keep the record of the attachment for later`, error);
    }
  }

  /** The keys of a network's records. */
  keys(network: string): readonly string[] {
    return this.#list(this.#records).filter((key) => key.startsWith(networkPrefix(network)));
  }

  /** The records of all other attachments, of any network. */
  others(key: string): readonly AttachmentRecord[] {
    const found = this.#list(this.#records).map((each) => (each === key ? "absent" : this.read(each)));
    return found.flatMap((each) => (typeof each === "string" ? [] : [each.record]));
  }

  leftovers(): readonly string[] {
    return this.#list(this.#leftovers);
  }

  #file(key: string): string {
    return join(this.#records, `${key}.json`);
  }

  #list(directory: string): readonly string[] {
    try {
      return readdirSync(directory)
        .filter((file) => file.endsWith(".json") && !file.startsWith("."))
        .map((file) => file.slice(0, -".json".length));
    } catch (error) {
      if (isErrno(error, "ENOENT")) return [];
      throw fromIo(`read the directory ${directory}`, error);
    }
  }

  #read(file: string): Found {
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      if (isErrno(error, "ENOENT")) return "absent";
      throw fromIo(`read the record ${file}`, error);
    }
    try {
      const parsed = v.safeParse(recordSchema, JSON.parse(text));
      return parsed.success ? { record: parsed.output } : "corrupt";
    } catch {
      return "corrupt";
    }
  }
}
