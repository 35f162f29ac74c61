/** The ledger survives being cut at every byte, and being killed between its two writes. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  isBad,
  type LedgerState,
  readLedger,
  withBad,
  withNewest,
  writeLedger,
} from '../../edge-agent/ledger.ts';
import { verifyLeaves } from '../../edge-agent/link/verify.ts';
import { makeRoot, signDocument } from '../fakes/control-plane.ts';
import { AGENT, documentOf } from './link/documents.ts';

const root = makeRoot();
const roots = [{ id: root.id, publicKey: root.publicKey }];
const EMPTY: LedgerState = { sequence: 0, roots, bad: [] };

function kept(generation: number) {
  const { signed, texts } = signDocument(root, documentOf(generation));
  const result = verifyLeaves(signed, texts, { agent: AGENT, role: 'edge', roots });
  if (result.kind === 'refused') throw new Error(result.reason);
  return result.kept;
}

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-ledger-'));
  path = join(directory, 'ledger');
  return () => rmSync(directory, { recursive: true });
});

describe('the ledger', () => {
  test('that was never written is absent, not torn', () => {
    expect(readLedger(path)).toEqual({ state: undefined, torn: [] });
  });

  test('gives back what was written last', () => {
    const first = writeLedger(path, withNewest(EMPTY, kept(1), roots));
    const second = writeLedger(path, withBad(first, { epoch: 1, generation: 1 }, 'why'));
    expect(readLedger(path)).toEqual({ state: second, torn: [] });
    expect(second.sequence).toBe(2);
  });

  test('cut at any byte gives back the state before, and says so', () => {
    const first = writeLedger(path, withNewest(EMPTY, kept(1), roots));
    writeLedger(path, withNewest(first, kept(2), roots));
    const newest = `${path}.a`;
    const whole = readFileSync(newest);
    for (let bytes = 0; bytes < whole.length; bytes += 1) {
      writeFileSync(newest, whole);
      truncateSync(newest, bytes);
      const read = readLedger(path);
      expect(read.torn).toEqual([newest]);
      expect(read.state).toEqual(first);
    }
  });

  test('with any byte altered gives back the state before', () => {
    const first = writeLedger(path, EMPTY);
    writeLedger(path, withBad(first, { epoch: 1, generation: 1 }, 'why'));
    const newest = `${path}.a`;
    const whole = readFileSync(newest);
    for (let offset = 0; offset < whole.length; offset += 1) {
      const altered = Buffer.from(whole);
      altered.writeUInt8((altered.readUInt8(offset) + 1) % 256, offset);
      writeFileSync(newest, altered);
      expect(readLedger(path)).toEqual({ state: first, torn: [newest] });
    }
  });

  test('with both copies torn starts from the enrolment, and names both', () => {
    writeLedger(path, writeLedger(path, EMPTY));
    for (const slot of ['a', 'b']) truncateSync(`${path}.${slot}`, 10);
    expect(readLedger(path)).toEqual({ state: undefined, torn: [`${path}.a`, `${path}.b`] });
  });

  test('ignores what a killed write left beside it', () => {
    const first = writeLedger(path, EMPTY);
    cpSync(`${path}.b`, `${path}.a.new`);
    expect(readLedger(path)).toEqual({ state: first, torn: [] });
  });
});

describe('the previous document', () => {
  test('is the last one that proved itself, not one that never did', () => {
    const one = withNewest(EMPTY, kept(1), roots);
    const proven = { ...one, proven: { epoch: 1, generation: 1 } };
    const two = withNewest(proven, kept(2), roots);
    expect(two.previous?.document.version).toEqual({ epoch: 1, generation: 1 });
    const three = withNewest(two, kept(3), roots);
    expect(three.previous?.document.version).toEqual({ epoch: 1, generation: 1 });
  });

  test('marked bad is remembered, at most 32 of them', () => {
    let state = EMPTY;
    for (let generation = 1; generation <= 40; generation += 1)
      state = withBad(state, { epoch: 1, generation }, 'why');
    expect(state.bad).toHaveLength(32);
    expect(isBad(state, { epoch: 1, generation: 40 })).toBe(true);
    expect(isBad(state, { epoch: 2, generation: 40 })).toBe(false);
  });
});
