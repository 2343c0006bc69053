import type { VSwitchError } from "./errors.js";
import type { Result } from "./result.js";

interface Step {
  readonly what: string;
  readonly undo: () => Promise<Result<unknown, VSwitchError>>;
}

/** What a verb has done so far, so that a failure can take it back in reverse order. */
export class UndoStack {
  readonly #steps: Step[] = [];

  /** Notes a step that was done: what stays behind if `undo` fails. */
  push(what: string, undo: Step["undo"]): void {
    this.#steps.push({ what, undo });
  }

  /** Undoes everything, last step first. A step that cannot be undone does not stop the others; it is reported. */
  async run(): Promise<readonly string[]> {
    const leftBehind: string[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const result = await step.undo();
      if (result.isErr()) leftBehind.push(`${step.what}: ${result.error.message}`);
    }
    return leftBehind;
  }
}
