import {
  AbortedError,
  AlreadyExistsError,
  ConflictError,
  DisconnectedError,
  IncompatibleError,
  InvalidError,
  NotFoundError,
  ProtocolError,
  RejectedError,
  TimeoutError,
  UnreachableError,
  UnsupportedError,
  type Outcome,
  type VSwitchError,
} from "./errors.js";

interface Retelling {
  readonly operation: string;
  readonly message: string;
  readonly leftBehind: readonly string[];
  readonly outcome?: Outcome | undefined;
}

/** The same error told by another verb, or with more known of what became of it. */
export function retold(error: VSwitchError, telling: Retelling): VSwitchError {
  const { cause } = error;
  const { outcome, ...words } = telling;
  const common = { ...words, cause };
  switch (error.kind) {
    case "invalid":
      return new InvalidError({ ...common, path: error.path, expected: error.expected, got: error.got });
    case "unsupported":
      return new UnsupportedError({ ...common, feature: error.feature });
    case "not-found":
      return new NotFoundError({ ...common, object: error.object });
    case "already-exists":
      return new AlreadyExistsError({ ...common, object: error.object, differences: error.differences });
    case "conflict":
      return new ConflictError({ ...common, object: error.object });
    case "rejected":
      return new RejectedError({
        ...common,
        reason: error.reason,
        details: error.details,
        ...(error.code !== undefined && { code: error.code }),
      });
    case "incompatible": {
      const { item, wanted, present, why } = error;
      return new IncompatibleError({ ...common, item, wanted, present, why });
    }
    case "timeout":
      return new TimeoutError({ ...common, timeoutMs: error.timeoutMs, outcome: outcome ?? error.outcome });
    case "aborted":
      return new AbortedError({ ...common, outcome: outcome ?? error.outcome });
    case "unreachable": {
      const { address, errno, hint } = error;
      return new UnreachableError({ ...common, address, errno, hint });
    }
    case "disconnected":
      return new DisconnectedError({ ...common, outcome: outcome ?? error.outcome });
    case "protocol":
      return new ProtocolError(common);
  }
}

/** The same error, with what it left behind; the very one where that is nothing. */
export function withLeftBehind(error: VSwitchError, leftBehind: readonly string[]): VSwitchError {
  if (leftBehind.length === 0) return error;
  const { operation } = error;
  const message = `${error.message}; left behind: ${leftBehind.join("; ")}`;
  return retold(error, { operation, message, leftBehind: [...error.leftBehind, ...leftBehind] });
}
