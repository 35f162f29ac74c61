/** Laws of the virtual addresses: never twice, never overlapping, whatever is asked and released in whatever order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { edgeId } from '../../../functions/domain/agent.ts';
import {
  agentBlocks,
  agentOwner,
  allocate,
  blocksOf,
  release,
  siteBlocks,
  siteOwner,
  type Taken,
} from '../../../functions/domain/allocate.ts';
import { contains, overlaps, parsePrefix } from '../../../protocol/address.ts';

fc.configureGlobal({ seed: 73 });

const BLOCK = '100.65.0.0/16';
const AT = '2026-01-01T00:00:00.000Z';

const request = fc.record({
  owner: fc.integer({ min: 0, max: 30 }).map((number) => siteOwner('red', `s${number}`, '10.0.0.0/24')),
  length: fc.integer({ min: 16, max: 32 }),
});
const step = fc.oneof(
  { weight: 4, arbitrary: request.map((wanted) => ({ kind: 'take' as const, ...wanted })) },
  { weight: 1, arbitrary: request.map(({ owner }) => ({ kind: 'release' as const, owner })) },
);

describe('blocks', () => {
  test('a pool is cut into its /16s in order, and a narrower one is its own block', () => {
    expect(blocksOf(['100.64.0.0/14', '10.200.0.0/20'])).toEqual([
      '100.64.0.0/16',
      '100.65.0.0/16',
      '100.66.0.0/16',
      '100.67.0.0/16',
      '10.200.0.0/20',
    ]);
    expect(blocksOf(['100.64.0.0/10'])).toHaveLength(64);
  });

  test('the first block is for agents alone, unless it is the only one, and they come to the last ones next', () => {
    expect(siteBlocks(['100.64.0.0/15'])).toEqual(['100.65.0.0/16']);
    expect(agentBlocks(['100.64.0.0/15'])).toEqual(['100.64.0.0/16', '100.65.0.0/16']);
    expect(agentBlocks(['100.64.0.0/10'])).toEqual([
      '100.64.0.0/16',
      '100.127.0.0/16',
      '100.126.0.0/16',
      '100.125.0.0/16',
    ]);
    expect(siteBlocks(['100.64.0.0/16'])).toEqual(agentBlocks(['100.64.0.0/16']));
  });
});

describe('allocation', () => {
  test('nothing overlaps, whatever the lengths, the order, the releases and the repetitions', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        let taken: Taken = {};
        for (const one of steps) {
          if (one.kind === 'release') {
            taken = release(taken, one.owner);
            continue;
          }
          const found = allocate({ block: BLOCK, taken }, { ...one, at: AT });
          if (found === 'full') continue;
          expect(parsePrefix(found.virtual).length).toBe(one.length);
          taken = found.taken;
        }
        expectDisjoint(Object.keys(taken));
      }),
    );
  });

  test('the same owner and length get the same prefix, and a fresh date', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 40 }), (requests) => {
        let taken: Taken = {};
        for (const one of requests) {
          const first = allocate({ block: BLOCK, taken }, { ...one, at: AT });
          if (first === 'full') continue;
          const again = allocate({ block: BLOCK, taken: first.taken }, { ...one, at: 'later' });
          expect(again).toEqual({
            virtual: first.virtual,
            taken: { ...first.taken, [first.virtual]: { owner: one.owner, at: 'later' } },
          });
          taken = first.taken;
        }
      }),
    );
  });

  test('it is full only if no aligned prefix of that length is free', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 18, max: 22 }), { maxLength: 60 }), (lengths) => {
        let taken: Taken = {};
        for (const [index, length] of lengths.entries()) {
          const found = allocate({ block: BLOCK, taken }, { owner: `o${index}`, length, at: AT });
          if (found !== 'full') taken = found.taken;
          else expect(freePrefixes(taken, length)).toEqual([]);
        }
      }),
    );
  });

  test('the lowest gap is filled first, and a single address is never the first one of its block', () => {
    const taken = { '100.65.0.0/24': { owner: 'a', at: AT }, '100.65.2.0/24': { owner: 'b', at: AT } };
    const ask = (length: number) => allocate({ block: BLOCK, taken }, { owner: 'c', length, at: AT });
    expect([24, 23, 25, 17].map((length) => virtualOf(ask(length)))).toEqual([
      '100.65.1.0/24',
      '100.65.4.0/23',
      '100.65.1.0/25',
      '100.65.128.0/17',
    ]);
    expect(virtualOf(allocate({ block: BLOCK, taken: {} }, { owner: 'c', length: 32, at: AT }))).toBe(
      '100.65.0.1/32',
    );
  });

  test('a whole /16 takes an empty block, and nothing wider than the block fits', () => {
    const wide = { owner: 'a', length: 16, at: AT };
    const first = allocate({ block: BLOCK, taken: {} }, wide);
    expect(virtualOf(first)).toBe(BLOCK);
    expect(allocate({ block: '10.0.0.0/20', taken: {} }, wide)).toBe('full');
    expect(first !== 'full' && allocate({ ...first, block: BLOCK }, { ...wide, owner: 'b' })).toBe('full');
  });

  test('a ledger takes 4,096 short entries, and fewer of long ones', () => {
    expect(countUntilFull('o')).toBe(4_096);
    expect(countUntilFull('x'.repeat(100))).toBeLessThan(2_600);
  });

  test('the blocks of the agents together take 10,000 of the longest names', () => {
    const longest = agentOwner(edgeId('t'.repeat(32), '')).length + 28;
    const blocks = agentBlocks(['100.64.0.0/10']).length;
    expect(countUntilFull('x'.repeat(longest)) * blocks).toBeGreaterThanOrEqual(10_000);
  });
});

describe('release', () => {
  const taken = {
    '100.65.0.0/24': { owner: 'red/oslo/10.0.0.0/24', at: '2026-01-01T00:00:00.000Z' },
    '100.65.1.0/24': { owner: 'red/oslo/10.0.1.0/24', at: '2026-01-03T00:00:00.000Z' },
    '100.65.2.0/24': { owner: 'red/oslo-2/10.0.0.0/24', at: '2026-01-01T00:00:00.000Z' },
  };

  test('a site gives back all that is its own, and nothing of a site whose name begins alike', () => {
    expect(Object.keys(release(taken, 'red/oslo'))).toEqual(['100.65.2.0/24']);
    expect(Object.keys(release(taken, 'red/oslo/10.0.0.0/24'))).toEqual(['100.65.1.0/24', '100.65.2.0/24']);
  });

  test('what a successor of the same name was given since stays', () => {
    expect(Object.keys(release(taken, 'red/oslo', '2026-01-02T00:00:00.000Z'))).toEqual([
      '100.65.1.0/24',
      '100.65.2.0/24',
    ]);
  });
});

function virtualOf(found: ReturnType<typeof allocate>): string {
  return found === 'full' ? found : found.virtual;
}

function expectDisjoint(prefixes: readonly string[]): void {
  const parsed = prefixes.map(parsePrefix);
  for (const [index, one] of parsed.entries()) {
    expect(contains(parsePrefix(BLOCK), one)).toBe(true);
    expect(parsed.slice(index + 1).some((other) => overlaps(one, other))).toBe(false);
  }
}

function freePrefixes(taken: Taken, length: number): number[] {
  const size = 2 ** (32 - length);
  const { base } = parsePrefix(BLOCK);
  const used = Object.keys(taken).map(parsePrefix);
  return Array.from({ length: 65_536 / size }, (_, index) => base + index * size).filter(
    (start) => !used.some((other) => overlaps(other, { base: start, length })),
  );
}

/** Fills a ledger with addresses, most of them at once, since one by one would take minutes. */
function countUntilFull(owner: string): number {
  const entries = Array.from({ length: 4_095 }, (_, index) => [
    `100.65.${1 + (index >> 8)}.${index & 255}/32`,
    { owner: `${owner}${index}`, at: AT },
  ]);
  const fits = (count: number) =>
    allocate(
      { block: BLOCK, taken: Object.fromEntries(entries.slice(0, count)) },
      { owner: `${owner}9999`, length: 32, at: AT },
    ) !== 'full';
  let low = 0;
  let high = 4_095;
  if (fits(high)) return high + 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}
