/**
 * The gateway's own certificate: ECDSA P-256, issued by an authority that this hub makes for itself. Who trusts the
 * authority once goes on trusting the gateway when hosts come and go. Keys are made here, lie in files for root alone,
 * and leave the host neither in a report nor in an argument.
 */
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import type { GatewayStep } from '../plan/gateway.ts';
import type { GatewayPaths } from '../plan/gateway-files.ts';
import type { Run } from './command.ts';
import { GatewayFault } from './gateway-fault.ts';

/** Browsers refuse certificates of servers that are valid for more than 398 days. */
const CERTIFICATE_DAYS = 397;
const AUTHORITY_DAYS = 7_300;
const COMMON_NAME_CHARACTERS_MAX = 64;
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-sha256'] as const;

interface CertificateHands {
  readonly run: Run;
  readonly paths: GatewayPaths;
}

type MakeCertificate = Extract<GatewayStep, { kind: 'gateway.make-certificate' }>;

export async function makeCertificate(step: MakeCertificate, hands: CertificateHands): Promise<void> {
  const { paths } = hands;
  await mkdir(paths.directories.state, { recursive: true, mode: 0o700 });
  if (!(await bothExist(paths.authority, paths.authorityKey))) await makeAuthority(step.issuer, hands);
  const key = `${paths.own}.key`;
  const certificate = `${paths.own}.crt`;
  try {
    await openssl(hands, [
      ...['req', '-x509', ...NEW_KEY, '-keyout', key, '-out', certificate],
      ...['-CA', paths.authority, '-CAkey', paths.authorityKey],
      ...['-days', String(CERTIFICATE_DAYS), '-subj', '/CN=Isthmus gateway'],
      ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth'],
      ...['-addext', `subjectAltName=${step.names.map((name) => `DNS:${name}`).join(',')}`],
    ]);
    await join([key, certificate, paths.authority], paths.own);
  } finally {
    await Promise.all([key, certificate].map((path) => rm(path, { force: true })));
  }
}

/** The certificate comes into place last: without it the pair counts as missing. */
async function makeAuthority(issuer: string, hands: CertificateHands): Promise<void> {
  const { authority, authorityKey } = hands.paths;
  await openssl(hands, [
    ...['req', '-x509', ...NEW_KEY, '-keyout', `${authorityKey}.new`, '-out', `${authority}.new`],
    ...[
      '-days',
      String(AUTHORITY_DAYS),
      '-subj',
      `/CN=${`Isthmus ${issuer}`.slice(0, COMMON_NAME_CHARACTERS_MAX)}`,
    ],
    ...['-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ]);
  await rename(`${authorityKey}.new`, authorityKey);
  await rename(`${authority}.new`, authority);
}

/** Puts the parts into one file that is for root alone from its first byte. */
async function join(parts: readonly string[], path: string): Promise<void> {
  const texts = await Promise.all(parts.map((part) => readFile(part, 'utf8')));
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(texts.join(''));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

async function bothExist(a: string, b: string): Promise<boolean> {
  return Promise.all([access(a), access(b)]).then(
    () => true,
    () => false,
  );
}

async function openssl({ run }: CertificateHands, args: readonly string[]): Promise<void> {
  const result = await run('openssl', args);
  if (result.kind === 'not_run') throw new GatewayFault('gateway.certificate', result.message);
  if (result.code !== 0) throw new GatewayFault('gateway.certificate', result.stderr.trim().slice(-500));
}
