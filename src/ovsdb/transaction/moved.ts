import type { RowsByTable } from "../monitor.js";
import type { SessionPort } from "../session/port.js";
import type { Snapshot } from "../replica/snapshot.js";

/** Settles when the rows are no more those of the snapshot, the session is over, or the signal fires. */
export function moved<Rows extends RowsByTable>(
  port: SessionPort<Rows>,
  since: Snapshot<Rows>,
  signal: AbortSignal,
): Promise<void> {
  if (port.snapshot() !== since || port.closed !== undefined || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stopChanges();
      stopState();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stopChanges = port.onChange(() => {
      if (port.snapshot() !== since) done();
    });
    const stopState = port.onState((state) => {
      if (state === "closed") done();
    });
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Waits some milliseconds, or until the signal fires. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}

/**
 * How long to wait before attempt `attempt + 1`: anything up to 2 ms after the first, then up to twice as much each time,
 * 250 ms at most. Those who collided part ways.
 */
export function jitter(attempt: number): number {
  return Math.random() * Math.min(250, 2 ** attempt);
}
