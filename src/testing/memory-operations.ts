import { describeDifferences, differences } from "../core/differences.js";
import {
  AlreadyExistsError,
  ConflictError,
  NotFoundError,
  RejectedError,
  type VSwitchError,
} from "../core/errors.js";
import { Err, Ok, type Result } from "../core/result.js";
import type { Attachment, BridgeSpec, InterfaceSpec } from "../core/specs.js";
import type {
  ChangeOptions,
  Collected,
  CreatedInterface,
  Deleted,
  EnsuredBridge,
  InterfaceInfo,
  Mark,
  MovedInterface,
} from "../core/vswitch.js";
import type { MemoryFaults } from "./memory-faults.js";
import {
  isolated,
  presentSpec,
  samePlace,
  storedInterface,
  type Place,
  type StoredBridge,
  type StoredInterface,
} from "./memory-interface.js";
import type { MemoryState } from "./memory-state.js";

type Answer<T> = Result<T, VSwitchError>;

const makerOf = (mark: Mark | null): string =>
  mark === null ? "somebody who does not use this library" : `owner ${mark.owner}`;

function placeOf({ bridge, vlanMode, tag, trunks = [] }: Attachment): Place {
  return {
    bridge,
    vlan: {
      ...(vlanMode !== undefined && { vlanMode }),
      ...(tag !== undefined && { tag }),
      ...(trunks.length > 0 && { trunks: trunks.toSorted((a, b) => a - b) }),
    },
  };
}

/** What the verbs of one owner do to the switch. Each is one step: nobody sees it half done. */
export class MemoryOperations {
  readonly #state: MemoryState;
  readonly #faults: MemoryFaults;
  readonly #owner: string;

  constructor(state: MemoryState, faults: MemoryFaults, owner: string) {
    this.#state = state;
    this.#faults = faults;
    this.#owner = owner;
  }

