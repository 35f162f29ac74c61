/** Where ranges of pools may lie, by what is known of the clusters of their sites. */
import { expect, test } from 'vitest';
import { placeRanges } from '../../../functions/domain/pool.ts';
import type { ClusterNode } from '../../../protocol/cluster.ts';
import { ROOMY } from '../api/estates.ts';

const [model] = ROOMY.nodes;

function nodesAt(address: string): { readonly nodes: ClusterNode[] } {
  if (model === undefined) throw new Error('the model has no node');
  return { nodes: [{ ...model, addresses: [address] }] };
}

const around = {
  clusters: new Map([
    ['prod', 'berlin'],
    ['plain', 'tokyo'],
  ]),
  sites: new Map([
    ['berlin', ['10.0.0.0/24', '10.0.5.0/24']],
    ['tokyo', ['10.0.0.0/24']],
  ]),
  facts: new Map([['prod', nodesAt('10.0.0.11')]]),
};

test('a range may lie where nodes of another site have equal addresses, and not where those of its own are', () => {
  const prefix = '10.0.0.128/30';
  expect(placeRanges({ ranges: [{ cluster: 'plain', prefix }] }, around)).toEqual({
    placed: [{ site: 'tokyo', prefix }],
  });
  expect(placeRanges({ ranges: [{ cluster: 'prod', prefix }] }, around)).toMatchObject({
    refusal: { code: 'prefix_overlaps' },
  });
});

test('where containers are hosts of the LAN themselves, a range may lie in it beside the addresses of nodes', () => {
  const lan = { ...around, onLan: new Set(['prod']) };
  const prefix = '10.0.0.128/30';
  expect(placeRanges({ ranges: [{ cluster: 'prod', prefix }] }, lan)).toEqual({
    placed: [{ site: 'berlin', prefix }],
  });
  expect(placeRanges({ ranges: [{ cluster: 'prod', prefix: '10.0.0.8/29' }] }, lan)).toMatchObject({
    refusal: { code: 'prefix_overlaps', detail: expect.stringContaining('holds 10.0.0.11') },
  });
});
