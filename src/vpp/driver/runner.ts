import { changeForm, checkOptions } from "../../core/arguments.js";
import { Deadline, type CallOptions } from "../../core/call.js";
import { DisconnectedError, type VSwitchError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import { defaultTimeoutMs, type ChangeOptions } from "../../core/vswitch.js";
import type { VppClient } from "../api/client.js";
import { Context } from "./context.js";
import { notReady } from "./errors.js";
import type { Steps } from "./steps.js";
import { Turns } from "./turns.js";
import type { Change } from "./verb.js";

/** The time that an undo has, beyond the deadline of the verb that it undoes. */
const undoMs = 2000;

/** What a verb came to on one connection. */
interface Attempted<T> {
  readonly result: Result<T, VSwitchError>;
  /** It has changed nothing. */
  readonly isRepeatable: boolean;
}

/** Runs verbs on one client: each with its deadline and the connection of the moment, changes one after the other. */
export class Runner {
  readonly #client: VppClient;
  readonly #owner: string;
  readonly #socketDirectory: string;
  readonly #turns = new Turns();
  readonly #onChange = new Set<() => void>();
  #brokenSockets = new Set<number>();
  #isClosed = false;

  constructor(client: VppClient, owner: string, socketDirectory: string) {
    this.#client = client;
    this.#owner = owner;
    this.#socketDirectory = socketDirectory;
    // What another VPP could not bind is not this one's.
    client.on("ready", () => {
      this.#brokenSockets = new Set();
    });
  }

  /** Calls back after each change; gives what stops it. */
  onChange(callback: () => void): () => void {
    this.#onChange.add(callback);
    return () => void this.#onChange.delete(callback);
  }

  /** Refuses every verb from now on. */
  close(): void {
    this.#isClosed = true;
  }

  /** Runs a verb that only reads. A lost connection is tried once more. */
  read<T>(
    operation: string,
    form: "call" | "look" | "list",
    options: CallOptions | undefined,
    body: (context: Context) => Promise<Result<T, VSwitchError>>,
  ): Promise<Result<T, VSwitchError>> {
    return this.#call(operation, form, options, body);
  }

  /** A verb that changes the switch: `prepare` checks the arguments, before a connection is even looked at. */
  async change<T>(
    operation: string,
    options: ChangeOptions | undefined,
    prepare: (
      operation: string,
    ) => Result<(change: Change) => Promise<Result<T, VSwitchError>>, VSwitchError>,
  ): Promise<Result<T, VSwitchError>> {
    const checked = checkOptions(operation, changeForm(operation), options);
    if (checked.isErr()) return checked;
    const prepared = prepare(operation);
    if (prepared.isErr()) return prepared;
    return this.#call(operation, changeForm(operation), options, async (context) => {
      const { deadline } = context;
      const result = await this.#turns.take(deadline.signal, () =>
        prepared.value({
          context,
          rollback: options?.rollback ?? true,
          brokenSockets: this.#brokenSockets,
          undo: (steps) => this.#undo(operation, steps),
        }),
      );
      for (const callback of this.#onChange) callback();
      return result ?? Err(deadline.failure("waiting for other verbs of this connection", "not-sent"));
    });
  }

  async #call<T>(
    operation: string,
    form: "call" | "change" | "deletion" | "look" | "list",
    options: CallOptions | undefined,
    body: (context: Context) => Promise<Result<T, VSwitchError>>,
  ): Promise<Result<T, VSwitchError>> {
    const checked = checkOptions(operation, form, options);
    if (checked.isErr()) return checked;
    const started = Deadline.start(operation, options, defaultTimeoutMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    const attempt = async (): Promise<Attempted<T>> => {
      const context = await this.#context(deadline);
      if (context.isErr()) return { result: context, isRepeatable: false };
      const result = await body(context.value);
      return { result, isRepeatable: form !== "change" || !context.value.hasCalled };
    };
    // Awaited here: the deadline ends with this scope.
    const { result, isRepeatable } = await attempt();
    const isLost = result.isErr() && result.error.kind === "disconnected" && !this.#isClosed;
    // What was only looked at may be asked of whoever answers now: most often a VPP that has just started anew.
    return isLost && isRepeatable ? (await attempt()).result : result;
  }

  async #context(deadline: Deadline): Promise<Result<Context, VSwitchError>> {
    const { operation } = deadline;
    if (this.#isClosed) return Err(closedError(operation));
    const ready = await this.#client.whenReady(deadline.step());
    if (this.#isClosed) return Err(closedError(operation));
    if (ready.isErr()) return Err(notReady(deadline, ready.error));
    return Ok(
      new Context({
        client: this.#client,
        deadline,
        owner: this.#owner,
        socketDirectory: this.#socketDirectory,
        generation: ready.value,
      }),
    );
  }

  async #undo(operation: string, steps: Steps): Promise<readonly string[]> {
    if (steps.isEmpty) return [];
    const cannot = (error: VSwitchError): readonly string[] =>
      steps.all.map((what) => `${what}: it could not be undone: ${error.message}`);
    const started = Deadline.start(operation, undefined, undoMs);
    if (started.isErr()) return cannot(started.error);
    using deadline = started.value;
    const context = await this.#context(deadline);
    return context.isErr() ? cannot(context.error) : await steps.undo(context.value);
  }
}

function closedError(operation: string): DisconnectedError {
  const message = `${operation}: the connection was closed; connect again`;
  return new DisconnectedError({ operation, outcome: "not-sent", message });
}
