/** Scenarios 7 and 15: a token is good for one cluster and a quarter of an hour, and no trick makes another one good. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { verifyToken } from '../../../edge-agent/proxy/token.ts';

const NOW_MS = Date.parse('2026-01-31T12:00:00.000Z');
const NOW = NOW_MS / 1_000;

const ours = generateKeyPairSync('ed25519');
const theirs = generateKeyPairSync('ed25519');
const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'der' }).toString('base64');
const ISSUER = { id: 'issuer', publicKey: spki(ours.publicKey) };
const LEAF = { tenant: 'demo', cluster: 'prod', issuers: [ISSUER] };

const HEADER = { alg: 'EdDSA', typ: 'isthmus-cluster+jwt', kid: 'issuer' };
const CLAIMS = {
  iss: 'isthmus',
  aud: 'isthmus:cluster:demo/prod',
  sub: 'demo/ci/1',
  iat: NOW,
  exp: NOW + 900,
  jti: '0123456789abcdef',
};
const ADA = {
  kind: 'person',
  issuer: 'https://login.example.com',
  subject: 'ada',
  groups: ['ops'],
  claims: {},
};
const ADA_USER = 'isthmus:person:https://login.example.com#ada';
const coded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(claims: object = {}, header: object = {}, key: KeyObject = ours.privateKey): string {
  const signed = `${coded({ ...HEADER, ...header })}.${coded({ ...CLAIMS, ...claims })}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

const verify = (text: string, nowMs = NOW_MS) => verifyToken(`Bearer ${text}`, LEAF, nowMs);

describe('a token (scenarios 7 and 15)', () => {
  test('of an issuer of this cluster names its subject', async () => {
    expect(await verify(token())).toEqual({
      kind: 'claimant',
      claimant: { subject: 'demo/ci/1', who: undefined },
      expiresSeconds: NOW + 900,
    });
  });

  test('of who signed in names him, by issuer and subject', async () => {
    expect(await verify(token({ sub: ADA_USER, who: ADA }))).toEqual({
      kind: 'claimant',
      claimant: { subject: ADA_USER, who: ADA },
      expiresSeconds: NOW + 900,
    });
  });

  test.each([
    ['a minute behind', -60, true],
    ['more than a minute behind', -62, false],
    ['at its end', 900, true],
    ['within the tolerance after its end', 958, true],
    ['beyond it', 962, false],
  ])('is judged by a clock that is %s', async (_, seconds, isGood) => {
    expect((await verify(token(), NOW_MS + seconds * 1_000)).kind).toBe(isGood ? 'claimant' : 'refused');
  });

  test.each<[string, string]>([
    ['of another cluster', token({ aud: 'isthmus:cluster:demo/test' })],
    ['of another tenant', token({ aud: 'isthmus:cluster:other/prod' })],
    ['for several audiences', token({ aud: ['isthmus:cluster:demo/prod', 'other'] })],
    ['of another issuer', token({ iss: 'somebody' })],
    ['valid for years', token({ exp: NOW + 100_000_000 })],
    ['valid for longer, issued long ago', token({ iat: NOW - 10_000, exp: NOW + 100 })],
    ['issued in the future', token({ iat: NOW + 600, exp: NOW + 1_500 })],
    ['without an end', token({ exp: undefined })],
    ['without a beginning', token({ iat: undefined })],
    ['without a subject', token({ sub: undefined })],
    ['whose end is no number', token({ exp: '9999999999' })],
    ['that ends before it begins', token({ iat: NOW + 10, exp: NOW + 5 })],
    ['with more claims than ours', token({ groups: ['system:masters'] })],
    ['of another type', token({}, { typ: 'JWT' })],
    [
      'with a key of its own inside',
      token({}, { jwk: theirs.publicKey.export({ format: 'jwk' }) }, theirs.privateKey),
    ],
    ['that names where its key lies', token({}, { jku: 'https://evil/keys' }, theirs.privateKey)],
    ['with a certificate chain inside', token({}, { x5c: ['AAAA'] })],
    ['with a critical extension', token({}, { crit: ['exp'] })],
    ['of an unknown key', token({}, { kid: 'other' })],
    ['whose key id is a path', token({}, { kid: '../../issuer' })],
    ['without a key id', token({}, { kid: undefined })],
    ['signed by another key', token({}, {}, theirs.privateKey)],
    ['that claims no algorithm', `${coded({ ...HEADER, alg: 'none' })}.${coded(CLAIMS)}.AAAA`],
    ['without a signature', `${coded(HEADER)}.${coded(CLAIMS)}.`],
    ['of two parts', `${coded(HEADER)}.${coded(CLAIMS)}`],
    ['that is long', `${token()}${'A'.repeat(8_192)}`],
    [
      'of a person, whose subject is another',
      token({ who: ADA, sub: 'isthmus:person:https://login.example.com#eve' }),
    ],
    ['of a person, whose subject is a key', token({ who: ADA })],
    ['of a person of no kind', token({ sub: ADA_USER, who: { ...ADA, kind: 'key' } })],
    ['of a person with more than is known', token({ sub: ADA_USER, who: { ...ADA, role: 'admin' } })],
    ['of a person with half a character', token({ sub: ADA_USER, who: { ...ADA, groups: ['\ud800'] } })],
    ['signed with our public key as a secret', hmac()],
    ['of something else', 'isk_demo_ci_0123'],
  ])('%s is refused', async (_, text) => {
    expect((await verify(text)).kind).toBe('refused');
  });

  test('that was altered is refused', async () => {
    const [header, , signature] = token().split('.');
    expect((await verify(`${header}.${coded({ ...CLAIMS, sub: 'demo/admin/1' })}.${signature}`)).kind).toBe(
      'refused',
    );
  });

  test.each([
    undefined,
    '',
    'Basic eDp5',
    `bearer ${token()}`,
    `Bearer  ${token()}`,
    `Bearer ${token()}, Bearer x`,
  ])('is wanted in exactly one way: %j is none', async (authorization) => {
    expect((await verifyToken(authorization, LEAF, NOW_MS)).kind).toBe('refused');
  });
});

function hmac(): string {
  const signed = `${coded({ ...HEADER, alg: 'HS256' })}.${coded(CLAIMS)}`;
  return `${signed}.${createHmac('sha256', Buffer.from(ISSUER.publicKey, 'base64')).update(signed).digest('base64url')}`;
}