  createInterface(spec: InterfaceSpec, options: ChangeOptions | undefined): Answer<CreatedInterface> {
    const operation = "createInterface";
    const { name, key = name, attach } = spec;
    const present = this.#state.interface(name);
    if (present !== undefined) return this.#createdBefore(operation, spec, present);
    if (this.#state.bridge(name) !== undefined || attach?.bridge === name)
      return Err(this.#nameTaken(operation, `interface ${name}`, "a bridge"));
    const bridge = attach === undefined ? Ok(undefined) : this.#findOrMakeBridge(operation, attach);
    if (bridge.isErr()) return bridge;
    const refused = this.#refusal(operation, name, options);
    if (refused?.undone === true) return Err(refused.error);
    bridge.value?.make();
    const place = attach === undefined ? isolated : placeOf(attach);
    const mark = { owner: this.#owner, key };
    const error = this.#faults.portError(name);
    const made = storedInterface(spec, { mark, place, error, number: this.#state.nextNumber() });
    this.#state.putInterface(made);
    return refused === undefined ? Ok({ ...made.info, created: true, warnings: [] }) : Err(refused.error);
  }

  #createdBefore(operation: string, spec: InterfaceSpec, present: StoredInterface): Answer<CreatedInterface> {
    const object = `interface ${spec.name}`;
    const { info } = present;
    if (info.mark?.owner !== this.#owner) return Err(this.#notOurs(operation, object, info.mark));
    const { createBridge: _createBridge, ...attach } = spec.attach ?? {};
    const found = differences({ ...spec, attach }, presentSpec(present));
    if (found.length === 0) return Ok({ ...info, created: false, warnings: [] });
    const message = `${operation}: ${object} is there and differs: ${describeDifferences(found)}; delete it first, or use another name`;
    return Err(new AlreadyExistsError({ operation, object, differences: found, message }));
  }

  attachToBridge(
    name: string,
    attachment: Attachment,
    options: ChangeOptions | undefined,
  ): Answer<MovedInterface> {
    const operation = "attachToBridge";
    const ours = this.#ours(operation, name);
    if (ours.isErr()) return ours;
    const bridge = this.#findOrMakeBridge(operation, attachment);
    if (bridge.isErr()) return bridge;
    return this.#move(operation, ours.value, placeOf(attachment), options, bridge.value.make);
  }

  detachFromBridge(name: string, options: ChangeOptions | undefined): Answer<MovedInterface> {
    const operation = "detachFromBridge";
    return this.#ours(operation, name).andThen((stored) => this.#move(operation, stored, isolated, options));
  }

  #move(
    operation: string,
    stored: StoredInterface,
    place: Place,
    options: ChangeOptions | undefined,
    makeBridge?: () => void,
  ): Answer<MovedInterface> {
    const { info } = stored;
    if (samePlace(info, place)) return Ok({ ...info, moved: false, reopened: false });
    const refused = this.#refusal(operation, info.name, options);
    if (refused?.undone === true) return Err(refused.error);
    makeBridge?.();
    const moved = { ...info, ...place, error: this.#faults.portError(info.name) };
    this.#state.putInterface({ ...stored, info: moved });
    this.#state.removeIfLeft(info.bridge, this.#owner);
    if (refused !== undefined) return Err(refused.error);
    return Ok({ ...moved, moved: true, reopened: info.bridge !== place.bridge });
  }

  deleteInterface(name: string): Answer<Deleted> {
    if (this.#state.interface(name) === undefined) return Ok({ deleted: false });
    return this.#ours("deleteInterface", name).map(({ info }) => {
      this.#state.removeInterface(name);
      this.#state.removeIfLeft(info.bridge, this.#owner);
      return { deleted: true };
    });
  }

  getInterface(name: string): Answer<InterfaceInfo> {
    return this.#find("getInterface", name).map(({ info }) => info);
  }

  setAddresses(name: string, addresses: readonly string[]): Answer<InterfaceInfo> {
    return this.#ours("setAddresses", name).map((stored) => {
      const info = { ...stored.info, addresses };
      this.#state.putInterface({ ...stored, info });
      return info;
    });
  }

  ensureBridge({ name, failMode, externalIds = {} }: BridgeSpec): Answer<EnsuredBridge> {
    const operation = "ensureBridge";
    const object = `bridge ${name}`;
    const present = this.#state.bridge(name);
    if (present === undefined) {
      if (this.#state.interface(name) !== undefined)
        return Err(this.#nameTaken(operation, object, "an interface"));
      const made = {
        ...this.#newBridge(name, "persistent"),
        externalIds,
        failMode: failMode ?? "standalone",
      };
      this.#state.putBridge(made);
      return Ok({ ...this.#state.bridgeInfo(made), created: true });
    }
    const found = differences({ failMode, externalIds }, { ...present });
    if (found.length > 0) {
      const message = `${operation}: ${object} is there and differs: ${describeDifferences(found)}; delete it first, or use another name`;
      return Err(new AlreadyExistsError({ operation, object, differences: found, message }));
    }
    const kept: StoredBridge =
      present.mark?.owner === this.#owner ? { ...present, lifetime: "persistent" } : present;
    this.#state.putBridge(kept);
    return Ok({ ...this.#state.bridgeInfo(kept), created: false });
  }

  deleteBridge(name: string): Answer<Deleted> {
    const operation = "deleteBridge";
    const object = `bridge ${name}`;
    const present = this.#state.bridge(name);
    if (present === undefined) return Ok({ deleted: false });
    if (present.mark?.owner !== this.#owner) return Err(this.#notOurs(operation, object, present.mark));
    const { interfaces } = this.#state.bridgeInfo(present);
    if (interfaces.length > 0) {
      const message = `${operation}: ${object} has interfaces on it: ${interfaces.join(", ")}; detach or delete them first`;
      return Err(new ConflictError({ operation, object, message }));
    }
    this.#state.removeBridge(name);
    return Ok({ deleted: true });
  }

  collectGarbage(valid: ReadonlySet<string>): Answer<Collected> {
    const ours = this.#state.interfaces().filter(({ mark }) => mark?.owner === this.#owner);
    const stale = ours.filter(({ mark }) => mark !== null && !valid.has(mark.key)).map(({ name }) => name);
    for (const name of stale) this.#state.removeInterface(name);
    for (const { name } of this.#state.bridges()) this.#state.removeIfLeft(name, this.#owner);
    const kept = ours.map(({ name }) => name).filter((name) => !stale.includes(name));
    return Ok({ deleted: stale, kept, failed: [] });
  }

  #find(operation: string, name: string): Answer<StoredInterface> {
    const stored = this.#state.interface(name);
    if (stored !== undefined) return Ok(stored);
    const object = `interface ${name}`;
    const message = `${operation}: there is no ${object}; listInterfaces tells what there is`;
    return Err(new NotFoundError({ operation, object, message }));
  }

  #ours(operation: string, name: string): Answer<StoredInterface> {
    return this.#find(operation, name).andThen((stored): Answer<StoredInterface> => {
      const { mark } = stored.info;
      return mark?.owner === this.#owner
        ? Ok(stored)
        : Err(this.#notOurs(operation, `interface ${name}`, mark));
    });
  }

  /** The bridge of an attachment, and what makes it if it is not there. */
  #findOrMakeBridge(
    operation: string,
    { bridge: name, createBridge }: Attachment,
  ): Answer<{ make: () => void }> {
    const object = `bridge ${name}`;
    if (this.#state.bridge(name) !== undefined) return Ok({ make: () => {} });
    if (createBridge === false) {
      const message = `${operation}: there is no ${object}, and createBridge is false; make it, or leave createBridge out`;
      return Err(new NotFoundError({ operation, object, message }));
    }
    if (this.#state.interface(name) !== undefined)
      return Err(this.#nameTaken(operation, object, "an interface"));
    return Ok({ make: () => this.#state.putBridge(this.#newBridge(name, "on-demand")) });
  }

  #newBridge(name: string, lifetime: "on-demand" | "persistent"): StoredBridge {
    const mark = { owner: this.#owner, key: name };
    return { name, mark, lifetime, error: null, externalIds: {}, native: {}, failMode: "standalone" };
  }

  /** The error of a port that the switch will not open; `undone`: nothing is to be changed. */
  #refusal(
    operation: string,
    name: string,
    options: ChangeOptions | undefined,
  ): { readonly undone: boolean; readonly error: RejectedError } | undefined {
    const details = this.#faults.portError(name);
    if (details === null || options?.wait === false) return undefined;
    const undone = options?.rollback !== false;
    const object = `interface ${name}`;
    const then = undone ? "it was undone" : "it was kept, as rollback is false";
    const message = `${operation}: the switch could not open ${object}: ${details}; ${then}`;
    const leftBehind = undone ? [] : [`${object}: kept, as rollback is false`];
    return {
      undone,
      error: new RejectedError({ operation, reason: "port-error", details, leftBehind, message }),
    };
  }

  #notOurs(operation: string, object: string, mark: Mark | null): ConflictError {
    const message = `${operation}: ${object} was made by ${makerOf(mark)}, not by owner ${this.#owner}; it was left as it is`;
    return new ConflictError({ operation, object, message });
  }

  #nameTaken(operation: string, object: string, by: string): ConflictError {
    const message = `${operation}: ${object} cannot be made: ${by} has the name; use another one`;
    return new ConflictError({ operation, object, message });
  }
}
