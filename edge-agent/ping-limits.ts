/** What `edge-agent ping` takes as a size and as a count. Loaded with the command line, so it must need little. */
import { InvalidArgumentError } from 'commander';

/** A packet of this size passes wherever anything does; times are taken with it. */
export const SMALLEST_BYTES = 64;
const LARGEST_BYTES = 65_535;
const COUNT_MAX = 100;

export function sizeOf(text: string): number {
  return within(text, SMALLEST_BYTES, LARGEST_BYTES);
}

export function countOf(text: string): number {
  return within(text, 1, COUNT_MAX);
}

function within(text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
}
