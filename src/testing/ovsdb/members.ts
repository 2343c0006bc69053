import { isArray, isId, isObject } from "../../ovsdb/json.js";
import { syntaxError, type Refusal } from "./refusal.js";

/**
 * Reads the members of an object, and then says whether there were others (`ovsdb_parser` of lib/ovsdb-parser.c). A
 * complaint about the members comes before every other one.
 */
export class Members {
  readonly #json: unknown;
  readonly #what: string;
  readonly #seen = new Set<string>();
  #complaint: Refusal | undefined;

  constructor(json: unknown, what: string) {
    this.#json = json;
    this.#what = what;
    if (!isObject(json)) this.#complaint = syntaxError(`Parsing ${what} failed: Object expected.`);
  }

  id(name: string): string {
    return this.#required(name, "", isIdText);
  }

  optionalId(name: string): string | undefined {
    return this.#optional(name, "", isIdText);
  }

  string(name: string): string {
    return this.#required(name, "", isText);
  }

  optionalString(name: string): string | undefined {
    return this.#optional(name, "", isText);
  }

  boolean(name: string): boolean {
    return this.#required<boolean>(name, false, isFlag);
  }

  array(name: string): readonly unknown[] {
    return this.#required<readonly unknown[]>(name, [], isArray);
  }

  optionalArray(name: string): readonly unknown[] | undefined {
    return this.#optional<readonly unknown[]>(name, [], isArray);
  }

  object(name: string): Readonly<Record<string, unknown>> {
    return this.#required<Readonly<Record<string, unknown>>>(name, {}, isObject);
  }

  optionalObject(name: string): Readonly<Record<string, unknown>> | undefined {
    return this.#optional<Readonly<Record<string, unknown>>>(name, {}, isObject);
  }

  optionalBoolean(name: string): boolean | undefined {
    return this.#optional<boolean>(name, false, isFlag);
  }

  optionalInteger(name: string): number | undefined {
    return this.#optional(name, 0, isInteger);
  }

  /** Notes a complaint; the first counts. */
  complain(details: string): void {
    this.#complaint ??= syntaxError(`Parsing ${this.#what} failed: ${details}`, this.#json);
  }

  /** Refuses what it has a complaint about, and members that nobody has read. */
  finish(): void {
    if (this.#complaint === undefined && isObject(this.#json)) {
      const other = Object.keys(this.#json).find((name) => !this.#seen.has(name));
      if (other !== undefined) this.complain(`Member '${other}' is present but not allowed here.`);
    }
    if (this.#complaint !== undefined) throw this.#complaint;
  }

  #required<T>(name: string, otherwise: T, is: (value: unknown) => value is T): T {
    const value = this.#optional(name, otherwise, is);
    if (value === undefined) this.complain(`Required '${name}' member is missing.`);
    return value ?? otherwise;
  }

  #optional<T>(name: string, otherwise: T, is: (value: unknown) => value is T): T | undefined {
    this.#seen.add(name);
    if (!isObject(this.#json) || !Object.hasOwn(this.#json, name)) return undefined;
    const value = this.#json[name];
    if (is(value)) return value;
    this.complain(`Type mismatch for member '${name}'.`);
    return otherwise;
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const isIdText = (value: unknown): value is string => isText(value) && isId(value);
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
