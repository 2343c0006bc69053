import type { Parsed } from "./exact-json.js";
import { FrameScanner } from "./frame-scanner.js";

/** Reads a text that is one JSON object, as messages are read: an integer beyond ±(2^53 - 1) becomes a bigint. */
export function readObject(text: string): Parsed {
  const values: unknown[] = [];
  const scanner = new FrameScanner();
  const why = scanner.push(Buffer.from(text), (value) => {
    values.push(value);
    return true;
  });
  if (why !== undefined) return { ok: false, why };
  if (values.length !== 1 || scanner.unfinishedBytes > 0)
    return { ok: false, why: "it does not end with its first object" };
  return { ok: true, value: values[0] };
}
