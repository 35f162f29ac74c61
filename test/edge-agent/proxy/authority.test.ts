/** Key and certificate of a site's proxy: always a pair, whoever asks at the same time and wherever a crash has left things. */
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../../edge-agent/apply/command.ts';
import { Authority } from '../../../edge-agent/proxy/authority.ts';

const DAY_MS = 86_400_000;
const NAMES = ['test.demo.clusters.isthmus.internal', 'prod.demo.clusters.isthmus.internal'];

let directory: string;
const clock = { nowMs: 0 };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'isthmus-authority-'));
  clock.nowMs = Date.now();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const authority = (over: ConstructorParameters<typeof Authority>[0]['run'] = run) =>
  new Authority({
    directory: join(directory, 'proxy'),
    agent: 'edge.demo.berlin',
    run: over,
    wallNow: () => clock.nowMs,
  });
const file = (name: string) => join(directory, 'proxy', name);

/** Throws if they are no pair. */
function checkPair({ certificate, key }: { readonly certificate: string; readonly key: string }): void {
  createSecureContext({ cert: certificate, key });
}

describe('the certificate of a proxy', () => {
  test('is signed by the authority that clients are told, for these names, and kept from others', async () => {
    const keeper = authority();
    const served = await keeper.serve(NAMES);
    checkPair(served);
    const certificate = new X509Certificate(served.certificate);
    expect(certificate.subjectAltName).toBe(
      [...NAMES]
        .sort()
        .map((name) => `DNS:${name}`)
        .join(', '),
    );
    expect(certificate.verify(new X509Certificate(await keeper.certificate()).publicKey)).toBe(true);
    expect([
      (await stat(file('proxy.key'))).mode & 0o77,
      (await stat(file('authority.key'))).mode & 0o77,
    ]).toEqual([0, 0]);
  });

  test('and its authority are the same for everybody who asks at once, and after a restart', async () => {
    const keeper = authority();
    const told = await Promise.all([keeper.certificate(), keeper.certificate(), keeper.certificate()]);
    const served = await Promise.all([keeper.serve(NAMES), keeper.serve(NAMES)]);
    expect(new Set(told).size).toBe(1);
    expect(served[0]).toEqual(served[1]);
    expect(await authority().serve(NAMES.toReversed())).toEqual(served[0]);
  });

  test('is made anew for other names, and a month before it ends, by the same authority', async () => {
    const keeper = authority();
    const [first, told] = [await keeper.serve(NAMES), await keeper.certificate()];
    const other = await keeper.serve([...NAMES, 'new.demo.clusters.isthmus.internal']);
    expect(other.certificate).not.toBe(first.certificate);
    clock.nowMs += 59 * DAY_MS;
    expect(await keeper.serve([...NAMES, 'new.demo.clusters.isthmus.internal'])).toEqual(other);
    clock.nowMs += 2 * DAY_MS;
    const renewed = await keeper.serve([...NAMES, 'new.demo.clusters.isthmus.internal']);
    expect([renewed.certificate === other.certificate, await keeper.certificate()]).toEqual([false, told]);
  });

  test.each(['proxy.key', 'proxy.crt', 'authority.key', 'authority.crt'])(
    'is whole again when %s is not what belongs there',
    async (name) => {
      await authority().serve(NAMES);
      const foreign = name.endsWith('.key') ? await readFile(file(otherKey(name)), 'utf8') : 'torn';
      await writeFile(file(name), foreign);
      const keeper = authority();
      const served = await keeper.serve(NAMES);
      checkPair(served);
      const own = new X509Certificate(await keeper.certificate());
      expect(new X509Certificate(served.certificate).verify(own.publicKey)).toBe(true);
    },
  );

  test('that can not be made is told in words, and tried again', async () => {
    const missing = authority(async () => ({ kind: 'not_run', reason: 'missing', message: 'not found' }));
    await expect(missing.certificate()).rejects.toThrow('openssl is needed');
    await expect(missing.serve(NAMES)).rejects.toThrow('openssl is needed');
    checkPair(await authority().serve(NAMES));
  });
});

function otherKey(name: string): string {
  return name === 'proxy.key' ? 'authority.key' : 'proxy.key';
}
