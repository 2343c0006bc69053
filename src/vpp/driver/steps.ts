import type { VSwitchError } from "../../core/errors.js";
import type { Result } from "../../core/result.js";
import { UndoStack } from "../../core/undo.js";
import type { Context } from "./context.js";

type Undo = (context: Context) => Promise<Result<unknown, VSwitchError>>;

/** What a verb has done so far. Undone on a context of its own: the verb's deadline may be over, its connection gone. */
export class Steps {
  readonly #steps: { readonly what: string; readonly undo: Undo }[] = [];

  /** Notes a step before it is sent: its answer may get lost. `what` stays behind if `undo` fails. */
  push(what: string, undo: Undo): void {
    this.#steps.push({ what, undo });
  }

  /** Forgets the last step: VPP said that it was not done. */
  pop(): void {
    this.#steps.pop();
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0;
  }

  /** What stays when nothing is undone. */
  get all(): readonly string[] {
    return this.#steps.map(({ what }) => what);
  }

  /** Undoes everything, last step first; gives what could not be undone. */
  undo(context: Context): Promise<readonly string[]> {
    const stack = new UndoStack();
    for (const { what, undo } of this.#steps) stack.push(what, () => undo(context));
    return stack.run();
  }
}
