/** What every program here has in common: how a median is taken, and the last line that a machine reads. */

export interface Result {
  readonly bench: string;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly goal: Readonly<Record<string, number | string>>;
  readonly met: boolean;
}

/** The middle of the values; of an even number, the mean of the two in the middle. Not a number if there are none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

/** The last line of a bench. */
export function printResult(result: Result): void {
  console.log(JSON.stringify(result));
}
