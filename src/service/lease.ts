import type {
  Attachment,
  BridgeInfo,
  BridgeSpec,
  CallOptions,
  Capabilities,
  ChangeOptions,
  Collected,
  CreatedInterface,
  Deleted,
  DeleteOptions,
  Engine,
  EnsuredBridge,
  InterfaceInfo,
  InterfaceRef,
  InterfaceSpec,
  ListOptions,
  LookOptions,
  MovedInterface,
  Result,
  VSwitch,
  VSwitchError,
  Watch,
} from "../index.js";
import type { SharedSwitch } from "./shared.js";

type Answer<T> = Promise<Result<T, VSwitchError>>;

/**
 * A switch that is shared: every verb goes over the connection that lives now. Where the connection is found dead, and
 * the switch has not seen the request, it is made again and the verb goes once more.
 */
export class LeasedSwitch implements VSwitch {
  readonly engine: Engine;
  readonly owner: string;
  readonly #shared: SharedSwitch;

  constructor(shared: SharedSwitch, { engine, owner }: VSwitch) {
    this.#shared = shared;
    this.engine = engine;
    this.owner = owner;
  }

  async #run<T>(call: CallOptions | undefined, verb: (vswitch: VSwitch) => Answer<T>): Answer<T> {
    const first = await this.#shared.use(call, verb);
    const unseen = first.isErr() && first.error.kind === "disconnected" && first.error.outcome === "not-sent";
    return unseen ? await this.#shared.use(call, verb) : first;
  }

  createInterface(spec: InterfaceSpec, options?: ChangeOptions): Answer<CreatedInterface> {
    return this.#run(options, (vswitch) => vswitch.createInterface(spec, options));
  }

  attachToBridge(ref: InterfaceRef, attachment: Attachment, options?: ChangeOptions): Answer<MovedInterface> {
    return this.#run(options, (vswitch) => vswitch.attachToBridge(ref, attachment, options));
  }

  detachFromBridge(ref: InterfaceRef, options?: ChangeOptions): Answer<MovedInterface> {
    return this.#run(options, (vswitch) => vswitch.detachFromBridge(ref, options));
  }

  deleteInterface(ref: InterfaceRef, options?: DeleteOptions): Answer<Deleted> {
    return this.#run(options, (vswitch) => vswitch.deleteInterface(ref, options));
  }

  getInterface(ref: InterfaceRef, options?: LookOptions): Answer<InterfaceInfo> {
    return this.#run(options, (vswitch) => vswitch.getInterface(ref, options));
  }

  listInterfaces(options?: ListOptions): Answer<readonly InterfaceInfo[]> {
    return this.#run(options, (vswitch) => vswitch.listInterfaces(options));
  }

  setAddresses(
    ref: InterfaceRef,
    addresses: readonly string[],
    options?: ChangeOptions,
  ): Answer<InterfaceInfo> {
    return this.#run(options, (vswitch) => vswitch.setAddresses(ref, addresses, options));
  }

  listBridges(options?: CallOptions): Answer<readonly BridgeInfo[]> {
    return this.#run(options, (vswitch) => vswitch.listBridges(options));
  }

  ensureBridge(spec: BridgeSpec, options?: ChangeOptions): Answer<EnsuredBridge> {
    return this.#run(options, (vswitch) => vswitch.ensureBridge(spec, options));
  }

  deleteBridge(name: string, options?: ChangeOptions): Answer<Deleted> {
    return this.#run(options, (vswitch) => vswitch.deleteBridge(name, options));
  }

  capabilities(options?: CallOptions): Answer<Capabilities> {
    return this.#run(options, (vswitch) => vswitch.capabilities(options));
  }

  watch(options?: CallOptions): Answer<Watch> {
    return this.#run(options, (vswitch) => vswitch.watch(options));
  }

  collectGarbage(valid: Iterable<string>, options?: ChangeOptions): Answer<Collected> {
    return this.#run(options, (vswitch) => vswitch.collectGarbage(valid, options));
  }

  /** Gives it back; the connection stays. */
  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
