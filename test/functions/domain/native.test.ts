/** Native pairs: it takes two to ask, and nobody's real addresses may collide at the hubs. */
import { describe, expect, test } from 'vitest';
import {
  checkNative,
  type NativeSite,
  nativePairs,
  nativeTaken,
  peersOf,
} from '../../../functions/domain/native.ts';

function at(name: string, prefix: string, more: Partial<NativeSite> = {}): NativeSite {
  return { tenant: 'red', name, kind: 'datacenter', prefixes: [prefix], native: [], ...more };
}

const oslo = at('oslo', '10.0.0.0/24', { native: ['rome'] });
const rome = at('rome', '10.1.0.0/24', { native: ['oslo'] });

describe('pairs in force', () => {
  test('both have to ask', () => {
    expect(nativePairs([oslo, rome])).toEqual([{ tenant: 'red', a: 'oslo', b: 'rome' }]);
    expect(nativePairs([oslo, at('rome', '10.1.0.0/24')])).toEqual([]);
    expect(nativePairs([oslo])).toEqual([]);
  });

  test('a public range is never routed natively: the hubs would lose whoever has it on the internet', () => {
    const lab = at('lab', '52.94.0.0/16', { native: ['oslo'] });
    const both = at('oslo', '10.0.0.0/24', { native: ['lab'] });
    expect(nativePairs([lab, both])).toEqual([]);
    expect(checkNative(both, [lab])).toMatchObject({
      code: 'native_collision',
      errors: [
        {
          pointer: '/spec/native/0',
          detail: expect.stringContaining('52.94.0.0/16 of lab is no private range'),
        },
      ],
    });
    for (const prefix of ['172.16.0.0/12', '192.168.7.0/24', '10.255.0.0/16'])
      expect(nativePairs([{ ...lab, prefixes: [prefix] }, both])).toHaveLength(1);
  });

  test('two of different tenants are never a pair', () => {
    expect(nativePairs([oslo, { ...rome, tenant: 'blue' }])).toEqual([]);
  });

  test('of pairs that collide the first in order holds alone, in whatever order they are read', () => {
    const blue = [
      at('kyiv', '10.0.0.0/16', { native: ['lima'], tenant: 'blue' }),
      at('lima', '10.9.0.0/16', { native: ['kyiv'], tenant: 'blue' }),
    ];
    const expected = [{ tenant: 'blue', a: 'kyiv', b: 'lima' }];
    expect(nativePairs([oslo, rome, ...blue])).toEqual(expected);
    expect(nativePairs([...blue, rome, oslo])).toEqual(expected);
  });

  test('what a VPC exposes is taken, joined or not', () => {
    expect(nativePairs([oslo, rome, at('vpc', '10.0.0.0/16', { kind: 'vpc', tenant: 'blue' })])).toEqual([]);
  });

  test('a site has all its peers', () => {
    const hub = at('oslo', '10.0.0.0/24', { native: ['rome', 'pisa'] });
    const pairs = nativePairs([hub, rome, at('pisa', '10.2.0.0/24', { native: ['oslo'] })]);
    expect(peersOf(hub, pairs)).toEqual(['pisa', 'rome']);
    expect(peersOf({ tenant: 'blue', name: 'oslo' }, pairs)).toEqual([]);
  });
});

describe('the check', () => {
  test('a pair whose prefixes are apart is admitted', () => {
    expect(checkNative(oslo, [rome])).toBeUndefined();
    expect(checkNative(oslo, [oslo, at('rome', '10.1.0.0/24')])).toBeUndefined();
    expect(checkNative(oslo, [])).toBeUndefined();
  });

  test('ends that collide are refused, also while the peer has not asked', () => {
    expect(
      checkNative(at('oslo', '10.1.0.0/16', { native: ['nice', 'rome'] }), [at('rome', '10.1.0.0/24')]),
    ).toEqual({
      code: 'native_collision',
      detail: 'The real prefixes of oslo and rome overlap; use virtual ones.',
      errors: [
        {
          pointer: '/spec/native/1',
          detail: 'The real prefixes of oslo and rome overlap; use virtual ones.',
        },
      ],
    });
  });

  test('a joined site of the same tenant is named, one of another tenant is not', () => {
    const others = (tenant: string) => [
      at('pisa', '10.0.0.0/16', { native: ['turin'], tenant }),
      at('turin', '10.9.0.0/16', { native: ['pisa'], tenant }),
    ];
    expect(checkNative(oslo, [rome, ...others('red')])?.detail).toBe(
      'The real prefixes of oslo and pisa, which is routed natively, overlap.',
    );
    const hidden = checkNative(oslo, [rome, ...others('blue')])?.detail;
    expect(hidden).toBe('A real prefix of oslo is routed natively already; use virtual addresses.');
  });

  test('the peer must not collide with a third either, be it another peer of the same site', () => {
    const both = at('oslo', '10.5.0.0/24', { native: ['nice', 'rome'] });
    const nice = at('nice', '10.1.0.0/16', { native: ['oslo'] });
    expect(checkNative(both, [nice, rome])?.code).toBe('native_collision');
  });

  test('a VPC is refused what is routed natively already', () => {
    const vpc = at('vpc', '10.0.0.0/16', { kind: 'vpc', tenant: 'blue' });
    expect(checkNative(vpc, [oslo, rome])?.errors?.[0]?.pointer).toBe('/spec/prefixes');
    expect(checkNative(vpc, [oslo])).toBeUndefined();
    expect(checkNative({ ...vpc, kind: 'datacenter' }, [oslo, rome])).toBeUndefined();
  });
});

test('a joined site may not take on what is routed to others, an unjoined one may', () => {
  const pisa = at('pisa', '10.7.0.0/24');
  expect(nativeTaken(oslo, [oslo, rome, pisa])).toEqual(['10.1.0.0/24']);
  expect(nativeTaken(pisa, [oslo, rome, pisa])).toEqual([]);
  expect(nativeTaken({ ...pisa, kind: 'vpc' }, [oslo, rome, pisa])).toEqual(['10.0.0.0/24', '10.1.0.0/24']);
});
