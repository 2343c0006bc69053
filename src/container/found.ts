import type { Handover } from "../handover/index.js";

/** A hand-over, and where it was found. */
export interface Found {
  readonly handover: Handover;
  /** The file, or the file and the annotation. */
  readonly source: string;
  /** The directory, or the file of annotations, that it was found in. */
  readonly place: string;
  /** Where the plugin looks for the answer; `undefined`: the container shares no directory with the host. */
  readonly folder: string | undefined;
}

/** What was found, and what was there but cannot be used. */
export interface Findings {
  readonly found: readonly Found[];
  readonly faults: readonly { readonly source: string; readonly message: string }[];
}
