import type { VSwitchError } from "../core/errors.js";

/** The codes of the CNI specification, section "Error", and our own from 100 on. */
export const code = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  io: 5,
  decode: 6,
  invalidConfig: 7,
  /** Not in the text of the specification: the reference library uses it for a namespace that is the plugin's own. */
  invalidNamespace: 8,
  tryAgain: 11,
  notAvailable: 50,
  /** Not available, and the containers that are there may have limited connectivity. */
  limited: 51,
  /** The switch refused, or is not what the plugin needs. */
  refused: 100,
  /** The attachment is not as it was made. */
  check: 101,
  /** The IPAM plugin failed without an error of its own. */
  ipam: 102,
  /** A fault of this plugin. */
  internal: 999,
} as const;

/** Why a command failed. */
export class CniError extends Error {
  /** Of the CNI specification below 100: 7 is a wrong configuration, 11 means to try again. */
  readonly code: number;
  /** More of it, such as what could not be taken back; "" for nothing. */
  readonly details: string;

  /** @internal */
  constructor(fields: { code: number; message: string; details?: string | undefined; cause?: unknown }) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "CniError";
    this.code = fields.code;
    this.details = fields.details ?? "";
  }

  /** The same with more details, such as what could not be undone. */
  withDetails(lines: readonly string[]): CniError {
    if (lines.length === 0) return this;
    const details = [this.details, ...lines].filter((line) => line !== "").join("; ");
    return new CniError({ code: this.code, message: this.message, details, cause: this.cause });
  }
}

/**
 * An IPAM plugin that is not there, that could not be started, or that said itself that it does not do what was asked: it
 * gave no address.
 */
export class IpamRefusal extends CniError {}

/** What nobody foresaw. */
export const fault = (cause: unknown): CniError =>
  new CniError({
    code: code.internal,
    message: `a fault of this plugin, please report it: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  });

const codeOf = (error: VSwitchError): number => {
  switch (error.kind) {
    case "invalid":
      return code.invalidConfig;
    case "unsupported":
      return code.unsupportedField;
    case "unreachable":
    case "timeout":
    case "aborted":
    case "disconnected":
      return code.tryAgain;
    case "not-found":
    case "already-exists":
    case "conflict":
    case "rejected":
    case "incompatible":
    case "protocol":
      return code.refused;
  }
};

/** What the switch's driver says, as CNI says it. */
export function fromVSwitch(error: VSwitchError): CniError {
  return new CniError({
    code: codeOf(error),
    message: error.message,
    details: error.leftBehind.join("; "),
    cause: error,
  });
}

/** Whether the switch was not there to be asked, so that nothing is known of what it has. */
export const isAway = (error: VSwitchError): boolean =>
  error.kind === "unreachable" || error.kind === "disconnected" || error.kind === "timeout";

const errnoOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

export const isErrno = (error: unknown, ...codes: readonly string[]): boolean =>
  codes.includes(errnoOf(error));

/** Whether nothing can be made on the disk just now: it is full, or it became read-only as some do after an error. */
export const cannotChange = (error: unknown): boolean => isErrno(error, "ENOSPC", "EDQUOT", "EROFS");

const hints: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: make room and try again",
  EDQUOT: "the disk quota is used up: make room and try again",
  EROFS:
    "the file system is read-only: mount it writable, or choose another directory in the network configuration",
  EACCES: "the plugin may not: run it as root, or choose another directory in the network configuration",
  EPERM: "the plugin may not: run it as root",
  EEXIST: "something else has its place: remove it",
  ENOTDIR: "a file is in the place of a directory: remove it",
  ENAMETOOLONG: "the path is too long: choose a shorter directory in the network configuration",
};

/** A step on the file system that failed, as CNI says it. */
export function fromIo(doing: string, error: unknown): CniError {
  if (error instanceof CniError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const hint = hints[errnoOf(error)];
  const message = hint === undefined ? `cannot ${doing}: ${why}` : `cannot ${doing}: ${why}; ${hint}`;
  return new CniError({ code: code.io, message, cause: error });
}
