/** Which sites a hub calls silent. */
import { expect, test } from 'vitest';
import { type HeardEdge, SILENT_MS, silentSites } from '../../../edge-agent/names/silence.ts';

const edge = (site: string, ageMs: number | undefined): HeardEdge => ({ tenant: 'acme', site, ageMs });
const silent = (edges: readonly HeardEdge[], upMs = 60_000) => [...silentSites(edges, upMs)];

test('a site is silent once none of its edges was heard of for too long', () => {
  expect(silent([edge('berlin', SILENT_MS), edge('tokyo', SILENT_MS + 1)])).toEqual(['acme/tokyo']);
  expect(silent([edge('tokyo', 100), edge('tokyo', 90_000)])).toEqual([]);
  expect(silent([edge('tokyo', undefined), edge('tokyo', 90_000)])).toEqual(['acme/tokyo']);
});

test('a hub that has just started calls nobody silent that it has not heard of yet', () => {
  expect(silent([edge('tokyo', undefined)], 1_000)).toEqual([]);
  expect(silent([edge('tokyo', undefined)], 10_000)).toEqual(['acme/tokyo']);
});
