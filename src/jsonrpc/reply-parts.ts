import type { FrameScanner } from "./frame-scanner.js";
import type { PendingCalls, ResultParts } from "./pending-calls.js";

/** The reply that is wanted in parts, of one call at a time: see {@link ResultParts}. */
export class ReplyParts {
  readonly #scanner: FrameScanner;
  readonly #calls: PendingCalls;
  /** Whether the connection lives. */
  readonly #isLive: () => boolean;
  /** The call whose result is coming in parts. */
  #coming: number | undefined;

  constructor(scanner: FrameScanner, calls: PendingCalls, isLive: () => boolean) {
    this.#scanner = scanner;
    this.#calls = calls;
    this.#isLive = isLive;
  }

  /** The call whose reply has begun to come: what is delivered next is the end of it. */
  get coming(): number | undefined {
    return this.#coming;
  }

  /** Wants the reply to that call in parts. */
  want(id: number, { depth, members }: ResultParts): void {
    const takeMembers = (list: readonly unknown[]): boolean => {
      this.#calls.peek(id)?.parts?.members?.take(list);
      return this.#isLive();
    };
    this.#scanner.wantParts({
      // As ovsdb-server begins a reply. From another server it may come in another form, and whole.
      prefix: Buffer.from(`{"id":${id},"result":`),
      depth,
      take: (part) => {
        this.#coming = id;
        this.#take(id, part);
        return this.#isLive();
      },
      members: members && { names: members.names, take: takeMembers },
    });
  }

  /** Takes the last part. */
  finish(id: number, last: unknown): void {
    this.stop();
    this.#take(id, last);
  }

  /** Wants no reply in parts any more. */
  stop(): void {
    this.#coming = undefined;
    this.#scanner.wantParts(undefined);
  }

  /** Gives what a part of a reply has of the result to the call, if that still waits. */
  #take(id: number, part: unknown): void {
    if (typeof part !== "object" || part === null) return;
    const { result, "": more }: { readonly result?: unknown; readonly ""?: unknown } = part;
    this.#calls.peek(id)?.parts?.take(result ?? more);
  }
}
