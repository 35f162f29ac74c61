/** Waiting in live tests: for a truth, never for a time. */

const EVERY_MS = 100;

/** Tries until the check resolves without throwing; on the deadline it throws what the last try threw. */
export async function eventually<T>(check: () => Promise<T>, withinMs = 20_000): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
