import type {
  AbortedError,
  ConflictError,
  DisconnectedError,
  IncompatibleError,
  InvalidError,
  ProtocolError,
  TimeoutError,
  UnreachableError,
  UnsupportedError,
} from "../../core/errors.js";
import type { RetvalError } from "./retval.js";

/** Why a call, a dump or a subscription failed. */
export type VppCallError =
  /** A field of the request cannot be sent. */
  | InvalidError
  /** The server lacks the message, or has it in another form. */
  | IncompatibleError
  /** The message is not for clients of the socket, or would end VPP. */
  | UnsupportedError
  /** What was done before makes the request dangerous to VPP. */
  | ConflictError
  /** VPP said no. */
  | RetvalError
  /** No answer in time. */
  | TimeoutError
  /** The caller's signal fired. */
  | AbortedError
  /** The connection ended or is not there. */
  | DisconnectedError
  /** The answer is not what it should be. The connection goes on, unless its framing broke. */
  | ProtocolError;

/** Why there is no connection. */
export type VppConnectError =
  /** Nobody listens there, or this process may not connect; of API files, they cannot be read. */
  UnreachableError | VppCallError;
