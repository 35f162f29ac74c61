/** Who asks a cluster for what, as a person reads it: figures with how old they are. */
import { expect, test } from 'vitest';
import { requestsText } from '../../cli/requests.ts';

const ANALYSIS = {
  ...{ windowSeconds: 300, requests: 4, fromCache: 1, coalesced: 1, upstream: 2 },
  ...{ upstreamLists: 1, upstreamWatches: 1, accessReviews: 1, openStreams: 0, budgetBytes: 1, usedBytes: 1 },
  ...{ types: [], talkers: [], advice: [] },
};
const AT = 'Sat, 31 Jan 2026 12:00:00 GMT';

test('the figures are shown with the age of the word that they come from', () => {
  const text = (at: string | undefined) =>
    requestsText({ value: ANALYSIS, at }, Date.parse(AT) + 40_000).split('\n')[0];
  expect([text(AT), text(undefined)]).toEqual([
    '4 requests in 5 min, told 40 s ago: 25 % from memory, 25 % shared a read, 50 % went upstream',
    '4 requests in 5 min: 25 % from memory, 25 % shared a read, 50 % went upstream',
  ]);
});
