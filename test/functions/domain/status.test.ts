/** What is said of agents: silence is not death, and everything has an age. */
import { describe, expect, test } from 'vitest';
import {
  type EdgeEvidence,
  edgeConditions,
  hubConditions,
  linksOf,
} from '../../../functions/domain/status.ts';
import type { Report } from '../../../protocol/report.ts';

const NOW = '2026-01-01T00:10:00.000Z';
const FRESH = '2026-01-01T00:09:30.000Z';
const OLD = '2026-01-01T00:08:59.000Z';
const UPDATED = '2026-01-01T00:00:00.000Z';
const AGENT = 'edge.red.oslo';

function batch(hub: string, at: string, up: boolean | undefined) {
  const seen = { receivedBytes: 1, sentBytes: 2, spoofedPackets: 0 };
  const peers = up === undefined ? [] : [{ agent: AGENT, up, ...seen }];
  return { hub, batch: { at, liveness: { peers } } };
}

function said(more: Partial<EdgeEvidence>) {
  const evidence = {
    agent: AGENT,
    approved: true,
    quarantined: false,
    updatedAt: UPDATED,
    hubs: [],
    now: NOW,
    ...more,
  };
  return edgeConditions(evidence).map(
    ({ type, status, reason, lastTransitionTime: at }) => `${type} ${status} ${reason} ${at}`,
  );
}

describe('an edge is connected', () => {
  test.each<[string, EdgeEvidence['hubs'], string]>([
    [
      'if one hub hears it',
      [batch('a', FRESH, true), batch('b', FRESH, false)],
      `True HandshakeFresh ${FRESH}`,
    ],
    [
      'if one hears it and the other is silent',
      [batch('a', FRESH, true), { hub: 'b' }],
      `True HandshakeFresh ${FRESH}`,
    ],
    [
      'not, if every hub is heard and none hears it',
      [batch('a', FRESH, false), batch('b', FRESH, undefined)],
      `False NoHandshake ${FRESH}`,
    ],
    [
      'maybe, if a hub is silent: that is not death',
      [batch('a', FRESH, false), batch('b', OLD, false)],
      `Unknown HubSilent ${FRESH}`,
    ],
    ['maybe, if what a silent hub last said was up', [batch('a', OLD, true)], `Unknown HubSilent ${OLD}`],
    ['maybe, if no hub was ever heard', [{ hub: 'a' }], `Unknown HubSilent ${UPDATED}`],
    ['maybe, if there is no hub', [], `Unknown NoHub ${UPDATED}`],
  ])('%s', (_, hubs, expected) => {
    expect(said({ hubs })[1]).toBe(`Connected ${expected}`);
  });

  test('not, if it is not approved or is quarantined', () => {
    const hubs = [batch('a', FRESH, true)];
    expect(said({ hubs, approved: false })).toEqual([
      `Approved False WaitingForApproval ${UPDATED}`,
      `Connected False NotApproved ${UPDATED}`,
      `Applied Unknown NoDocument ${NOW}`,
    ]);
    expect(said({ hubs, quarantined: true })[0]).toBe(`Approved False Quarantined ${UPDATED}`);
  });
});

describe('a document is applied', () => {
  const document = { epoch: 1, generation: 4 };
  const report = (more: Partial<Report>) => ({
    at: FRESH,
    report: { version: '1', wireguardKey: '', advertise: [], findings: [], ...more },
  });

  test.each<[string, Partial<EdgeEvidence>, string]>([
    ['when the agent says so', { document, report: report({ applied: document }) }, `True UpToDate ${FRESH}`],
    [
      'when it has a newer one than this reading',
      { document, report: report({ applied: { epoch: 1, generation: 5 } }) },
      `True UpToDate ${FRESH}`,
    ],
    [
      'not while it has an older one',
      { document, report: report({ applied: { epoch: 1, generation: 3 } }) },
      `False Behind ${FRESH}`,
    ],
    [
      'not if it refused this one',
      { document, report: report({ refused: { ...document, reason: 'no' } }) },
      `False Refused ${FRESH}`,
    ],
    ['maybe, before the first report', { document }, `Unknown NoReport ${NOW}`],
  ])('%s', (_, more, expected) => {
    expect(said(more)[2]).toBe(`Applied ${expected}`);
  });
});

test('links are what each hub saw, with its age', () => {
  expect(linksOf(AGENT, [batch('b', OLD, true), batch('a', FRESH, false), { hub: 'c' }])).toEqual([
    { hub: 'a', up: false, receivedBytes: 1, sentBytes: 2, spoofedPackets: 0, observedAt: FRESH },
    { hub: 'b', up: true, receivedBytes: 1, sentBytes: 2, spoofedPackets: 0, observedAt: OLD },
  ]);
});

test.each([
  [{ enrolled: false }, ['Enrolled False WaitingForAgent', 'Reporting Unknown NeverHeard']],
  [
    { enrolled: true, own: { at: FRESH, liveness: { peers: [] } } },
    ['Enrolled True Enrolled', 'Reporting True LivenessFresh'],
  ],
  [
    { enrolled: true, own: { at: OLD, liveness: { peers: [] } } },
    ['Enrolled True Enrolled', 'Reporting Unknown HubSilent'],
  ],
])('a hub: %j', (more, expected) => {
  const conditions = hubConditions({ updatedAt: UPDATED, now: NOW, ...more });
  expect(conditions.slice(0, 2).map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual(
    expected,
  );
});
