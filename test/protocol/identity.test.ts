/** Whom a binding names: exactly him, by issuer, subject, group or pattern. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BindingSpec } from '../../protocol/binding.ts';
import { type Identity, isNamed, matchesPattern } from '../../protocol/identity.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';
const ISSUER = 'https://login.example.com';
const job: Identity = {
  kind: 'machine',
  issuer: GITHUB,
  subject: 'repo:acme/shop:ref:refs/heads/main',
  name: 'repo:acme/shop:ref:refs/heads/main',
  groups: [],
  claims: { repository_owner_id: '42', event_name: 'push' },
};
const ada: Identity = {
  kind: 'person',
  issuer: ISSUER,
  subject: 'u-1',
  name: 'ada',
  groups: ['ops'],
  claims: {},
};

function names(who: object, identity: Identity): boolean {
  return isNamed(BindingSpec.parse({ who, role: 'viewer' }), identity);
}

describe('people', () => {
  test('are named by issuer and subject together, or by a group', () => {
    expect(names({ kind: 'person', issuer: ISSUER, subject: 'u-1' }, ada)).toBe(true);
    expect(names({ kind: 'person', issuer: ISSUER, subject: 'u-2' }, ada)).toBe(false);
    expect(names({ kind: 'person', issuer: `${ISSUER}/`, subject: 'u-1' }, ada)).toBe(false);
    expect(names({ kind: 'group', issuer: ISSUER, group: 'ops' }, ada)).toBe(true);
    expect(names({ kind: 'group', issuer: ISSUER, group: 'dev' }, ada)).toBe(false);
  });

  test('are not met by a machine of the same subject, nor a machine by a person', () => {
    expect(names({ kind: 'person', issuer: GITHUB, subject: job.subject }, job)).toBe(false);
    expect(names({ kind: 'machine', issuer: ISSUER, subject: 'u-1' }, ada)).toBe(false);
  });
});

describe('machines', () => {
  test.each([
    ['repo:acme/shop:ref:refs/heads/main', {}, true],
    ['repo:acme/*:ref:refs/heads/main', {}, true],
    ['repo:acme/*:ref:refs/heads/*', { event_name: 'push' }, true],
    ['repo:acme/shop:**', { repository_owner_id: '42' }, true],
    ['repo:acme/shop:*', {}, false],
    ['repo:acme/*', {}, false],
    ['repo:acme/shop:ref:refs/heads/main', { event_name: 'pull_request' }, false],
    ['repo:acme/shop:ref:refs/heads/main', { toString: 'x' }, false],
    ['repo:other/**', {}, false],
  ])('%s %j: %s', (subject, claims, expected) => {
    expect(names({ kind: 'machine', issuer: GITHUB, subject, claims }, job)).toBe(expected);
  });

  test('are never named by a pattern that begins with a star', () => {
    const who = { kind: 'machine', issuer: GITHUB, subject: '**' };
    expect(BindingSpec.safeParse({ who, role: 'viewer' }).success).toBe(false);
  });
});

describe('patterns', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*'), maxLength: 12 });

  test('agree with regular expressions', () => {
    fc.assert(
      fc.property(text, text, (pattern, subject) => {
        const source = pattern
          .split(/(\*{1,2})/)
          .map((part) => ({ '*': '[^:]*', '**': '[^]*' })[part] ?? part)
          .join('');
        expect(matchesPattern(pattern, subject)).toBe(new RegExp(`^(?:${source})$`).test(subject));
      }),
      { numRuns: 2_000 },
    );
  });
});
