/** Goes on with what a promise gives that never fails. */
export async function follow<T>(promise: Promise<T>, then: (value: T) => void): Promise<void> {
  then(await promise);
}
