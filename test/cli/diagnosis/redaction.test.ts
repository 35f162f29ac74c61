/** What goes into a report for others: no value that may be a secret, wherever it occurs, and all else as it was. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HIDDEN, redacted } from '../../../cli/diagnosis/redaction.ts';

/** Marked, so that it is no part of any other word of the report. */
const secretText = fc.string({ minLength: 2, maxLength: 40 }).map((text) => `Q~${text}~Q`);

test('what lies under a telling name is nowhere in the report, however deep, and its lines neither', () => {
  const name = fc.constantFrom('environment', 'content', 'secrets', 'dbPassword', 'apiKey', 'accessToken');
  const elsewhere = fc.constantFrom('message', 'detail', 'path');
  fc.assert(
    fc.property(secretText, name, elsewhere, (secret, telling, word) => {
      const value = {
        items: [{ spec: { [telling]: { any: [secret, `first\n${secret}\n`] } } }],
        status: { conditions: [{ [word]: `failed with ${secret} at last` }] },
      };
      expect(JSON.stringify(redacted(value))).not.toMatch(/Q~|~Q/);
    }),
  );
});

describe('what has the form of a credential is hidden in any text', () => {
  test.each([
    ['key isk_acme_ada_0123456789abcdef0123456789abcdef!', `key ${HIDDEN}!`],
    ['isk_*_root_0123456789abcdef0123456789abcdef', HIDDEN],
    ['token ist_acme_t1_0123456789abcdef0123456789abcdef', `token ${HIDDEN}`],
    ['eyJhbGciOi.eyJzdWIi.c2ln is wrong', `${HIDDEN} is wrong`],
    ['https://ada:pw@registry.example.com/x', `https://${HIDDEN}@registry.example.com/x`],
    ['GET /a?sig=abc&n=1 failed', `GET /a?sig=${HIDDEN}&n=${HIDDEN} failed`],
    ['Authorization: Bearer abc.def', `Authorization: Bearer ${HIDDEN}`],
    ['DB_PASSWORD=hunter2 and more', `DB_PASSWORD=${HIDDEN} and more`],
    ['a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb', `a\n${HIDDEN}\nb`],
  ])('%j', (text, expected) => {
    expect(redacted({ message: text })).toEqual({ message: expected });
  });
});

test('all else stays, also where a name happens to be the value of a variable', () => {
  const value = {
    metadata: { name: 'berlin', generation: 3 },
    spec: { replicas: 2, on: true, none: null, list: ['10.0.0.0/24'] },
  };
  expect(redacted(value)).toEqual(value);
  const app = { name: 'berlin', environment: { SITE: 'berlin', MODE: '' }, arguments: ['--serve'] };
  expect(redacted(app, new Set(['berlin']))).toEqual({
    name: 'berlin',
    environment: { SITE: HIDDEN, MODE: '' },
    arguments: [HIDDEN],
  });
  expect(redacted(app)).toMatchObject({ name: HIDDEN });
});
