import type { FrameScanner } from "./frame-scanner.js";
import type { PartialText } from "./partial-text.js";

/** Reads one message in parts. */
export interface PartsReader extends Omit<PartialText, "prefix"> {
  /** How the message may begin. */
  readonly prefixes: readonly Buffer[];
  /** Takes the last part. */
  readonly finish: (last: unknown) => void;
}

/** Of so many calls that were given up the late reply is wanted in parts, to be dropped as it comes. Those of older ones come whole. */
const mostLate = 16;

/** The messages that are wanted in parts: notifications, and the replies to some calls, by id. */
export class MessageParts {
  readonly #scanner: FrameScanner;
  readonly #wanted = new Map<number | "notifications", readonly PartialText[]>();
  /** The calls among them that were given up, the oldest first. */
  #late: readonly number[] = [];
  /** The message of which a part has come, and not the last one; and what takes that. */
  #present: { readonly key: number | "notifications"; readonly finish: (last: unknown) => void } | undefined;

  constructor(scanner: FrameScanner) {
    this.#scanner = scanner;
  }

  want(key: number | "notifications", { prefixes, finish, take, ...text }: PartsReader): void {
    const noting = (part: unknown): boolean => {
      this.#present = { key, finish };
      return take(part);
    };
    const texts = prefixes.map((prefix) => ({ ...text, prefix, take: noting }));
    this.#wanted.set(key, texts);
    this.#tellScanner();
  }

  /** Nobody waits for the reply any more. It may never come. */
  giveUp(id: number): void {
    if (!this.#wanted.has(id)) return;
    const [oldest] = this.#late;
    if (oldest !== undefined && this.#late.length >= mostLate) this.forget(oldest);
    this.#late = [...this.#late, id];
  }

  /** The next message that begins so comes whole. */
  forget(key: number | "notifications"): void {
    if (!this.#wanted.delete(key)) return;
    this.#late = this.#late.filter((id) => id !== key);
    this.#tellScanner();
  }

  /** Which message it is of which a part has come, and not the last one. */
  get present(): number | "notifications" | undefined {
    return this.#present?.key;
  }

  /** What takes the last part of the message that has begun to come; `undefined` where what comes is a whole one. */
  takeFinish(): ((last: unknown) => void) | undefined {
    const finish = this.#present?.finish;
    this.#present = undefined;
    return finish;
  }

  #tellScanner(): void {
    this.#scanner.wantParts([...this.#wanted.values()].flat());
  }
}
