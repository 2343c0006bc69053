import {
  changeForm,
  checkOptions,
  readAddresses,
  readBridgeName,
  readKeys,
  readRef,
  readSpec,
} from "../core/arguments.js";
import { Deadline, type CallOptions } from "../core/call.js";
import { DisconnectedError, UnsupportedError, type VSwitchError } from "../core/errors.js";
import { watchQueue, type EventQueue } from "../core/event-queue.js";
import { Err, Ok, type Result } from "../core/result.js";
import {
  attachmentSchema,
  bridgeSpecSchema,
  type Attachment,
  type BridgeSpec,
  type InterfaceSpec,
} from "../core/specs.js";
import { validate } from "../core/validate.js";
import {
  defaultTimeoutMs,
  type BridgeInfo,
  type Capabilities,
  type ChangeOptions,
  type Collected,
  type CreatedInterface,
  type Deleted,
  type DeleteOptions,
  type EnsuredBridge,
  type InterfaceInfo,
  type InterfaceRef,
  type ListOptions,
  type LookOptions,
  type MovedInterface,
  type TypeSupport,
  type VSwitch,
  type Watch,
  type WatchEvent,
} from "../core/vswitch.js";
import { pause, type MemoryFaults, type Verb } from "./memory-faults.js";
import { MemoryOperations } from "./memory-operations.js";
import type { MemoryState } from "./memory-state.js";

type Answer<T> = Promise<Result<T, VSwitchError>>;

/** What a connection is given by its switch. */
export interface MemoryConnectionParts {
  readonly owner: string;
  readonly state: MemoryState;
  readonly faults: MemoryFaults;
  readonly capabilities: Capabilities;
  /** Called once, when the connection has ended. */
  readonly onEnd: (connection: MemoryVSwitch) => void;
}

/** One owner's connection to a {@link MemorySwitch}: made by `MemorySwitch.connect`. */
export class MemoryVSwitch implements VSwitch {
  readonly engine = "memory";
  readonly owner: string;
  readonly #parts: MemoryConnectionParts;
  readonly #operations: MemoryOperations;
  readonly #watches = new Set<EventQueue<WatchEvent>>();
  readonly #ended = new AbortController();
  /** Why the connection ended: `undefined` while it is open. */
  #endedBy: string | undefined;

  /** @internal */
  constructor(parts: MemoryConnectionParts) {
    this.owner = parts.owner;
    this.#parts = parts;
    this.#operations = new MemoryOperations(parts.state, parts.faults, parts.owner);
  }

