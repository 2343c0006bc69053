import {
  AlreadyExistsError,
  ConflictError,
  InvalidError,
  NotFoundError,
  ProtocolError,
  UnsupportedError,
  type Difference,
} from "../core/errors.js";
import { describeDifferences } from "../core/differences.js";
import { longestKernelName } from "../core/specs.js";
import type { Mark } from "../core/vswitch.js";

/* The refusals that several verbs share, in one wording. */

export function noInterface(operation: string, name: string): NotFoundError {
  const message = `${operation}: there is no interface ${name}; listInterfaces() tells which there are`;
  return new NotFoundError({ operation, object: `interface ${name}`, message });
}

export function noBridge(operation: string, name: string): NotFoundError {
  const message = `${operation}: there is no bridge ${name}: make it with ensureBridge(), or leave createBridge to its default`;
  return new NotFoundError({ operation, object: `bridge ${name}`, message });
}

const whose = (mark: Mark | null): string =>
  mark === null ? "was not made with this library" : `belongs to the owner ${mark.owner}`;

export function notOurs(operation: string, what: string, mark: Mark | null, owner: string): ConflictError {
  const message = `${operation}: ${what} ${whose(mark)}, and this connection's owner is ${owner}: it is left alone`;
  return new ConflictError({ operation, object: what, message });
}

export function bridgesOwn(operation: string, name: string): ConflictError {
  const message = `${operation}: ${name} is the own interface of the bridge ${name}, and goes with the bridge: it is left alone`;
  return new ConflictError({ operation, object: `interface ${name}`, message });
}

export function inBond(operation: string, name: string, port: string): ConflictError {
  const message = `${operation}: somebody made the interface ${name} part of the port ${port}, which has others too (a bond): take it out there first`;
  return new ConflictError({ operation, object: `interface ${name}`, message });
}

export function differs(
  operation: string,
  what: string,
  differences: readonly Difference[],
): AlreadyExistsError {
  const message = `${operation}: ${what} is there already and is another: ${describeDifferences(differences)}; delete it first, or use another name`;
  return new AlreadyExistsError({ operation, object: what, differences, message });
}

export function fakeBridge(operation: string, name: string, tag: number | null): ConflictError {
  const vlan = tag === null ? "" : `, VLAN ${tag}`;
  const message = `${operation}: ${name} is a fake bridge (a port of another bridge${vlan}; see add-br in ovs-vsctl(8)): attach to that bridge, with tag${tag === null ? "" : ` ${tag}`}`;
  return new ConflictError({ operation, object: `bridge ${name}`, message });
}

export function nameNotBridge(
  operation: string,
  name: string,
  taken: "a port" | "an interface",
): ConflictError {
  const message = `${operation}: ${name} is the name of ${taken}, so it cannot be a bridge: choose another name`;
  return new ConflictError({ operation, object: `bridge ${name}`, message });
}

export function bondHasName(operation: string, name: string): ConflictError {
  const message = `${operation}: ${name} is the name of a port with other interfaces (a bond): choose another name`;
  return new ConflictError({ operation, object: `interface ${name}`, message });
}

export function reservedName(operation: string, name: string): ConflictError {
  const message = `${operation}: ${name} is the bridge of all interfaces that are on no bridge: choose another name`;
  return new ConflictError({ operation, object: `bridge ${name}`, message });
}

export function bridgeNameTooLong(operation: string, path: string, name: string): InvalidError {
  const expected = `at most ${longestKernelName} bytes: a new bridge is a network device too, and the kernel's names end there`;
  const message = `${operation}: ${path} is ${JSON.stringify(name)}; expected ${expected}`;
  return new InvalidError({ operation, path, expected, got: JSON.stringify(name), message });
}

export function noDatapath(operation: string, type: string, known: Iterable<string>): UnsupportedError {
  const message = `${operation}: this ovs-vswitchd has no datapath of type ${type}; it has ${[...known].join(", ")}: connect with one of these as datapathType`;
  return new UnsupportedError({ operation, feature: `datapath_type ${type}`, message });
}

export function noId(operation: string): ProtocolError {
  return new ProtocolError({
    operation,
    message: `${operation}: the database gave no id for a row that it inserted`,
  });
}
