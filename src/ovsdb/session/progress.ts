/** What a session is waiting for from the server that it is connected to. */
export type Step = "server-schema" | "server-rows" | "schema" | "rows" | "nothing";

/** What the server has been asked for, and whether the answer is on its way. */
export class Progress {
  #step: Step = "nothing";
  #seen = -1;

  get step(): Step {
    return this.#step;
  }

  /** The server was asked for that now. */
  expect(step: Step): void {
    this.#step = step;
    this.#seen = -1;
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.#step = "nothing";
  }

  /** Whether a slow answer may go on: that `arrived`, which is from 0, has moved since the last look says that it is on its way. */
  goesOn(arrived: number): boolean {
    const isFirst = this.#seen < 0;
    const hasMoved = arrived !== this.#seen;
    this.#seen = arrived;
    return this.#step === "rows" && (isFirst || hasMoved);
  }
}
