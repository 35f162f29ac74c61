/** SCENARIO 26: a document that cuts the agent off is rolled back; a denial never is. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  judgeTrial,
  revertedDocument,
  type Trial,
  type TrialEvent,
  type Verdict,
} from '../../../edge-agent/plan/rollback.ts';
import type { Document, Leaf, NetworkLeaf, PolicyLeaf } from '../../../protocol/document.ts';

const LIMIT_MS = 60_000;
const APPLIED: TrialEvent = { kind: 'applied', atMs: 0, wasReachable: true, hasPrevious: true };

function play(events: readonly TrialEvent[]): {
  readonly trial: Trial['kind'];
  readonly verdicts: readonly Verdict[];
} {
  let trial: Trial = { kind: 'settled' };
  const verdicts = events.map((event) => {
    const step = judgeTrial(trial, event, LIMIT_MS);
    trial = step.trial;
    return step.verdict;
  });
  return { trial: trial.kind, verdicts };
}

function tick(atMs: number): TrialEvent {
  return { kind: 'tick', atMs };
}

function contact(begunMs: number): TrialEvent {
  return { kind: 'contact', begunMs };
}

describe('a trial', () => {
  const cases: readonly (readonly [string, readonly TrialEvent[], Trial['kind'], Verdict])[] = [
    ['begins when a new document is applied', [APPLIED], 'trial', 'none'],
    [
      'does not begin if the control plane was away before',
      [{ ...APPLIED, wasReachable: false }],
      'settled',
      'none',
    ],
    ['does not begin without an older document', [{ ...APPLIED, hasPrevious: false }], 'settled', 'none'],
    ['is passed by the first answer', [APPLIED, contact(1)], 'settled', 'proven'],
    ['is not passed by an answer to an earlier request', [APPLIED, contact(-1)], 'trial', 'none'],
    ['waits for 60 s', [APPLIED, tick(59_999)], 'trial', 'none'],
    ['is lost after 60 s of silence', [APPLIED, tick(60_000)], 'reverted', 'revert'],
    [
      'is lost for good if the older document reconnects',
      [APPLIED, tick(60_000), contact(60_001)],
      'settled',
      'mark_bad',
    ],
    [
      'is not lost by an answer to a request from before',
      [APPLIED, tick(60_000), contact(59_000)],
      'reverted',
      'none',
    ],
    [
      'ends in the newer document if the older one does not reconnect',
      [APPLIED, tick(60_000), tick(120_000)],
      'settled',
      'forward',
    ],
    ['is not begun again by that', [APPLIED, tick(60_000), tick(120_000), tick(300_000)], 'settled', 'none'],
  ];

  test.each(cases)('%s', (_, events, trial, verdict) => {
    const played = play(events);
    expect([played.trial, played.verdicts.at(-1)]).toEqual([trial, verdict]);
  });

  test('for any events: bad is only what was silent for 60 s and whose elder answered', () => {
    const event = fc.oneof(fc.constant('tick' as const), fc.constant('contact' as const));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(event, fc.integer({ min: 0, max: 40_000 })), { maxLength: 40 }),
        (script) => {
          let atMs = 0;
          const events = script.map(([kind, pauseMs]) => {
            atMs += pauseMs;
            return kind === 'tick' ? tick(atMs) : contact(atMs);
          });
          const { verdicts } = play([APPLIED, ...events]);
          const bad = verdicts.indexOf('mark_bad');
          const firstContact = events.findIndex(({ kind }) => kind === 'contact');
          if (bad > 0) expect(verdicts.slice(0, bad)).toContain('revert');
          if (bad > 0) expect(firstContact + 1).toBe(bad);
          expect(verdicts.filter((verdict) => verdict === 'revert').length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe('the document that is tried instead', () => {
  const OPEN: PolicyLeaf = { kind: 'policy', inbound: 'tenant', flows: [] };
  const CLOSED: PolicyLeaf = { kind: 'policy', inbound: 'listed', flows: [] };
  const hubs = (name: string): Leaf => ({
    kind: 'hubs',
    hubs: [{ name, publicKey: 'k', endpoint: '192.0.2.1:51820', tunnelAddress: '100.64.0.1' }],
  });
  const network = (change: Partial<NetworkLeaf> = {}): NetworkLeaf => ({
    kind: 'network',
    tenant: 'acme',
    site: 'berlin',
    prefixes: [{ real: '10.0.0.0/24', virtual: '100.65.0.0/24' }],
    lan: 'routed',
    native: [],
    ...change,
  });
  const document = (generation: number, leaves: Record<string, Leaf>): Document => ({
    version: { epoch: 1, generation },
    leaves,
  });

  test('has the older way out and the newer denials', () => {
    const previous = document(1, { hubs: hubs('old'), policy: OPEN, network: network() });
    const newest = document(2, { hubs: hubs('new'), policy: CLOSED, network: network() });
    expect(revertedDocument(newest, previous)).toEqual(
      document(1, { hubs: hubs('old'), policy: CLOSED, network: network() }),
    );
  });

  test('never brings back a hub whose key the newer one has withdrawn', () => {
    const two = (keys: readonly string[]): Leaf => ({
      kind: 'hubs',
      hubs: keys.map((publicKey) => ({
        name: publicKey,
        publicKey,
        endpoint: '192.0.2.1:51820',
        tunnelAddress: '100.64.0.1',
      })),
    });
    const previous = document(1, { hubs: two(['kept', 'withdrawn']) });
    const newest = document(2, { hubs: two(['kept', 'added']) });
    expect(revertedDocument(newest, previous)).toEqual(document(1, { hubs: two(['kept']) }));
  });

  test('leaves out what the newer one exposes or reaches additionally, and what it no longer does', () => {
    const native = (site: string, prefix: string) => ({ site, prefixes: [prefix] });
    const previous = document(1, {
      network: network({ native: [native('paris', '10.1.0.0/24'), native('rome', '10.2.0.0/24')] }),
    });
    const newest = document(2, {
      network: network({
        prefixes: [...network().prefixes, { real: '10.9.0.0/24', virtual: '100.65.9.0/24' }],
        native: [native('rome', '10.2.0.0/24'), native('oslo', '0.0.0.0/1')],
      }),
    });
    expect(revertedDocument(newest, previous)).toEqual(
      document(1, { network: network({ native: [native('rome', '10.2.0.0/24')] }) }),
    );
  });

  test('does not bring back a leaf that the newer one has not', () => {
    const previous = document(1, { hubs: hubs('old'), policy: OPEN, network: network() });
    expect(revertedDocument(document(2, { policy: CLOSED }), previous).leaves).toEqual({ policy: CLOSED });
  });
});
