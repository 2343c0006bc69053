import type { RejectedError } from "../../core/errors.js";
import { Err, Ok, type Result } from "../../core/result.js";
import type { Closed } from "../monitor.js";

interface Ticket {
  readonly number: number;
  readonly settle: (result: Result<void, RejectedError | Closed>) => void;
}

/** Who waits for changes of conditions to hold, each under the number of its change. */
export class Tickets {
  #tickets: Ticket[] = [];

  /** Settles when the change of that number holds, or will not. */
  wait(number: number): Promise<Result<void, RejectedError | Closed>> {
    return new Promise((settle) => this.#tickets.push({ number, settle }));
  }

  /** The changes up to that number hold, or failed. */
  settle(upTo: number, error: RejectedError | undefined): void {
    const due = this.#tickets.filter(({ number }) => number <= upTo);
    this.#tickets = this.#tickets.filter(({ number }) => number > upTo);
    for (const { settle } of due) settle(error === undefined ? Ok(undefined) : Err(error));
  }

  /** The session is over. */
  end(closed: Closed): void {
    for (const { settle } of this.#tickets.splice(0)) settle(Err(closed));
  }
}
