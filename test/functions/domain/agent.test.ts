/** Agent ids and names of edges. */
import { expect, test } from 'vitest';
import { edgeId, freeEdgeName, hubId, readAgentId } from '../../../functions/domain/agent.ts';

test('an id reads back as what it was made of', () => {
  expect(readAgentId(edgeId('red', 'oslo-2'))).toEqual({ role: 'edge', tenant: 'red', name: 'oslo-2' });
  expect(readAgentId(hubId('a'))).toEqual({ role: 'hub', name: 'a' });
});

test('what is no id is none', () => {
  for (const text of [
    '',
    'hub',
    'hub.',
    'hub.a.b',
    'hub.a.',
    'edge.red',
    'edge..oslo',
    'edge.red.oslo.x',
    'node.a',
  ])
    expect(readAgentId(text)).toBeUndefined();
});

test('an edge is called as its site, the next one SITE-2, and a free number is used', () => {
  expect(
    [[], ['oslo'], ['oslo', 'oslo-2', 'oslo-4'], ['oslo-2']].map((taken) => freeEdgeName('oslo', taken)),
  ).toEqual(['oslo', 'oslo-2', 'oslo-3', 'oslo']);
});
