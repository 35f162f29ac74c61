/**
 * What the agent remembers over restarts: pinned roots, the newest document it accepted, the one before, and what
 * it found bad. Two slots are written in turn, each with a checksum: if the newer one is torn, the older one holds.
 * It must not judge documents: only what `link/verify.ts` accepted comes here.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Document, SignedDocument, Version } from '../protocol/document.ts';
import { SigningRoot } from '../protocol/signing-root.ts';
import { writeDurably } from './link/durable.ts';
import { hashOf } from './link/verify.ts';

const BAD_MAX = 32;

const KeptSchema = z.strictObject({ signed: SignedDocument, document: Document });

export const BadVersion = z.strictObject({
  epoch: Version.shape.epoch,
  generation: Version.shape.generation,
  reason: z.string(),
});
export type BadVersion = z.infer<typeof BadVersion>;

export const LedgerState = z.strictObject({
  sequence: z.int().min(0),
  roots: z.array(SigningRoot).min(1),
  newest: KeptSchema.optional(),
  previous: KeptSchema.optional(),
  bad: z.array(BadVersion).max(BAD_MAX),
  /** Newest version under which the control plane still answered; a newer one is on trial. */
  proven: Version.optional(),
});
export type LedgerState = z.infer<typeof LedgerState>;

export interface LedgerRead {
  readonly state: LedgerState | undefined;
  /** Slots that hold something unreadable. */
  readonly torn: readonly string[];
}

const SLOTS = ['a', 'b'] as const;

/** The newest state that is whole; undefined if there is none. */
export function readLedger(path: string): LedgerRead {
  const slots = SLOTS.map((slot) => readSlot(`${path}.${slot}`));
  const whole = slots.flatMap((slot) => (slot.kind === 'whole' ? [slot.state] : []));
  const torn = slots.flatMap((slot) => (slot.kind === 'torn' ? [slot.path] : []));
  return { state: whole.sort((a, b) => b.sequence - a.sequence)[0], torn };
}

/** Writes the state under the next sequence number, into the slot that does not hold the newest one. */
export function writeLedger(path: string, state: LedgerState): LedgerState {
  const next = { ...state, sequence: state.sequence + 1, bad: state.bad.slice(-BAD_MAX) };
  const text = JSON.stringify(next);
  writeDurably(`${path}.${SLOTS[next.sequence % 2] ?? 'a'}`, `${hashOf(text)}\n${text}`);
  return next;
}

type Slot =
  | { readonly kind: 'whole'; readonly state: LedgerState }
  | { readonly kind: 'torn'; readonly path: string }
  | { readonly kind: 'absent' };

function readSlot(path: string): Slot {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    return { kind: 'absent' };
  }
  const [checksum = '', text = ''] = content.split('\n', 2);
  if (hashOf(text) !== checksum) return { kind: 'torn', path };
  const parsed = LedgerState.safeParse(JSON.parse(text));
  return parsed.success ? { kind: 'whole', state: parsed.data } : { kind: 'torn', path };
}

/** Accepts a document. What was newest becomes previous, unless it never proved itself. */
export function withNewest(
  state: LedgerState,
  kept: z.infer<typeof KeptSchema>,
  roots: readonly SigningRoot[],
): LedgerState {
  const version = state.newest?.document.version;
  const isProven = version !== undefined && isSameVersion(version, state.proven);
  const previous = isProven ? state.newest : state.previous;
  return { ...state, newest: kept, roots: [...roots], ...(previous === undefined ? {} : { previous }) };
}

/** Marks a version as bad; it is never applied again. */
export function withBad(state: LedgerState, version: Version, reason: string): LedgerState {
  return { ...state, bad: [...state.bad, { ...version, reason }].slice(-BAD_MAX) };
}

export function isBad(state: LedgerState, version: Version): boolean {
  return state.bad.some((bad) => isSameVersion(bad, version));
}

export function isSameVersion(a: Version, b: Version | undefined): boolean {
  return b !== undefined && a.epoch === b.epoch && a.generation === b.generation;
}
