/** Whose an address is: each of its meanings, and why it may have none. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressText, explainAddress } from '../../../cli/diagnosis/address.ts';
import { EDGES, edge, SERVICES, SITES, site } from './estate.ts';

const map = { sites: SITES, edges: EDGES, services: SERVICES, pools: ['100.64.0.0/10'] };

test('a virtual address is one site and one real address, with what answers there and what leads there', () => {
  expect(explainAddress('100.65.1.10', map)).toEqual({
    address: '100.65.1.10',
    meanings: [
      {
        ...{ site: 'tokyo', as: 'virtual', real: '10.0.0.10', virtual: '100.65.1.10' },
        ...{ realPrefix: '10.0.0.0/24', virtualPrefix: '100.65.1.0/24', nativeTo: [] },
        edges: [{ name: 't1', hubs: ['one', 'two'], activeHub: 'two' }],
        services: ['web:80/tcp'],
      },
    ],
    notes: [],
  });
});

test('a real address is one of each site that has it, and this is said', () => {
  const explained = explainAddress('10.0.0.10', map);
  expect(explained.meanings.map(({ site: name, virtual }) => [name, virtual])).toEqual([
    ['berlin', '100.65.0.10'],
    ['tokyo', '100.65.1.10'],
  ]);
  expect(addressText(explained)).toBe(`10.0.0.10 at berlin is 100.65.0.10 from other sites
  prefix      10.0.0.0/24, for life 100.65.0.0/24
  translated  1:1 by the edges of both ends, source and destination
  edge        b1, by hub one or two (it sends by one)
10.0.0.10 at tokyo is 100.65.1.10 from other sites
  prefix      10.0.0.0/24, for life 100.65.1.0/24
  translated  1:1 by the edges of both ends, source and destination
  edge        t1, by hub one or two (it sends by two)
  services    web:80/tcp
berlin and tokyo have the same real range. Within a site the address is its own; from elsewhere use the virtual one, or the name.`);
});

test('native sites, quarantined edges and edges that nobody hears are told as such', () => {
  const native = {
    type: 'Native/paris',
    status: 'True',
    reason: 'Joined',
    message: 'x',
    lastTransitionTime: '2026-01-31T12:00:00.000Z',
  };
  const silent = edge('b2', 'berlin', { up: [] });
  const cut = {
    ...silent,
    spec: { ...silent.spec, quarantined: true },
    metadata: { ...silent.metadata, name: 'b3' },
  };
  const text = addressText(
    explainAddress('100.65.0.1', {
      ...map,
      sites: [site('berlin', '100.65.0.0/24', [native])],
      edges: [silent, cut],
    }),
  );
  expect(text).toContain('native      from paris as 10.0.0.1, not translated');
  expect(text).toContain('edge        b2, which no hub hears');
  expect(text).not.toContain('b3');
  expect(addressText(explainAddress('100.65.0.1', { ...map, edges: [] }))).toContain(
    'none: nothing leads there',
  );
});

describe('an address that means nothing', () => {
  test.each([
    ['10.9.1.1', 'is in the allotment of lima, which does not expose it'],
    ['100.66.0.1', 'is in the virtual pool 100.64.0.0/10, and no site of the tenant has it'],
    ['192.0.2.1', 'takes the way that it would take without Isthmus'],
  ])('%s', (address, said) => {
    const { meanings, notes } = explainAddress(address, map);
    expect([meanings, notes.length]).toEqual([[], 1]);
    expect(notes[0]).toContain(said);
  });
});

test('the virtual address of a real one means that real one again', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 255 }), (host) => {
      for (const one of explainAddress(`10.0.0.${host}`, map).meanings)
        expect(explainAddress(one.virtual, map).meanings).toEqual([{ ...one, as: 'virtual' }]);
    }),
  );
});
