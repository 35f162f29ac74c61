/** Tokens are one-off, and a lost answer can be asked for again by the same key. */
import { expect, test } from 'vitest';
import { redeem } from '../../../functions/domain/token.ts';

const EXPIRES = '2026-01-01T01:00:00.000Z';

test.each<[string, { usedKey?: string; now: string }, string]>([
  ['unused and in time', { now: '2026-01-01T00:59:59.999Z' }, 'fresh'],
  ['unused, at the very end', { now: EXPIRES }, 'token_expired'],
  ['unused, too late', { now: '2026-01-02T00:00:00.000Z' }, 'token_expired'],
  ['used by this key', { usedKey: 'mine', now: '2026-01-01T00:30:00.000Z' }, 'repeat'],
  ['used by this key, after its end', { usedKey: 'mine', now: '2026-01-02T00:00:00.000Z' }, 'repeat'],
  ['used by another key', { usedKey: 'other', now: '2026-01-01T00:30:00.000Z' }, 'token_used'],
  ['used by another key, after its end', { usedKey: 'other', now: '2026-01-02T00:00:00.000Z' }, 'token_used'],
])('a token %s', (_, { usedKey, now }, expected) => {
  const said = redeem({ expiresAt: EXPIRES, usedKey }, { now, identityKey: 'mine' });
  expect(typeof said === 'string' ? said : said.code).toBe(expected);
});
