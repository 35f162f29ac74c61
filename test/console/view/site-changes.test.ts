/** What another spec of a site would do: told from the two specs and what belongs to the site, and nothing is told where nothing changes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  labelsIn,
  type SiteAround,
  type SiteSpecFacts,
  siteChanges,
  textOfLabels,
} from '../../../console/view/site-changes.ts';

const SPEC: SiteSpecFacts = {
  kind: 'datacenter',
  lan: 'routed',
  allotment: ['10.0.0.0/16'],
  prefixes: ['10.0.0.0/24', '10.0.1.0/24'],
  native: ['oslo'],
  labels: { region: 'eu' },
  costPerCpu: 0,
};
const AROUND: SiteAround = {
  exposed: [
    { real: '10.0.0.0/24', virtual: '100.64.0.0/24' },
    { real: '10.0.1.0/24', virtual: '100.64.1.0/24' },
    { real: '10.0.2.0/24', virtual: '100.64.2.0/24' },
  ],
  offered: ['10.0.2.0/24', '10.0.1.0/24'],
  services: [
    { name: 'db', address: '10.0.0.9' },
    { name: 'web', address: '10.0.2.9' },
  ],
  askedBy: ['tokyo'],
};
const after = (change: Partial<SiteSpecFacts>) => siteChanges(SPEC, { ...SPEC, ...change }, AROUND);

test('what is taken away is told with its virtual prefix and the names that lead into it', () => {
  expect(after({ prefixes: ['10.0.1.0/24'] })).toEqual([
    { kind: 'hides', prefix: '10.0.0.0/24', virtual: '100.64.0.0/24', services: ['db'] },
  ]);
});

test('a name that leads into what is exposed in another way is not lost', () => {
  expect(after({ prefixes: ['10.0.0.0/25', '10.0.1.0/24'] })).toEqual([
    { kind: 'exposes', prefix: '10.0.0.0/25' },
    { kind: 'hides', prefix: '10.0.0.0/24', virtual: '100.64.0.0/24', services: [] },
  ]);
});

test('what an edge offers stays exposed as long as it is allotted, and is said to', () => {
  expect(after({ prefixes: ['10.0.0.0/24'] })).toEqual([{ kind: 'staysOffered', prefix: '10.0.1.0/24' }]);
  expect(after({ prefixes: ['10.0.0.0/24'], allotment: ['10.0.0.0/23'] })).toEqual([
    { kind: 'hides', prefix: '10.0.2.0/24', virtual: '100.64.2.0/24', services: ['web'] },
    { kind: 'staysOffered', prefix: '10.0.1.0/24' },
    { kind: 'allots', prefix: '10.0.0.0/23' },
    { kind: 'refusesOffers', prefix: '10.0.0.0/16' },
  ]);
});

test('native routing holds at once where the other site asks for it too, and else waits', () => {
  expect(after({ native: ['tokyo', 'lima'] })).toEqual([
    { kind: 'nativeHolds', site: 'tokyo' },
    { kind: 'nativeWaits', site: 'lima' },
    { kind: 'nativeEnds', site: 'oslo' },
  ]);
});

test('the way of its LAN, its kind, and what placements go by are told', () => {
  expect(after({ lan: 'masquerade', kind: 'vpc', labels: { region: 'us' }, costPerCpu: 3 })).toEqual([
    { kind: 'lan', lan: 'masquerade' },
    { kind: 'siteKind', siteKind: 'vpc' },
    { kind: 'placements' },
  ]);
});

test('nothing is told of what is no prefix yet, and nothing of what is as it was', () => {
  expect(after({ prefixes: ['10.0.0.0/'] })).toBeUndefined();
  expect(after({ allotment: ['10.0.0.0/33'] })).toBeUndefined();
  expect(after({ prefixes: [...SPEC.prefixes, '10.0.2.0/24'] })).toEqual([]);
});

test('labels are read as they are written', () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(fc.dictionary(word, word, { noNullPrototype: true }), (labels) => {
      expect(
        labelsIn(
          textOfLabels(labels)
            .split(', ')
            .filter((part) => part !== ''),
        ),
      ).toEqual(labels);
    }),
  );
});
