/** The certificate for browsers, as somebody else keeps it: what is told of it, whatever lies there. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../../edge-agent/apply/command.ts';
import { judgeCertificate, readPublicCertificate } from '../../../edge-agent/proxy/public-certificate.ts';

const DAY_MS = 86_400_000;
const HOST = 'prod.demo.clusters.example.com';
const DAYS = 90;

let directory: string;
let madeMs: number;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-public-'));
  madeMs = Date.now();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A directory with a new key, and a certificate of these names. */
async function placed(name: string, ...names: readonly string[]): Promise<string> {
  const at = join(directory, name);
  await run('mkdir', [at]);
  const made = await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-subj', '/CN=x'],
    ...['-days', String(DAYS), '-addext', `subjectAltName=${names.map((one) => `DNS:${one}`).join(',')}`],
    ...['-keyout', join(at, 'tls.key'), '-out', join(at, 'tls.crt')],
  ]);
  expect(made).toMatchObject({ code: 0 });
  return at;
}

const judged = (at: string, nowMs = madeMs + DAY_MS) =>
  judgeCertificate(readPublicCertificate(at), HOST, nowMs);

describe('a certificate for browsers', () => {
  test('is served for the cluster if it is for all of the tenant, until it ends', async () => {
    const at = await placed('wildcard', '*.demo.clusters.example.com');
    const until = new Date(Math.floor(madeMs / 1_000) * 1_000 + DAYS * DAY_MS);
    const told = judged(at);
    expect(told.state).toBe('served');
    expect(Math.abs(Date.parse(told.until ?? '') - until.getTime())).toBeLessThan(5_000);
    expect(judged(at, madeMs + (DAYS + 1) * DAY_MS).state).toBe('expired');
    expect(judged(at, madeMs - DAY_MS).state).toBe('not_yet_valid');
  });

  test('is served if it is for the very name, and found behind links', async () => {
    const at = await placed('exact', 'other.example.com', HOST);
    const linked = join(directory, 'linked');
    await run('mkdir', [linked]);
    for (const name of ['tls.crt', 'tls.key']) await symlink(join(at, name), join(linked, name));
    expect(judged(linked).state).toBe('served');
  });

  test.each([
    ['*.clusters.example.com'],
    ['*.other.clusters.example.com'],
    ['demo.clusters.example.com'],
    ['prod.demo.clusters.example.com.evil.example'],
  ])('for %s is said to be for other names, with what to get', async (name) => {
    const told = judged(await placed(`other-${name.replaceAll('*', 'any')}`, name));
    expect([
      told.state,
      told.detail.includes(name),
      told.detail.includes('*.demo.clusters.example.com'),
    ]).toEqual(['other_names', true, true]);
  });

  test('that is not there is told with where to put it', () => {
    const told = judged(join(directory, 'nothing'));
    expect([told.state, told.detail.includes(join(directory, 'nothing'))]).toEqual(['absent', true]);
  });

  test('without its key, with the key of another, or of no PEM is unreadable, and says which file', async () => {
    const [one, other] = [await placed('one', HOST), await placed('other', HOST)];
    const key = join(one, 'tls.key');
    await writeFile(key, '');
    expect(judged(one)).toMatchObject({ state: 'unreadable', detail: expect.stringContaining('tls.key') });
    await run('cp', [join(other, 'tls.key'), key]);
    expect(judged(one)).toMatchObject({ state: 'unreadable' });
    await rm(key);
    expect(judged(one)).toMatchObject({ state: 'unreadable', detail: expect.stringContaining(key) });
    await writeFile(join(other, 'tls.crt'), 'x'.repeat(300_000));
    expect(judged(other).state).toBe('unreadable');
  });
});
