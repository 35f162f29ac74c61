/**
 * The control plane's own certificate authority and certificate, for where there is no public one. The authority is
 * made once and lives ten years; the certificate is made anew when its names change or its end is near.
 * Both keys are ECDSA P-256 and never leave the state directory. `openssl` makes them: a library for the same would
 * bring thirty packages.
 */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { check } from './command.ts';
import { readIfThere, writePrivately } from './state.ts';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
/** Some clients refuse more than 398 days; renewal needs nobody. */
const CERTIFICATE_DAYS = 397;
const RENEW_DAYS = 30;
/** Clocks of hosts may be behind ours. */
const BACKDATE_MS = 86_400_000;
const COMMON_NAME_MAX = 64;

export interface Tls {
  readonly certificate: string;
  readonly key: string;
  /** PEM of the authority to trust, if it is our own. */
  readonly authority: string | undefined;
}

/** Reads or makes both; `names` are host names and addresses besides localhost and the machine's own name. */
export async function ensureCertificate(
  directory: string,
  names: readonly string[],
  nowMs: number,
): Promise<Tls> {
  const authority = await ensureAuthority(directory, nowMs);
  const wanted = [...new Set(['localhost', '127.0.0.1', hostname(), ...names])];
  const certificatePath = join(directory, 'tls.pem');
  const keyPath = join(directory, 'tls.key');
  const kept = readIfThere(certificatePath);
  const key = readIfThere(keyPath) ?? makeKey(keyPath);
  if (kept !== undefined && isGood(kept, { key, wanted, nowMs }))
    return { certificate: kept, key, authority };
  const certificate = await certify({
    directory,
    nowMs,
    name: wanted.find((name) => isIP(name) === 0) ?? 'localhost',
    key: keyPath,
    days: CERTIFICATE_DAYS,
    issuer: 'ca',
    extensions: [
      'basicConstraints=critical,CA:false',
      'keyUsage=critical,digitalSignature',
      'extendedKeyUsage=serverAuth',
      `subjectAltName=${wanted.map(altName).join(',')}`,
      'authorityKeyIdentifier=keyid',
    ],
  });
  writePrivately(certificatePath, certificate, 0o644);
  return { certificate, key, authority };
}

/** When a certificate (PEM) is to be made anew: 30 days before its end. */
export function renewalMs(pem: string): number {
  return Date.parse(new X509Certificate(pem).validTo) - RENEW_DAYS * DAY_MS;
}

function isGood(pem: string, by: { key: string; wanted: readonly string[]; nowMs: number }): boolean {
  const certificate = new X509Certificate(pem);
  const there = (certificate.subjectAltName ?? '').split(', ').sort();
  const names = by.wanted.map((name) => altName(name).replace(/^IP:/, 'IP Address:')).sort();
  return (
    renewalMs(pem) > by.nowMs &&
    certificate.checkPrivateKey(createPrivateKey(by.key)) &&
    JSON.stringify(there) === JSON.stringify(names)
  );
}

function altName(name: string): string {
  return `${isIP(name) === 0 ? 'DNS' : 'IP'}:${name}`;
}

async function ensureAuthority(directory: string, nowMs: number): Promise<string> {
  const certificatePath = join(directory, 'ca.pem');
  const keyPath = join(directory, 'ca.key');
  const kept = readIfThere(certificatePath);
  if (kept !== undefined && readIfThere(keyPath) !== undefined) return kept;
  makeKey(keyPath);
  const certificate = await certify({
    directory,
    nowMs,
    name: `Isthmus control plane on ${hostname()}`,
    key: keyPath,
    days: AUTHORITY_DAYS,
    issuer: 'self',
    extensions: [
      'basicConstraints=critical,CA:true,pathlen:0',
      'keyUsage=critical,keyCertSign,cRLSign',
      'subjectKeyIdentifier=hash',
    ],
  });
  writePrivately(certificatePath, certificate, 0o644);
  return certificate;
}

function makeKey(path: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  writePrivately(path, pem);
  return pem;
}

interface Request {
  readonly directory: string;
  readonly nowMs: number;
  readonly name: string;
  /** File of the key to certify. */
  readonly key: string;
  readonly days: number;
  readonly issuer: 'self' | 'ca';
  readonly extensions: readonly string[];
}

/** `openssl ca`, because it alone can set the first day; it wants a database, which nobody needs afterwards. */
async function certify(request: Request): Promise<string> {
  const scratch = mkdtempSync(join(request.directory, 'certify-'));
  const at = (name: string) => join(scratch, name);
  try {
    writeFileSync(at('conf'), configuration(scratch, request));
    writeFileSync(at('index'), '');
    const authority =
      request.issuer === 'self'
        ? ['-selfsign', '-keyfile', request.key]
        : ['-cert', join(request.directory, 'ca.pem'), '-keyfile', join(request.directory, 'ca.key')];
    const subject = `/CN=${request.name.replaceAll(/[^A-Za-z0-9. -]/g, '-').slice(0, COMMON_NAME_MAX)}`;
    await check([
      ...['openssl', 'req', '-new', '-config', at('conf'), '-key', request.key],
      ...['-subj', subject, '-out', at('request')],
    ]);
    await check([
      ...['openssl', 'ca', '-batch', '-notext', '-config', at('conf'), ...authority],
      ...['-startdate', zulu(request.nowMs - BACKDATE_MS)],
      ...['-enddate', zulu(request.nowMs + request.days * DAY_MS), '-in', at('request'), '-out', at('out')],
    ]);
    return readFileSync(at('out'), 'utf8');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function configuration(scratch: string, request: Request): string {
  return [
    '[req]',
    'distinguished_name=name',
    '[name]',
    '[ca]',
    'default_ca=own',
    '[own]',
    `new_certs_dir=${scratch}`,
    `database=${join(scratch, 'index')}`,
    'default_md=sha256',
    'rand_serial=yes',
    'policy=policy',
    'unique_subject=no',
    'x509_extensions=extensions',
    '[policy]',
    'commonName=supplied',
    '[extensions]',
    ...request.extensions,
    '',
  ].join('\n');
}

/** `20260131120000Z` */
function zulu(timeMs: number): string {
  return `${new Date(timeMs).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
}
