/** What a session is waiting for from the server that it is connected to. */
export type Step = "server-schema" | "server-rows" | "schema" | "rows" | "nothing";

/** What the server has been asked for, and whether the answer is on its way. */
export class Progress {
  #step: Step = "nothing";
  #receivedBytes = -1;

  get step(): Step {
    return this.#step;
  }

  /** The server was asked for that now. */
  expect(step: Step): void {
    this.#step = step;
    this.#receivedBytes = -1;
  }

  /** Nothing is waited for any more. */
  end(): void {
    this.#step = "nothing";
  }

  /** Whether a slow answer may go on: bytes since the last look are a sign that the rows are on their way. */
  goesOn(receivedBytes: number): boolean {
    const isFirst = this.#receivedBytes < 0;
    const hasMoved = receivedBytes > this.#receivedBytes;
    this.#receivedBytes = receivedBytes;
    return this.#step === "rows" && (isFirst || hasMoved);
  }
}
