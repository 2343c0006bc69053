import { toJson } from "../core/json.js";
import { coloured, plain, type Style } from "./style.js";

/** A stream to print to: `process.stdout`, or a test's. */
export type Stream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

type Environment = Readonly<Record<string, string | undefined>>;

const isBrokenPipe = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED");

/**
 * Standard output, with the fate of what is written to it. Colours only on a terminal and without `NO_COLOR`
 * (https://no-color.org). Dispose it when the last write is done.
 */
export class Output implements Disposable {
  readonly style: Style;
  /** Width to format for, in columns. */
  readonly width: number;
  readonly #stream: Stream;
  readonly #ended = new AbortController();
  #error: Error | undefined;
  readonly #onError = (error: Error): void => {
    if (!isBrokenPipe(error)) this.#error ??= error;
    this.#ended.abort();
  };

  constructor(stream: Stream, env: Environment) {
    this.#stream = stream;
    const colours = stream.isTTY === true && (env["NO_COLOR"] ?? "") === "";
    this.style = colours ? coloured : plain;
    this.width = stream.isTTY === true ? Math.max(60, Math.min(stream.columns ?? 80, 120)) : 100;
    stream.on("error", this.#onError);
  }

  /** Fires when nobody reads any more, or the stream has failed: printing has no use from then on. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Why printing failed; `undefined` while it works, and when only the reader has left. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Writes, and waits until the stream has taken it, so that a slow reader slows us. Never fails: see `ended`. */
  async write(text: string): Promise<void> {
    if (this.#ended.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#stream.write(text, (error) => {
        if (error) this.#onError(error);
        resolve();
      });
    });
  }

  /** Writes one JSON document; `pretty`: indented where a person reads it, on a terminal. */
  async writeJson(value: unknown, form: "pretty" | "line"): Promise<void> {
    const indent = form === "pretty" && this.#stream.isTTY === true ? 2 : 0;
    await this.write(`${toJson(value, indent)}\n`);
  }

  [Symbol.dispose](): void {
    this.#stream.off("error", this.#onError);
  }
}
