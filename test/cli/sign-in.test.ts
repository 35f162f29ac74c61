/** `isthmus login` by a browser, against a real OpenID provider, and the sign-in that is kept between commands. */
import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Settings, writeProfile } from '../../cli/profile.ts';
import {
  bearerOf,
  type Keep,
  readSession,
  type Session,
  sessionPath,
  writeSession,
} from '../../cli/session.ts';
import { chooseIssuer, renewSession, revokeSession, signIn } from '../../cli/sign-in.ts';
import { browse } from '../fakes/browser.ts';
import { type IdentityProvider, startIdentityProvider } from '../fakes/identity-provider.ts';

const URL_HERE = 'https://control.example.net';
const NOW_MS = Date.parse('2026-01-31T12:00:00.000Z');
const SESSION: Session = {
  ...{ id: 'one', url: URL_HERE, issuer: 'https://login.example.net', client: 'cli' },
  ...{ accessToken: 'first', refreshToken: 'again', expiresAt: '2026-01-31T12:05:00.000Z' },
};

let provider: IdentityProvider;
let directory: string;
let settings: Settings;

beforeAll(async () => {
  provider = await startIdentityProvider();
});
afterAll(() => provider.close());
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'clt-'));
  settings = { environment: {}, home: directory };
  writeProfile(settings, { url: URL_HERE });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const keepAt = (nowMs: number): Keep => ({
  settings,
  nowMs: () => nowMs,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 20)),
});

function issuerHere() {
  const { issuer, clients, scopes, resource } = provider.trusted;
  return chooseIssuer({ issuers: [{ issuer, clients, scopes, resource }] }, undefined);
}

describe('a sign-in', () => {
  test('is confirmed in a browser by a code that both show, is renewed, and ends when it is revoked', async () => {
    const said: string[] = [];
    let visited: Promise<string> | undefined;
    const session = await signIn({
      ...{ url: URL_HERE, issuer: issuerHere(), nowMs: Date.now },
      say: (text) => {
        said.push(text);
        visited = browse(/http\S+/.exec(text)?.[0] ?? '', { login: 'ada' });
      },
    });
    await visited;
    expect(said.join()).toMatch(
      /^Open http:\/\/127\.0\.0\.1:\d+\/device\?user_code=\S+ in a browser, .* the code [A-Z-]+$/,
    );
    const again = await renewSession(session, Date.now);
    expect(again.accessToken).not.toBe(session.accessToken);
    expect(again).toMatchObject({ id: session.id, url: URL_HERE, issuer: provider.issuer, client: 'cli' });
    expect(await revokeSession(again)).toBe(true);
    await expect(renewSession(again, Date.now)).rejects.toMatchObject({
      kind: 'forbidden',
      message: 'The sign-in has ended. Run: isthmus login',
    });
  }, 20_000);

  test('is at the issuer that is meant, or says which there are', () => {
    const one = { issuer: 'https://a', clients: { cli: 'c' }, scopes: [] };
    const two = { ...one, issuer: 'https://b' };
    const consoleOnly = { ...one, issuer: 'https://c', clients: { console: 'c' } };
    expect(chooseIssuer({ issuers: [consoleOnly, two] }, undefined)).toMatchObject({
      issuer: 'https://b',
      client: 'c',
    });
    expect(chooseIssuer({ issuers: [one, two] }, 'https://a').issuer).toBe('https://a');
    expect(() => chooseIssuer({ issuers: [one, two] }, undefined)).toThrow('--issuer: https://a, https://b');
    expect(() => chooseIssuer({ issuers: [one] }, 'https://evil')).toThrow('does not trust https://evil');
    expect(() => chooseIssuer({ issuers: [consoleOnly] }, undefined)).toThrow('--key-file FILE');
  });

  test('at an issuer that does not answer is told as such', async () => {
    const asked = { ...SESSION, issuer: 'http://127.0.0.1:9' };
    await expect(renewSession(asked, Date.now)).rejects.toMatchObject({ kind: 'unreachable' });
    expect(await revokeSession(asked)).toBe(false);
  });
});

describe('a kept sign-in', () => {
  const profile = { url: URL_HERE };
  const never = () => Promise.reject(new Error('renewed'));

  test('is for its owner alone, and the key of a profile wins over it', async () => {
    writeSession(settings, SESSION);
    expect(statSync(sessionPath(settings)).mode & 0o777).toBe(0o600);
    expect(await bearerOf(keepAt(NOW_MS), profile, never)).toBe('first');
    expect(await bearerOf(keepAt(NOW_MS), { ...profile, key: 'isk_x\n' }, never)).toBe('isk_x');
  });

  test('is never sent to another control plane', async () => {
    writeSession(settings, SESSION);
    const elsewhere = bearerOf(keepAt(NOW_MS), { url: 'https://other.example.net' }, never);
    await expect(elsewhere).rejects.toThrow(`You signed in at ${URL_HERE}`);
  });

  test('that is about to end is renewed once, however many commands ask', async () => {
    writeSession(settings, SESSION);
    let renewals = 0;
    const renew = async (session: Session) => {
      renewals += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { ...session, accessToken: 'second', expiresAt: '2026-01-31T13:00:00.000Z' };
    };
    const late = keepAt(NOW_MS + 271_000);
    const sent = await Promise.all([1, 2, 3, 4].map(() => bearerOf(late, profile, renew)));
    expect([...sent, renewals]).toEqual(['second', 'second', 'second', 'second', 1]);
    expect(readSession(settings)?.accessToken).toBe('second');
    expect(existsSync(`${sessionPath(settings)}.lock`)).toBe(false);
  });

  test('is renewed although a command that was killed left its lock behind', async () => {
    writeSession(settings, SESSION);
    const lock = `${sessionPath(settings)}.lock`;
    writeFileSync(lock, '');
    const longAgo = (NOW_MS + 271_000) / 1_000 - 120;
    utimesSync(lock, longAgo, longAgo);
    const renew = async (session: Session) => ({ ...session, accessToken: 'second' });
    expect(await bearerOf(keepAt(NOW_MS + 271_000), profile, renew)).toBe('second');
  });

  test('that is missing or altered is none', async () => {
    await expect(bearerOf(keepAt(NOW_MS), profile, never)).rejects.toMatchObject({ kind: 'usage' });
    writeFileSync(sessionPath(settings), '{"accessToken": 3}');
    await expect(bearerOf(keepAt(NOW_MS), profile, never)).rejects.toThrow('Run: isthmus login');
  });
});
