import { refuse } from "./faults.js";
import { Reader, type ReadAt } from "./reader.js";
import { Writer, type WriteAt } from "./writer.js";
import type { UnionArm } from "./codec.js";

/**
 * One arm of a union of `size` bytes that nothing in its message discriminates.
 *
 * @param size - bytes of the whole union; shorter arms stand at its front (VPP pads with zeros)
 */
export function unionArm<T>(size: number, read: ReadAt<T>, write: WriteAt<T>): UnionArm<T> {
  return {
    encode(value) {
      const writer = new Writer(size);
      write(writer, writer.reserve(size), value);
      return new Uint8Array(writer.written());
    },
    decode(bytes) {
      if (bytes.length < size) refuse(`a Uint8Array of ${size} bytes`, bytes);
      return read(new Reader(bytes), 0);
    },
  };
}

/** Writes what a discriminator without an arm stands for: the bytes of the whole union. */
export function rawArm(writer: Writer, at: number, size: number, value: unknown): void {
  if (!(value instanceof Uint8Array)) refuse(`a Uint8Array of ${size} bytes`, value);
  writer.copy(at, size, value);
}
