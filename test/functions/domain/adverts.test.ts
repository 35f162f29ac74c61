/** Advertised is not accepted (scenario 3). */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Adverts, acceptAdverts } from '../../../functions/domain/adverts.ts';
import { contains, overlaps, parsePrefix } from '../../../protocol/address.ts';
import { POOLS } from './estates.ts';

fc.configureGlobal({ seed: 73 });

function decide(advertised: string[], more: Partial<Adverts> = {}) {
  const adverts = {
    allotment: ['10.0.0.0/8'],
    registered: [],
    allowed: null,
    advertised,
    pools: POOLS,
    ...more,
  };
  const { accepted, added, refused } = acceptAdverts(adverts);
  return { accepted, added, refused: refused.map(({ prefix, reason }) => `${prefix} ${reason}`) };
}

describe('scenario 3: a rogue edge advertises', () => {
  test('another range, the default route, reserved ranges: all are refused with a reason', () => {
    expect(
      decide(['0.0.0.0/0', '10.0.0.0/15', '192.168.0.0/24', '169.254.169.0/24', '100.64.0.0/24']),
    ).toEqual({
      accepted: [],
      added: [],
      refused: [
        '0.0.0.0/0 too_wide',
        '10.0.0.0/15 too_wide',
        '100.64.0.0/24 reserved',
        '169.254.169.0/24 reserved',
        '192.168.0.0/24 outside_allotment',
      ],
    });
  });

  test('a narrower one never wins silently: the registered one is named', () => {
    expect(
      acceptAdverts({
        allotment: ['10.0.0.0/8'],
        registered: ['10.0.0.0/16'],
        allowed: null,
        advertised: ['10.0.7.0/24'],
        pools: POOLS,
      }),
    ).toEqual({
      accepted: [],
      added: [],
      refused: [
        {
          prefix: '10.0.7.0/24',
          reason: 'narrower',
          detail: 'It lies in 10.0.0.0/16, which is registered and stands.',
        },
      ],
    });
  });

  test('what is registered stands against a wider one too', () => {
    expect(decide(['10.0.0.0/16'], { registered: ['10.0.7.0/24'] }).refused).toEqual([
      '10.0.0.0/16 overlaps',
    ]);
  });

  test('a token of fewer prefixes allows no more', () => {
    expect(decide(['10.0.0.0/24', '10.0.1.0/24'], { allowed: ['10.0.1.0/24'] })).toEqual({
      accepted: ['10.0.1.0/24'],
      added: ['10.0.1.0/24'],
      refused: ['10.0.0.0/24 outside_token'],
    });
    expect(decide(['10.0.0.0/24'], { allowed: [] }).accepted).toEqual([]);
  });
});

test('of new ones the wider wins, whatever the order', () => {
  const expected = { accepted: ['10.0.0.0/16'], added: ['10.0.0.0/16'], refused: ['10.0.7.0/24 narrower'] };
  expect(decide(['10.0.7.0/24', '10.0.0.0/16'])).toEqual(expected);
  expect(decide(['10.0.0.0/16', '10.0.7.0/24'])).toEqual(expected);
});

test('one that is refused does not stand in the way of a narrower one', () => {
  expect(decide(['10.0.0.0/8', '10.0.7.0/24']).accepted).toEqual(['10.0.7.0/24']);
});

test('a registered one advertised again is accepted, and not new', () => {
  expect(decide(['10.0.0.0/16'], { registered: ['10.0.0.0/16'] })).toEqual({
    accepted: ['10.0.0.0/16'],
    added: [],
    refused: [],
  });
});

test('a site with native routes takes on nothing that is routed elsewhere', () => {
  expect(decide(['10.0.0.0/16', '10.1.0.0/16'], { taken: ['10.0.3.0/24'] })).toEqual({
    accepted: ['10.1.0.0/16'],
    added: ['10.1.0.0/16'],
    refused: ['10.0.0.0/16 overlaps'],
  });
});

const octet = fc.integer({ min: 0, max: 3 });
const prefix = fc
  .record({ a: fc.constantFrom(10, 11, 127), b: octet, c: octet, length: fc.integer({ min: 0, max: 32 }) })
  .map(({ a, b, c, length }) => {
    const address = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8;
    const size = 2 ** (32 - length);
    const base = address - (address % size);
    return `${[24, 16, 8, 0].map((shift) => (base >>> shift) & 255).join('.')}/${length}`;
  });

test('whatever several edges advertise, the prefixes of the site stay disjoint and inside its allotment', () => {
  fc.assert(
    fc.property(fc.array(fc.array(prefix, { maxLength: 8 }), { maxLength: 4 }), (edges) => {
      const allotment = ['10.0.0.0/15', '10.3.0.0/16'];
      const registered: string[] = [];
      for (const advertised of edges) {
        const decided = acceptAdverts({ allotment, registered, allowed: null, advertised, pools: POOLS });
        expect([...decided.accepted, ...decided.refused.map((one) => one.prefix)].sort()).toEqual(
          [...new Set(advertised)].sort(),
        );
        registered.push(...decided.added);
      }
      const parsed = registered.map(parsePrefix);
      for (const [index, one] of parsed.entries()) {
        expect(allotment.some((range) => contains(parsePrefix(range), one))).toBe(true);
        expect(parsed.slice(index + 1).some((other) => overlaps(one, other))).toBe(false);
      }
    }),
  );
});
