import { describeDifferences } from "../../core/differences.js";
import {
  AlreadyExistsError,
  ConflictError,
  InvalidError,
  NotFoundError,
  UnsupportedError,
  type Difference,
} from "../../core/errors.js";

/* The refusals that several verbs share, in one wording. */

export function noInterface(operation: string, name: string): NotFoundError {
  const message = `${operation}: there is no interface ${name}; listInterfaces() tells which there are`;
  return new NotFoundError({ operation, object: `interface ${name}`, message });
}

export function noBridge(operation: string, name: string): NotFoundError {
  const message = `${operation}: there is no bridge domain ${name}: make it with ensureBridge(), or leave createBridge to its default`;
  return new NotFoundError({ operation, object: `bridge ${name}`, message });
}

export function notOurs(
  operation: string,
  what: string,
  mark: { readonly owner: string } | undefined,
  owner: string,
): ConflictError {
  const whose = mark === undefined ? "was not made with this library" : `belongs to the owner ${mark.owner}`;
  const message = `${operation}: ${what} ${whose}, and this connection's owner is ${owner}: it is left alone`;
  return new ConflictError({ operation, object: what, message });
}

export function differs(
  operation: string,
  what: string,
  differences: readonly Difference[],
): AlreadyExistsError {
  const message = `${operation}: ${what} is there already and is another: ${describeDifferences(differences)}; delete it first, or use another name`;
  return new AlreadyExistsError({ operation, object: what, differences, message });
}

export function changedMeanwhile(operation: string, what: string): ConflictError {
  const message = `${operation}: somebody else changes ${what} at the same time, again and again: try once more when that is over`;
  return new ConflictError({ operation, object: what, message });
}

export function unsupported(operation: string, feature: string, why: string): UnsupportedError {
  return new UnsupportedError({ operation, feature, message: `${operation}: ${why}` });
}

export function invalid(
  operation: string,
  what: string,
  path: string,
  expected: string,
  got: string,
): InvalidError {
  const message = `${operation}: ${what}: ${path} is ${got}; expected ${expected}`;
  return new InvalidError({ operation, path, expected, got, message });
}
