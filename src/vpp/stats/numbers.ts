/** Whether the processor has the low byte first. What VPP keeps in memory is in the processor's order. */
export const isLittle: boolean = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The 64-bit numbers of a vector, by index; a bigint where a number would not be exact. */
export function numbers(bytes: Buffer): (index: number) => number | bigint {
  const items = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [low, high] = isLittle ? [0, 4] : [4, 0];
  return (index) => {
    const upper = items.getUint32(index * 8 + high, isLittle);
    if (upper > 0x1f_ffff) return items.getBigUint64(index * 8, isLittle);
    return upper * 2 ** 32 + items.getUint32(index * 8 + low, isLittle);
  };
}

/** The sum, as a bigint where a number would not be exact. */
export function sum(one: number | bigint, other: number | bigint): number | bigint {
  if (typeof one === "number" && typeof other === "number") {
    const both = one + other;
    if (Number.isSafeInteger(both)) return both;
  }
  return BigInt(one) + BigInt(other);
}

/** The same number, as a bigint only where a number would not be exact. */
export function exact(value: bigint): number | bigint {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}
