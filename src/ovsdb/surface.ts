/** Calls a listener of the user's. What it throws is nobody's result: it ends up where all such errors do. */
export function surface(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
