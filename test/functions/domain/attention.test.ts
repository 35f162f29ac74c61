/** What needs a person: all that is not as it should be, once, with how urgent it is; and nothing else. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attentionOf, type Concern } from '../../../functions/domain/attention.ts';
import { MATTER_KINDS, MATTERS_MAX } from '../../../protocol/attention.ts';
import type { Condition } from '../../../protocol/metadata.ts';

const at = (minute: number) => `2026-01-31T12:${String(minute).padStart(2, '0')}:00.000Z`;
const said = (
  type: string,
  [status, reason]: readonly [Condition['status'], string],
  minute: number,
): Condition => ({ type, status, reason, message: 'Said.', lastTransitionTime: at(minute) });
const nothingFound = { findings: [], at: at(0) };
const thing = (kind: Concern['kind'], name: string, ...conditions: Condition[]): Concern => ({
  ...{ kind, name, conditions },
  told: nothingFound,
});
const linesOf = (concerns: readonly Concern[]) =>
  attentionOf(concerns).items.map(
    ({ level, kind, name, type, reason }) => `${level}: ${kind} ${name} ${type} ${reason}`,
  );

test('faults come first, then decisions, what is not known, and what passes; the oldest first', () => {
  const lines = linesOf([
    thing(
      'app',
      'web',
      said('Running', ['True', 'Running'], 1),
      said('RolledBack', ['True', 'ReleaseFailed'], 7),
    ),
    thing('site', 'berlin', said('Ready', ['Unknown', 'HubSilent'], 5)),
    thing('edge', 'e1', said('Applied', ['False', 'Behind'], 2)),
    thing('edge', 'e2', said('Approved', ['False', 'WaitingForApproval'], 1)),
    thing('cluster', 'prod', said('Reachable', ['False', 'NoAnswer'], 3)),
  ]);
  expect(lines).toEqual([
    'fault: cluster prod Reachable NoAnswer',
    'fault: app web RolledBack ReleaseFailed',
    'decision: edge e2 Approved WaitingForApproval',
    'unknown: site berlin Ready HubSilent',
    'passing: edge e1 Applied Behind',
  ]);
});

test('of a thing that waits for a decision nothing else is told, because it follows from that', () => {
  const waiting = thing(
    'edge',
    'e1',
    said('Applied', ['Unknown', 'NoReport'], 1),
    said('Connected', ['False', 'NotApproved'], 2),
    said('Approved', ['False', 'WaitingForApproval'], 3),
  );
  expect(linesOf([waiting])).toHaveLength(1);
  expect(linesOf([thing('site', 's', said('Ready', ['False', 'NoEdge'], 1))])[0]).toMatch(/^decision/);
  expect(linesOf([thing('cluster', 'c', said('Attached', ['False', 'NoEdge'], 1))])[0]).toMatch(/^fault/);
});

test('what a site repeats of its edge is told of the edge alone', () => {
  const down = said('Connected', ['False', 'NoHandshake'], 1);
  const lines = linesOf([thing('site', 's', { ...down, type: 'Ready' }), thing('edge', 'e', down)]);
  expect(lines).toEqual(['fault: edge e Connected NoHandshake']);
});

test('an upgrade that waits for somebody is told although nothing is wrong', () => {
  const app = thing('app', 'web', said('Upgrading', ['True', 'WaitsForPromotion'], 1));
  expect(linesOf([app])).toEqual(['decision: app web Upgrading WaitsForPromotion']);
  expect(linesOf([thing('app', 'web', said('Upgrading', ['True', 'Canary'], 1))])).toEqual([]);
});

test('an open tenant is no matter; an agent that keeps an isolation from holding is', () => {
  expect(linesOf([thing('tenant', 'acme', said('Isolated', ['False', 'Open'], 1))])).toEqual([]);
  const broken = thing(
    'tenant',
    'acme',
    said('Isolated', ['False', 'NotHeld'], 1),
    said('Isolated/edge/e1', ['False', 'Passed'], 2),
  );
  expect(linesOf([broken])).toEqual(['fault: tenant acme Isolated/edge/e1 Passed']);
});

test('what an agent found wrong on its host is told with its own remedy, and its warnings are not', () => {
  const finding = { code: 'mtu.one', message: 'Packets vanish.', fix: 'Lower it.' };
  const told = {
    findings: [
      { ...finding, level: 'error' as const },
      { ...finding, level: 'warning' as const },
    ],
    at: at(4),
  };
  const { items } = attentionOf([{ kind: 'edge', name: 'e1', conditions: [], told }]);
  expect(items).toEqual([
    {
      ...{ kind: 'edge', name: 'e1', level: 'fault', type: 'Host', status: 'False', reason: 'mtu.one' },
      ...{ message: 'Packets vanish.', since: at(4), remedy: 'Lower it.' },
    },
  ]);
});

const anyCondition = fc.record({
  type: fc.constantFrom('Ready', 'Connected', 'RolledBack', 'Upgrading', 'Isolated'),
  status: fc.constantFrom('True' as const, 'False' as const, 'Unknown' as const),
  reason: fc.constantFrom('A', 'Behind', 'Quarantined', 'WaitsForPromotion', 'NoEdge'),
  message: fc.string(),
  lastTransitionTime: fc.integer({ min: 0, max: 59 }).map(at),
});
const anyConcern = fc.record({
  kind: fc.constantFrom(...MATTER_KINDS),
  name: fc.string({ minLength: 1 }),
  conditions: fc.array(anyCondition, { maxLength: 5 }),
  told: fc.constant(nothingFound),
});

test('things do not hide each other, whatever their order, and the rest is counted', () => {
  fc.assert(
    fc.property(fc.array(anyConcern, { maxLength: 80 }), (concerns) => {
      // A site may only repeat what is said of its edges, and is left out for that.
      const own = concerns.filter(({ kind }) => kind !== 'site');
      const all = attentionOf(own);
      const each = own.map((one) => attentionOf([one]).items.length);
      expect(all.items.length + all.omitted).toBe(each.reduce((sum, count) => sum + count, 0));
      expect(all.items.length).toBeLessThanOrEqual(MATTERS_MAX);
      const levels = (list: typeof all) => list.items.map(({ level, since }) => `${level} ${since}`);
      expect(levels(attentionOf([...own].reverse()))).toEqual(levels(all));
    }),
  );
});

test('whoever is as he should be in everything is not told', () => {
  fc.assert(
    fc.property(fc.array(anyConcern), (concerns) => {
      const good = concerns.map((one) => ({
        ...one,
        conditions: one.conditions
          .filter(({ type, reason }) => type !== 'RolledBack' && reason !== 'WaitsForPromotion')
          .map((condition) => ({ ...condition, status: 'True' as const })),
      }));
      expect(attentionOf(good)).toEqual({ items: [], omitted: 0 });
    }),
  );
});
