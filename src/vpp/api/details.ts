import { ProtocolError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { decodeMessage, Reader, type MessageCodec } from "../wire/index.js";
import type { VppCallError } from "./errors.js";

/** Where the details of a dump go. */
export interface DetailsSink<Details> {
  /** One message of details, between two offsets of the reader's bytes. An error ends the dump. */
  take(
    codec: MessageCodec<Details, never>,
    reader: Reader,
    start: number,
    end: number,
  ): VppCallError | undefined;
  /** No more will come; the error if not all came. Called once. */
  end(error: VppCallError | undefined): void;
}

/** A dump that runs. */
export interface RunningDump {
  /** Nobody wants the rest. What VPP still sends is read and dropped. */
  leave(): void;
}

/** Sends a dump whose details go to a sink. */
export type BeginDump<Details> = (sink: DetailsSink<Details>) => RunningDump;

/**
 * A dump or cursor stream that has not begun: it is sent when it is iterated or collected, each time anew. An error is
 * the last item. Leaving the loop early is safe: what VPP still sends is read and dropped. A slow reader loses nothing
 * and stops nobody; what it has not read is kept as it came and decoded when it is read.
 *
 * @example
 * ```ts
 * for await (const details of client.dump(swInterfaceDump, {})) {
 *   if (details.isErr()) return details;
 *   console.log(details.value.interface_name);
 * }
 * ```
 */
export class Dump<Details> implements AsyncIterable<Result<Details, VppCallError>> {
  readonly #begin: BeginDump<Details>;
  readonly #maxBacklogBytes: number;

  /** @internal */
  constructor(begin: BeginDump<Details>, maxBacklogBytes: number) {
    this.#begin = begin;
    this.#maxBacklogBytes = maxBacklogBytes;
  }

  /** All details in one list, or the error if not all came. */
  all(): Promise<Result<Details[], VppCallError>> {
    return new Promise((resolve) => {
      this.#begin(new Collector(resolve));
    });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Result<Details, VppCallError>, undefined, undefined> {
    return new Backlog(this.#begin, this.#maxBacklogBytes);
  }
}

/** Decodes details as they come: while VPP makes the next ones. */
class Collector<Details> implements DetailsSink<Details> {
  readonly #resolve: (result: Result<Details[], VppCallError>) => void;
  readonly #all: Details[] = [];

  constructor(resolve: (result: Result<Details[], VppCallError>) => void) {
    this.#resolve = resolve;
  }

  take(
    codec: MessageCodec<Details, never>,
    reader: Reader,
    start: number,
    end: number,
  ): VppCallError | undefined {
    const details = decodeMessage(codec, reader.select(start, end));
    if (details.isErr()) return details.error;
    this.#all.push(details.value);
    return undefined;
  }

  end(error: VppCallError | undefined): void {
    this.#resolve(error === undefined ? Ok(this.#all) : Err(error));
  }
}

interface Frame<Details> {
  readonly codec: MessageCodec<Details, never>;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

type Item<Details> = Result<Details, VppCallError>;
type Step<Details> = IteratorResult<Item<Details>, undefined>;

/** Keeps the details that one reader has not read yet. The socket is read on all the same: VPP does not wait for us. */
class Backlog<Details>
  implements DetailsSink<Details>, AsyncIterableIterator<Item<Details>, undefined, undefined>
{
  readonly #begin: BeginDump<Details>;
  readonly #maxBytes: number;
  readonly #reader = new Reader();
  #frames: Frame<Details>[] = [];
  /** The first frame that was not read. */
  #at = 0;
  #bytes = 0;
  #waiting: ((step: Step<Details>) => void)[] = [];
  #run: RunningDump | undefined;
  /** Whether all has come that will come; `#error` is then what the reader gets last. */
  #complete = false;
  #error: VppCallError | undefined;

  constructor(begin: BeginDump<Details>, maxBytes: number) {
    this.#begin = begin;
    this.#maxBytes = maxBytes;
  }

  take(
    codec: MessageCodec<Details, never>,
    reader: Reader,
    start: number,
    end: number,
  ): VppCallError | undefined {
    this.#frames.push({ codec, bytes: reader.bytes, start, end });
    this.#bytes += end - start;
    this.#wake();
    return this.#bytes > this.#maxBytes ? tooMuch(codec.name, this.#maxBytes) : undefined;
  }

  end(error: VppCallError | undefined): void {
    this.#complete = true;
    this.#error = error;
    this.#wake();
  }

  next(): Promise<Step<Details>> {
    this.#run ??= this.#begin(this);
    const step = this.#step();
    return step === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(step);
  }

  return(): Promise<Step<Details>> {
    this.#run?.leave();
    this.#run ??= { leave: () => undefined };
    this.#finish(undefined);
    this.#wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** What the reader gets now; undefined: it has to wait. */
  #step(): Step<Details> | undefined {
    const frame = this.#frames[this.#at];
    if (frame !== undefined) return { done: false, value: this.#decode(frame) };
    const error = this.#error;
    if (error !== undefined) {
      this.#error = undefined;
      return { done: false, value: Err(error) };
    }
    return this.#complete ? { done: true, value: undefined } : undefined;
  }

  #decode({ codec, bytes, start, end }: Frame<Details>): Item<Details> {
    this.#at++;
    this.#bytes -= end - start;
    if (this.#at === this.#frames.length) {
      this.#frames = [];
      this.#at = 0;
    }
    if (this.#reader.bytes !== bytes) this.#reader.load(bytes);
    const details = decodeMessage(codec, this.#reader.select(start, end));
    if (details.isErr()) {
      this.#run?.leave();
      this.#finish(undefined);
    }
    return details;
  }

  #finish(error: VppCallError | undefined): void {
    this.#frames = [];
    this.#at = 0;
    this.#complete = true;
    this.#error = error;
  }

  #wake(): void {
    while (this.#waiting.length > 0) {
      const step = this.#step();
      if (step === undefined) return;
      this.#waiting.shift()?.(step);
    }
  }
}

function tooMuch(name: string, most: number): ProtocolError {
  const message = `${name}: more than ${most} bytes of details wait to be read; read them faster, or raise maxBacklogBytes when connecting`;
  return new ProtocolError({ operation: name, message });
}
