/**
 * What the agent did to its host and why, one JSON line a pass, for people who look later. It is bounded, and nothing
 * reads it back: after a crash the host is observed anew.
 */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Version } from '../protocol/document.ts';

const JOURNAL_BYTES_MAX = 2_000_000;

export interface JournalEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly causes: readonly string[];
  readonly version?: Version | undefined;
  readonly event: 'plan' | 'applied' | 'failed' | 'refused' | 'rolled_back';
  /** One line a step. */
  readonly steps?: readonly string[];
  readonly reason?: string | undefined;
}

/** Appends; the file before the last one is dropped when it grows too large. */
export function appendJournal(path: string, entry: JournalEntry): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (sizeOf(path) > JOURNAL_BYTES_MAX) renameSync(path, `${path}.1`);
  appendFileSync(path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
