import type { MessageValue } from "../../vpp/schema/narrow.js";

/*
 * Fields of decoded requests. A field that the message does not have (in an older release) reads as blank.
 */

export function numberAt(value: MessageValue, field: string): number {
  const found = value[field];
  return typeof found === "number" ? found : 0;
}

export function textAt(value: MessageValue, field: string): string {
  const found = value[field];
  return typeof found === "string" ? found : "";
}

export function booleanAt(value: MessageValue, field: string): boolean {
  const found = value[field];
  return found === true || (typeof found === "number" && found !== 0);
}

/** VPP's number for "none", "all" and "you choose". */
export const none = 0xffff_ffff;

/** The numbers that VPP chooses when it is asked to (VPP: `random_u32` in `src/vppinfra/random.h`, from 0). */
export class Lottery {
  #seed = 0;

  next(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed;
  }
}

/** The smallest number from `least` on that is not taken. */
export function firstFree(taken: Iterable<number>, least = 0): number {
  const numbers = new Set(taken);
  let number = least;
  while (numbers.has(number)) number++;
  return number;
}
