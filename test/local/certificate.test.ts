/** The control plane's own authority and certificate. */
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pinOf } from '../../functions/installer/installer.ts';
import { ensureCertificate } from '../../local/certificate.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

const scratch = { directory: '' };

beforeEach(() => {
  scratch.directory = mkdtempSync(join(tmpdir(), 'isthmus-certificate-'));
});

afterEach(() => rmSync(scratch.directory, { recursive: true }));

function ensure(names: readonly string[], nowMs = NOW_MS) {
  return ensureCertificate(scratch.directory, names, nowMs);
}

test('the certificate names everything it is asked to, is valid since a day ago, and its authority signed it', async () => {
  const { certificate, authority } = await ensure(['198.51.100.1', 'control.example']);
  const leaf = new X509Certificate(certificate);
  const root = new X509Certificate(authority ?? '');
  expect(leaf.checkIssued(root) && leaf.verify(root.publicKey)).toBe(true);
  expect(root.ca && !leaf.ca).toBe(true);
  expect(leaf.checkIP('198.51.100.1') ?? leaf.checkHost('control.example')).toBeDefined();
  expect(leaf.subjectAltName).toContain('DNS:localhost, IP Address:127.0.0.1');
  expect(Date.parse(leaf.validFrom)).toBe(NOW_MS - DAY_MS);
});

test('asked again it is the same; with other names it is another under the same authority and key', async () => {
  const first = await ensure(['a.example']);
  expect(await ensure(['a.example'])).toEqual(first);
  const other = await ensure(['b.example']);
  expect(other.certificate).not.toBe(first.certificate);
  expect([other.authority, pinOf(other.certificate)]).toEqual([first.authority, pinOf(first.certificate)]);
});

test('it is made anew thirty days before its end, and not sooner', async () => {
  const first = await ensure([]);
  expect((await ensure([], NOW_MS + 366 * DAY_MS)).certificate).toBe(first.certificate);
  expect((await ensure([], NOW_MS + 368 * DAY_MS)).certificate).not.toBe(first.certificate);
});

test('the keys are readable by their owner alone', async () => {
  await ensure([]);
  for (const file of ['ca.key', 'tls.key'])
    expect(statSync(join(scratch.directory, file)).mode & 0o777).toBe(0o600);
});
