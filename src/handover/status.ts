/** What the container answers: a file beside the one that it was told by. CHECK reads it. */
import * as v from "valibot";
import type { InvalidError } from "../core/errors.js";
import type { Result } from "../core/result.js";
import { validate } from "../core/validate.js";

export const statusSchema = v.object({
  version: v.literal(1),
  ifName: v.string(),
  /** `applied`: the container's end works; `failed`: it does not, and `message` says why. */
  state: v.picklist(["applied", "failed"]),
  message: v.string(),
  /** When it was written, as in RFC 3339. */
  at: v.string(),
});

/** What became of an interface in the container. */
export interface ContainerStatus extends v.InferOutput<typeof statusSchema> {}

/** The name of its file, in the directory that the container shares with the host. */
export const statusFile = (ifName: string): string => `status-${ifName}.json`;

/** Checks a document that was read. Errors: `invalid`. */
export function readStatus(source: string, document: unknown): Result<ContainerStatus, InvalidError> {
  return validate("readStatus", source, statusSchema, document);
}
