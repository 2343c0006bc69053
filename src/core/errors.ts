/**
 * Everything that can go wrong, as one union discriminated on `kind`. Match on `kind`, not on the class: two copies
 * of this package in one program have two sets of classes.
 */

interface ErrorFields {
  /** What happened, to what, and what to do next. */
  readonly message: string;
  /** The verb or call that failed, such as `createInterface`. */
  readonly operation: string;
  readonly cause?: unknown;
  /** What a failed call could not undo, one line a thing. Empty: nothing was left half done. */
  readonly leftBehind?: readonly string[];
}

/** What a peer said may stand in a message, and a peer may say 256 MiB: a log is not to take all of it, once for every line. */
const longestMessage = 16_384;

function bounded(message: string): string {
  if (message.length <= longestMessage) return message;
  return `${message.slice(0, longestMessage)}... (${message.length} characters)`;
}

abstract class VSwitchErrorBase extends Error {
  abstract readonly kind: string;
  /** The verb or call that failed, such as `createInterface`. */
  readonly operation: string;
  /** What a failed call could not undo, one line a thing. Empty: nothing was left half done. */
  readonly leftBehind: readonly string[];

  constructor(fields: ErrorFields) {
    super(bounded(fields.message), fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = new.target.name;
    this.operation = fields.operation;
    this.leftBehind = fields.leftBehind ?? [];
  }

  /** The error as plain data, for logs and for `--json`. */
  toJSON(): Record<string, unknown> {
    const { kind, message, operation, leftBehind, name: _name, stack: _stack, cause: _cause, ...rest } = this;
    return {
      kind,
      message: message || this.message,
      operation,
      ...rest,
      ...(leftBehind.length > 0 && { leftBehind }),
    };
  }
}

/** The caller gave something that cannot be right. Nothing was sent. */
export class InvalidError extends VSwitchErrorBase {
  readonly kind = "invalid";
  /** Where in the input, such as `attach.tag`; empty for the input as a whole. */
  readonly path: string;
  /** What would have been accepted. */
  readonly expected: string;
  /** What was given, printed. */
  readonly got: string;

  constructor(fields: ErrorFields & { path: string; expected: string; got: string }) {
    super(fields);
    this.path = fields.path;
    this.expected = fields.expected;
    this.got = fields.got;
  }
}

/** The switch, or this build of it, cannot do what was asked. Nothing was sent. */
export class UnsupportedError extends VSwitchErrorBase {
  readonly kind = "unsupported";
  /** The thing that is not supported, such as `memif` or `setAddresses`. */
  readonly feature: string;

  constructor(fields: ErrorFields & { feature: string }) {
    super(fields);
    this.feature = fields.feature;
  }
}

/** The named thing is not there. */
export class NotFoundError extends VSwitchErrorBase {
  readonly kind = "not-found";
  /** What was looked for, such as `bridge br0`. */
  readonly object: string;

  constructor(fields: ErrorFields & { object: string }) {
    super(fields);
    this.object = fields.object;
  }
}

/** One point in which what was asked for differs from what is there. */
export interface Difference {
  /** The field of the spec, such as `socket`. */
  readonly path: string;
  readonly wanted: unknown;
  readonly present: unknown;
}

/** Something of that name is there, and it is not what was asked for. */
export class AlreadyExistsError extends VSwitchErrorBase {
  readonly kind = "already-exists";
  readonly object: string;
  readonly differences: readonly Difference[];

  constructor(fields: ErrorFields & { object: string; differences: readonly Difference[] }) {
    super(fields);
    this.object = fields.object;
    this.differences = fields.differences;
  }
}

/** The thing is in somebody else's hands, or in a state that forbids the call. Nothing was changed. */
export class ConflictError extends VSwitchErrorBase {
  readonly kind = "conflict";
  readonly object: string;

  constructor(fields: ErrorFields & { object: string }) {
    super(fields);
    this.object = fields.object;
  }
}

/** The switch said no. */
export class RejectedError extends VSwitchErrorBase {
  readonly kind = "rejected";
  /** The switch's own name of the reason: an OVSDB error tag, `Interface.error`, a VNET_API_ERROR. */
  readonly reason: string;
  /** The switch's own number, where it has one (VPP's `retval`). */
  readonly code: number | undefined;
  /** The switch's own words, unchanged. */
  readonly details: string;

