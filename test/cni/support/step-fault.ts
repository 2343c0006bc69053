/** What is to happen to a run of the plugin, and at which of its steps: from 1 on; 0: never. */
export interface StepFault {
  readonly at: number;
  /** `ENOSPC`: from that step on, for whatever needs room. `EIO`: that step alone, where it is one on the file system. */
  readonly how: "kill-before" | "kill-after" | "ENOSPC" | "EIO";
  /** Gets a line for each step. */
  readonly log: string;
}
