/** The picture of a topology, of a few sites and of hundreds, on a phone and a desk: nothing overlaps, nothing is outside, labels fit, the order of the facts does not matter. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Level } from '../../../console/view/health.ts';
import { textWidth } from '../../../console/view/label.ts';
import { neighbourOf } from '../../../console/view/neighbour.ts';
import {
  type Box,
  CARDS_MAX,
  LABEL_SIZE,
  NOTE_SIZE,
  type Picture,
  pictureOf,
} from '../../../console/view/topology.ts';
import type { SiteNode, TopologyFacts } from '../../../console/view/topology-facts.ts';

const LEVELS: readonly Level[] = ['bad', 'unknown', 'waiting', 'good'];

const level = fc.constantFrom(...LEVELS);
const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/);

const said = { statement: undefined };

function estateOf(sitesMax: number): fc.Arbitrary<TopologyFacts> {
  const hubs = fc.uniqueArray(name, { maxLength: 5 });
  return hubs.chain((hubNames) => {
    const site = fc.record({
      name,
      level,
      isVpc: fc.boolean(),
      clusters: fc.array(name, { maxLength: 3 }),
      links: fc.array(level, { minLength: hubNames.length, maxLength: hubNames.length }),
    });
    const tenant = fc.record({
      name,
      isolated: fc.boolean(),
      sites: fc.uniqueArray(site, { selector: (one) => one.name, maxLength: sitesMax, size: 'max' }),
    });
    return fc.uniqueArray(tenant, { selector: (one) => one.name, maxLength: 5 }).map((tenants) => ({
      hubs: [...hubNames]
        .sort()
        .map((hub) => ({ ...said, name: hub, level: 'good' as const, vpc: undefined })),
      tenants: tenants.map((one) => ({
        ...one,
        sites: one.sites.map(
          (node): SiteNode => ({
            ...said,
            tenant: one.name,
            name: node.name,
            level: node.level,
            kind: node.isVpc ? 'vpc' : 'datacenter',
            edges: [],
            clusters: node.clusters,
            links: [...hubNames].sort().map((hub, index) => ({
              ...{ hub, level: node.links[index] ?? 'good', ageSeconds: 1, isActive: index === 0 },
              rate: { fromSite: 999_000_000, toSite: 1_200_000_000 },
            })),
            rttMs: 12,
          }),
        ),
      })),
    }));
  });
}

const estate = fc.oneof(estateOf(3), estateOf(12), estateOf(150));
const width = fc.integer({ min: 280, max: 1_600 });

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
const holds = (outer: Box, inner: Box) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

const sitesOf = (picture: Picture) => picture.tenants.flatMap(({ sites }) => sites);

function pairs<Item>(items: readonly Item[]): [Item, Item][] {
  return items.flatMap((one, index) => items.slice(index + 1).map((other): [Item, Item] => [one, other]));
}

test('nothing overlaps, and everything is inside of what it belongs to', () => {
  fc.assert(
    fc.property(estate, width, (facts, room) => {
      const picture = pictureOf(facts, room);
      const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
      const outer: Box[] = [...picture.hubs, ...picture.tenants];
      expect(pairs(outer).filter(([a, b]) => overlap(a, b))).toEqual([]);
      expect(outer.filter((box) => !holds(whole, box))).toEqual([]);
      for (const placed of picture.tenants) {
        expect(placed.sites.filter((site) => !holds(placed, site))).toEqual([]);
        expect(pairs(placed.sites).filter(([a, b]) => overlap(a, b))).toEqual([]);
      }
    }),
    { numRuns: 60 },
  );
});

test('every site is shown once, as a card or as a tile with the others of its state', () => {
  fc.assert(
    fc.property(estate, width, (facts, room) => {
      const picture = pictureOf(facts, room);
      const wanted = facts.tenants.flatMap(({ sites }) => sites);
      const shown = sitesOf(picture).map(({ site }) => `${site.tenant}/${site.name}`);
      expect(shown.sort()).toEqual(wanted.map((site) => `${site.tenant}/${site.name}`).sort());
      expect(picture.isCompact).toBe(wanted.length > CARDS_MAX);
      const counted = picture.tenants.flatMap(({ headings }) => headings.map(({ count }) => count));
      if (picture.isCompact) expect(counted.reduce((sum, count) => sum + count, 0)).toBe(wanted.length);
    }),
    { numRuns: 60 },
  );
});

test('labels fit into their boxes', () => {
  fc.assert(
    fc.property(estate, width, (facts, room) => {
      const { hubs, tenants } = pictureOf(facts, room);
      for (const box of [...hubs, ...tenants, ...tenants.flatMap(({ sites }) => sites)]) {
        expect(textWidth(box.label, LABEL_SIZE)).toBeLessThanOrEqual(box.width - 24);
        expect(textWidth(box.note, NOTE_SIZE)).toBeLessThanOrEqual(box.width - 24);
      }
    }),
    { numRuns: 60 },
  );
});

test('the same facts give the same picture, and one that is wider is not higher by a row of hubs', () => {
  fc.assert(
    fc.property(estate, width, (facts, room) => {
      expect(pictureOf(structuredClone(facts), room)).toEqual(pictureOf(facts, room));
      const top = (picture: Picture) => picture.tenants[0]?.y ?? 0;
      expect(top(pictureOf(facts, room + 200))).toBeLessThanOrEqual(top(pictureOf(facts, room)));
    }),
    { numRuns: 40 },
  );
});

test('a line is drawn for each link of a card in one row, and at most one a hub for a tenant of many', () => {
  fc.assert(
    fc.property(estate, width, (facts, room) => {
      const { lines, hubs, tenants } = pictureOf(facts, room);
      const linked = tenants.reduce((sum, { isUppermost, isOneRow, sites }) => {
        const links = sites.reduce((all, { site }) => all + site.links.length, 0);
        if (isUppermost && isOneRow) return sum + links;
        return sum + (links === 0 ? 0 : hubs.length);
      }, 0);
      expect(lines).toHaveLength(linked);
      expect(new Set(lines.map(({ key }) => key)).size).toBe(lines.length);
    }),
    { numRuns: 40 },
  );
});

test('by the arrow keys alone every site can be reached from the first, and a key never leads back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), width, (count, room) => {
      const sites = Array.from(
        { length: count },
        (_, index): SiteNode => ({
          ...said,
          tenant: 't',
          name: `s${index}`,
          level: LEVELS[index % 4] ?? 'good',
          kind: 'datacenter',
          edges: [],
          clusters: [],
          links: [],
          rttMs: undefined,
        }),
      );
      const boxes = sitesOf(pictureOf({ hubs: [], tenants: [{ name: 't', isolated: false, sites }] }, room));
      const reached = new Set([0]);
      for (const from of reached)
        for (const key of ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'])
          reached.add(neighbourOf(boxes, from, key));
      expect(reached.size).toBe(count);
      expect(neighbourOf(boxes, 0, 'Enter')).toBe(0);
      expect(neighbourOf(boxes, 0, 'ArrowUp')).toBe(0);
    }),
    { numRuns: 25 },
  );
});
