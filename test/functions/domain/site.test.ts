/** Which ranges a site may have. */
import { describe, expect, test } from 'vitest';
import { checkSite } from '../../../functions/domain/site.ts';
import { POOLS } from './estates.ts';

function faults(allotment: string[], prefixes: string[], others?: string[]) {
  const refusal = checkSite({ allotment, prefixes }, { pools: POOLS, others });
  return refusal && [refusal.code, ...(refusal.errors ?? []).map(({ pointer }) => pointer)];
}

describe('a site', () => {
  test('exposes disjoint prefixes of its allotment', () => {
    expect(faults(['10.0.0.0/8'], ['10.0.0.0/16', '10.1.0.0/24'])).toBeUndefined();
    expect(faults(['10.0.0.0/8'], [])).toBeUndefined();
    expect(faults(['10.0.0.0/16', '10.1.0.0/16'], ['10.1.0.0/16'])).toBeUndefined();
  });

  test.each([
    [
      'outside the allotment',
      ['10.0.0.0/16'],
      ['10.0.0.0/24', '10.1.0.0/24'],
      'prefix_outside_allotment',
      '/spec/prefixes/1',
    ],
    [
      'wider than the allotment',
      ['10.0.0.0/24'],
      ['10.0.0.0/23'],
      'prefix_outside_allotment',
      '/spec/prefixes/0',
    ],
    [
      'overlapping another',
      ['10.0.0.0/8'],
      ['10.0.0.0/16', '10.0.3.0/24'],
      'prefix_overlaps',
      '/spec/prefixes/1',
    ],
    ['given twice', ['10.0.0.0/8'], ['10.0.0.0/16', '10.0.0.0/16'], 'prefix_overlaps', '/spec/prefixes/1'],
    ['wider than /16', ['10.0.0.0/8'], ['10.0.0.0/15'], 'prefix_too_wide', '/spec/prefixes/0'],
  ])('a prefix %s is refused', (_, allotment, prefixes, code, pointer) => {
    expect(faults(allotment, prefixes)).toEqual([code, pointer]);
  });

  test.each([
    '0.0.0.0/8',
    '0.0.0.0/0',
    '127.1.0.0/16',
    '169.254.169.254/32',
    '224.0.0.0/8',
    '255.255.255.255/32',
    '100.100.0.0/16',
    '100.0.0.0/8',
  ])('nobody may have %s', (range) => {
    expect(faults([range], [])).toEqual(['prefix_reserved', '/spec/allotment/0']);
    expect(faults(['10.0.0.0/8'], [range])).toEqual(['prefix_reserved', '/spec/prefixes/0']);
  });

  test('an allotment may be as wide as /8', () => {
    expect(faults(['10.0.0.0/8'], [])).toBeUndefined();
    expect(faults(['10.0.0.0/7'], [])).toEqual(['prefix_too_wide', '/spec/allotment/0']);
  });

  test('what an edge advertised before stands: the same prefix is fine, an overlapping one is not', () => {
    expect(faults(['10.0.0.0/8'], ['10.0.0.0/24'], ['10.0.0.0/24'])).toBeUndefined();
    expect(faults(['10.0.0.0/8'], ['10.0.0.0/16'], ['10.0.0.0/24'])).toEqual([
      'prefix_overlaps',
      '/spec/prefixes/0',
    ]);
  });

  test('every wrong element is named at once', () => {
    expect(
      checkSite({ allotment: ['10.0.0.0/16', '127.0.0.0/8'], prefixes: ['11.0.0.0/24'] }, { pools: POOLS }),
    ).toEqual({
      code: 'prefix_reserved',
      detail: '127.0.0.0/8 overlaps 127.0.0.0/8 (loopback), which no site may expose.',
      errors: [
        {
          pointer: '/spec/allotment/1',
          detail: '127.0.0.0/8 overlaps 127.0.0.0/8 (loopback), which no site may expose.',
        },
        {
          pointer: '/spec/prefixes/0',
          detail:
            '11.0.0.0/24 is not inside the allotment 10.0.0.0/16, 127.0.0.0/8; add its range there first.',
        },
      ],
    });
  });
});