  constructor(fields: ErrorFields & { reason: string; code?: number; details: string }) {
    super(fields);
    this.reason = fields.reason;
    this.code = fields.code;
    this.details = fields.details;
  }
}

/** The switch lacks a message, table or column that the call needs, or has it in another form. */
export class IncompatibleError extends VSwitchErrorBase {
  readonly kind = "incompatible";
  /** The message, table or column. */
  readonly item: string;
  readonly wanted: string;
  readonly present: string;
  readonly why: "absent" | "other-layout" | "plugin-not-loaded";

  constructor(
    fields: ErrorFields & { item: string; wanted: string; present: string; why: IncompatibleError["why"] },
  ) {
    super(fields);
    this.item = fields.item;
    this.wanted = fields.wanted;
    this.present = fields.present;
    this.why = fields.why;
  }
}

/** The deadline passed. `outcome` says whether the switch may have acted. */
export class TimeoutError extends VSwitchErrorBase {
  readonly kind = "timeout";
  /** The deadline that passed, in milliseconds. */
  readonly timeoutMs: number;
  readonly outcome: Outcome;

  constructor(fields: ErrorFields & { timeoutMs: number; outcome: Outcome }) {
    super(fields);
    this.timeoutMs = fields.timeoutMs;
    this.outcome = fields.outcome;
  }
}

/** The caller's `AbortSignal` fired. `outcome` says whether the switch may have acted. */
export class AbortedError extends VSwitchErrorBase {
  readonly kind = "aborted";
  readonly outcome: Outcome;

  constructor(fields: ErrorFields & { outcome: Outcome }) {
    super(fields);
    this.outcome = fields.outcome;
  }
}

/** No connection could be made. Nothing was sent. */
export class UnreachableError extends VSwitchErrorBase {
  readonly kind = "unreachable";
  /** The remote, as the user wrote it. */
  readonly address: string;
  /** The operating system's code, such as `ENOENT`, `EACCES`, `ECONNREFUSED`, or a TLS code. */
  readonly errno: string;
  /** What to do about it. */
  readonly hint: string;

  constructor(fields: ErrorFields & { address: string; errno: string; hint: string }) {
    super(fields);
    this.address = fields.address;
    this.errno = fields.errno;
    this.hint = fields.hint;
  }
}

/** The connection ended under a call. `outcome` says whether the switch may have acted. */
export class DisconnectedError extends VSwitchErrorBase {
  readonly kind = "disconnected";
  readonly outcome: Outcome;

  constructor(fields: ErrorFields & { outcome: Outcome }) {
    super(fields);
    this.outcome = fields.outcome;
  }
}

/** The peer broke the protocol, or is not what we took it for. The connection was closed. */
export class ProtocolError extends VSwitchErrorBase {
  readonly kind = "protocol";
}

/**
 * What is known of a call that did not end well: `not-sent`, the switch never saw it; `undone`, it was done and has
 * been undone; `committed`, the switch's configuration holds it and it stays, but it is not known to be applied;
 * `unknown`, the switch may have done it.
 */
export type Outcome = "not-sent" | "undone" | "committed" | "unknown";

/** Every error of this library. `switch (error.kind)` is exhaustive. */
export type VSwitchError =
  | InvalidError
  | UnsupportedError
  | NotFoundError
  | AlreadyExistsError
  | ConflictError
  | RejectedError
  | IncompatibleError
  | TimeoutError
  | AbortedError
  | UnreachableError
  | DisconnectedError
  | ProtocolError;

const kinds: ReadonlySet<string> = new Set<VSwitchError["kind"]>([
  "invalid",
  "unsupported",
  "not-found",
  "already-exists",
  "conflict",
  "rejected",
  "incompatible",
  "timeout",
  "aborted",
  "unreachable",
  "disconnected",
  "protocol",
]);

/** Whether a caught value is one of ours. Works across copies of this package: it looks at the shape. */
export function isVSwitchError(value: unknown): value is VSwitchError {
  return (
    value instanceof Error &&
    "kind" in value &&
    typeof value.kind === "string" &&
    kinds.has(value.kind) &&
    "operation" in value
  );
}