  createInterface(spec: InterfaceSpec, options?: ChangeOptions): Answer<CreatedInterface> {
    const checked = readSpec("createInterface", spec).andThen((spec) =>
      this.#supported("createInterface", spec.type, this.#parts.capabilities.interfaceTypes[spec.type], spec),
    );
    return this.#change("createInterface", options, checked, (spec) =>
      this.#operations.createInterface(spec, options),
    );
  }

  attachToBridge(ref: InterfaceRef, attachment: Attachment, options?: ChangeOptions): Answer<MovedInterface> {
    const operation = "attachToBridge";
    const checked = readRef(operation, ref).andThen((name) =>
      validate(operation, "attachment", attachmentSchema, attachment).map((attachment) => ({
        name,
        attachment,
      })),
    );
    return this.#change(operation, options, checked, ({ name, attachment }) =>
      this.#operations.attachToBridge(name, attachment, options),
    );
  }

  detachFromBridge(ref: InterfaceRef, options?: ChangeOptions): Answer<MovedInterface> {
    const checked = readRef("detachFromBridge", ref);
    return this.#change("detachFromBridge", options, checked, (name) =>
      this.#operations.detachFromBridge(name, options),
    );
  }

  deleteInterface(ref: InterfaceRef, options?: DeleteOptions): Answer<Deleted> {
    const checked = readRef("deleteInterface", ref);
    return this.#change("deleteInterface", options, checked, (name) =>
      this.#operations.deleteInterface(name),
    );
  }

  getInterface(ref: InterfaceRef, options?: LookOptions): Answer<InterfaceInfo> {
    const checked = readRef("getInterface", ref);
    return this.#read("getInterface", options, checked, (name) => this.#operations.getInterface(name));
  }

  listInterfaces(options?: ListOptions): Answer<readonly InterfaceInfo[]> {
    const checked = checkOptions("listInterfaces", "list", options).map(() => options ?? {});
    return this.#call("listInterfaces", options, checked, ({ ownOnly = false, bridge }) =>
      Ok(
        this.#parts.state
          .interfaces()
          .filter(({ mark }) => !ownOnly || mark?.owner === this.owner)
          .filter((info) => bridge === undefined || info.bridge === bridge),
      ),
    );
  }

  setAddresses(
    ref: InterfaceRef,
    addresses: readonly string[],
    options?: ChangeOptions,
  ): Answer<InterfaceInfo> {
    const operation = "setAddresses";
    const checked = readRef(operation, ref)
      .andThen((name) => readAddresses(operation, addresses).map((addresses) => ({ name, addresses })))
      .andThen((input) => this.#supported(operation, operation, this.#parts.capabilities.addresses, input));
    return this.#change(operation, options, checked, ({ name, addresses }) =>
      this.#operations.setAddresses(name, addresses),
    );
  }

  listBridges(options?: CallOptions): Answer<readonly BridgeInfo[]> {
    return this.#read("listBridges", options, Ok(undefined), () => Ok(this.#parts.state.bridges()));
  }

  ensureBridge(spec: BridgeSpec, options?: ChangeOptions): Answer<EnsuredBridge> {
    const checked = validate("ensureBridge", "spec", bridgeSpecSchema, spec);
    return this.#change("ensureBridge", options, checked, (spec) => this.#operations.ensureBridge(spec));
  }

  deleteBridge(name: string, options?: ChangeOptions): Answer<Deleted> {
    const checked = readBridgeName("deleteBridge", name);
    return this.#change("deleteBridge", options, checked, (name) => this.#operations.deleteBridge(name));
  }

  capabilities(options?: CallOptions): Answer<Capabilities> {
    return this.#read("capabilities", options, Ok(undefined), () => Ok(this.#parts.capabilities));
  }

  watch(options?: CallOptions): Answer<Watch> {
    return this.#read("watch", options, Ok(undefined), () => Ok(this.#startWatch(options?.signal)));
  }

  collectGarbage(valid: Iterable<string>, options?: ChangeOptions): Answer<Collected> {
    const checked = readKeys("collectGarbage", valid);
    return this.#change("collectGarbage", options, checked, (valid) =>
      this.#operations.collectGarbage(valid),
    );
  }

  close(): Promise<void> {
    this.#end("the connection was closed");
    for (const watch of this.#watches) watch.stop();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal The connection breaks: `MemorySwitch.disconnect`. */
  break(): void {
    this.#end("the connection broke");
    for (const watch of this.#watches) watch.end({ kind: "lost", error: this.#disconnected("watch") });
  }

  #end(why: string): void {
    if (this.#endedBy !== undefined) return;
    this.#endedBy = why;
    this.#ended.abort();
    this.#parts.onEnd(this);
  }

  #disconnected(operation: Verb): DisconnectedError {
    const message = `${operation}: ${this.#endedBy ?? "the connection ended"}; connect again`;
    return new DisconnectedError({ operation, outcome: "not-sent", message });
  }

  #supported<T>(
    operation: Verb,
    feature: string,
    support: TypeSupport,
    input: T,
  ): Result<T, UnsupportedError> {
    if (support.supported) return Ok(input);
    const message = `${operation}: ${feature} is not supported: ${support.why}`;
    return Err(new UnsupportedError({ operation, feature, message }));
  }

  #startWatch(signal: AbortSignal | undefined): EventQueue<WatchEvent> {
    const { state } = this.#parts;
    const queue: EventQueue<WatchEvent> = watchQueue(signal, () => {
      stopListening();
      this.#watches.delete(queue);
    });
    const stopListening = state.listen((event) => queue.push(event));
    this.#watches.add(queue);
    for (const info of state.interfaces()) queue.push({ kind: "current", interface: info });
    queue.push({ kind: "ready" });
    return queue;
  }

  #change<I, T>(
    verb: Verb,
    options: ChangeOptions | undefined,
    input: Result<I, VSwitchError>,
    act: (input: I) => Result<T, VSwitchError>,
  ): Answer<T> {
    const checked = input.andThen((input) => checkOptions(verb, changeForm(verb), options).map(() => input));
    return this.#call(verb, options, checked, act);
  }

  #read<I, T>(
    verb: Verb,
    options: CallOptions | undefined,
    input: Result<I, VSwitchError>,
    act: (input: I) => Result<T, VSwitchError>,
  ): Answer<T> {
    const form = verb === "getInterface" ? "look" : "call";
    const checked = input.andThen((input) => checkOptions(verb, form, options).map(() => input));
    return this.#call(verb, options, checked, act);
  }

  /** Every verb's way: its input is checked, the time until the switch acts passes, then it acts in one step. */
  async #call<I, T>(
    verb: Verb,
    options: CallOptions | undefined,
    input: Result<I, VSwitchError>,
    act: (input: I) => Result<T, VSwitchError>,
  ): Answer<T> {
    if (input.isErr()) return input;
    const started = Deadline.start(verb, options, defaultTimeoutMs);
    if (started.isErr()) return started;
    using deadline = started.value;
    await pause(this.#parts.faults.delayOf(verb), [deadline.signal, this.#ended.signal]);
    if (this.#ended.signal.aborted) return Err(this.#disconnected(verb));
    if (deadline.signal.aborted) return Err(deadline.failure("waiting for the switch", "not-sent"));
    const failure = this.#parts.faults.takeFailure(verb);
    if (failure?.when === "before") return Err(failure.error);
    const answer = act(input.value);
    return failure === undefined ? answer : Err(failure.error);
  }
}
