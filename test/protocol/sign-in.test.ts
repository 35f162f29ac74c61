/** Which issuers are taken, and where the console may ask for tokens. */
import { expect, test } from 'vitest';
import { signInOrigins, TrustedIssuers } from '../../protocol/sign-in.ts';

const issuer = (url: string, over: object = {}) => ({
  issuer: url,
  audiences: ['https://isthmus.test'],
  clients: { console: 'console' },
  ...over,
});

test('the console asks the origins of issuers that have a client for it, and of their endpoints, each once', () => {
  const issuers = TrustedIssuers.parse([
    issuer('https://login.test/realms/a', { endpoints: ['https://tokens.test/oauth2'] }),
    issuer('https://login.test/realms/b'),
    issuer('http://127.0.0.1:8080'),
    issuer('https://machines.test', { kind: 'machines' }),
    issuer('https://command-line.test', { clients: { cli: 'cli' } }),
  ]);
  expect(signInOrigins(issuers)).toEqual([
    'http://127.0.0.1:8080',
    'https://login.test',
    'https://tokens.test',
  ]);
});

test('nothing but an origin gets into the policy of the page', () => {
  const issuers = TrustedIssuers.parse([
    issuer("https://a.test;script-src'unsafe-inline'"),
    issuer('https://user@b.test'),
  ]);
  expect(signInOrigins(issuers)).toEqual([]);
});
