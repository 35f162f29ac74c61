/** `can-i` asks about the profile's tenant, or the deployment if told so, and refuses what the API would not understand. */
import { expect, test } from 'vitest';
import type { Api } from '../../cli/api.ts';
import { askRight } from '../../cli/can-i.ts';

function stand() {
  const asked: unknown[] = [];
  const api: Pick<Api, 'post' | 'tenant'> = {
    tenant: async () => 'acme',
    post: async ({ path }, schema, body) => {
      asked.push([path, body]);
      return schema.parse({ allowed: false, reason: 'because' });
    },
  };
  return { asked, api };
}

test('asks about the tenant', async () => {
  const { asked, api } = stand();
  const answer = await askRight(api, { verb: 'write', kind: 'app', name: 'shop' });
  expect(answer).toEqual({ allowed: false, reason: 'because' });
  expect(asked).toEqual([['/v1/can-i', { verb: 'write', kind: 'app', name: 'shop', tenant: 'acme' }]]);
});

test('asks about the deployment', async () => {
  const { asked, api } = stand();
  await askRight(api, { verb: 'read', kind: 'hub', deployment: true });
  expect(asked).toEqual([['/v1/can-i', { verb: 'read', kind: 'hub' }]]);
});

test('refuses a verb and a kind that there are not', async () => {
  const { asked, api } = stand();
  await expect(askRight(api, { verb: 'eat', kind: 'app' })).rejects.toThrow(/verb/);
  await expect(askRight(api, { verb: 'read', kind: 'cake' })).rejects.toThrow(/kind/);
  expect(asked).toEqual([]);
});
