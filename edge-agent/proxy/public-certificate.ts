/**
 * The certificate that browsers trust, which somebody else gets and renews in its place (any ACME client): it is read again and again, and judged for the names
 * of the clusters here. It must never make or ask for one.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { CertificateTold } from '../../protocol/cluster.ts';
import type { ProxyCertificate } from './authority.ts';

/** As Kubernetes names them in a secret of type `kubernetes.io/tls`. Links are followed. */
const CERTIFICATE_FILE = 'tls.crt';
const KEY_FILE = 'tls.key';
const FILE_LENGTH_MAX = 200_000;
const DETAIL_MAX = 500;
const NAMES_SHOWN = 5;

export type PublicCertificate =
  | { readonly kind: 'absent'; readonly directory: string }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'pair'; readonly pair: ProxyCertificate };

/** What stands in the directory now. */
export function readPublicCertificate(directory: string): PublicCertificate {
  const certificate = textAt(join(directory, CERTIFICATE_FILE));
  const key = textAt(join(directory, KEY_FILE));
  if (certificate === undefined && key === undefined) return { kind: 'absent', directory };
  if (certificate === undefined || key === undefined) {
    const missing = certificate === undefined ? CERTIFICATE_FILE : KEY_FILE;
    return {
      kind: 'unreadable',
      reason: `${join(directory, missing)} is not there, can't be read, or is too large.`,
    };
  }
  try {
    createSecureContext({ cert: certificate, key });
    if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
      return {
        kind: 'unreadable',
        reason: `${KEY_FILE} in ${directory} is not the key of ${CERTIFICATE_FILE}.`,
      };
    return { kind: 'pair', pair: { certificate, key } };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return {
      kind: 'unreadable',
      reason: `${CERTIFICATE_FILE} or ${KEY_FILE} in ${directory} can't be used: ${reason}`,
    };
  }
}

/** Whether it is good for the public name of a cluster now. That browsers trust who signed it, nobody here can tell. */
export function judgeCertificate(found: PublicCertificate, host: string, nowMs: number): CertificateTold {
  switch (found.kind) {
    case 'absent':
      return {
        state: 'absent',
        detail: `The edge has no certificate for browsers. Put one for ${wildcardOf(host)} into ${found.directory}, as ${CERTIFICATE_FILE} and ${KEY_FILE}.`,
      };
    case 'unreadable':
      return { state: 'unreadable', detail: found.reason.slice(0, DETAIL_MAX) };
    case 'pair':
      return judgeNames(new X509Certificate(found.pair.certificate), host, nowMs);
  }
}

function judgeNames(certificate: X509Certificate, host: string, nowMs: number): CertificateTold {
  const until = new Date(certificate.validTo).toISOString();
  if (certificate.checkHost(host, { subject: 'never' }) === undefined)
    return {
      state: 'other_names',
      until,
      detail:
        `The edge's certificate is for ${namesOf(certificate)}, not for ${host}. Get one for ${wildcardOf(host)}.`.slice(
          0,
          DETAIL_MAX,
        ),
    };
  if (Date.parse(certificate.validTo) <= nowMs)
    return { state: 'expired', until, detail: `The edge's certificate ended at ${until}. Renew it.` };
  if (Date.parse(certificate.validFrom) > nowMs)
    return {
      state: 'not_yet_valid',
      until,
      detail: `The edge's certificate begins at ${new Date(certificate.validFrom).toISOString()}, or its clock is wrong.`,
    };
  return { state: 'served', until, detail: `The edge serves a certificate for ${host}.` };
}

/** `*.demo.clusters.example.com` of `prod.demo.clusters.example.com`. */
function wildcardOf(host: string): string {
  return `*${host.slice(host.indexOf('.'))}`;
}

function namesOf({ subjectAltName = '' }: X509Certificate): string {
  const names = subjectAltName.split(', ').filter((name) => name !== '');
  return names.length === 0 ? 'no name' : names.slice(0, NAMES_SHOWN).join(', ').replaceAll('DNS:', '');
}

function textAt(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length > FILE_LENGTH_MAX ? undefined : text;
  } catch {
    return undefined;
  }
}
