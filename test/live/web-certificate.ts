/** A certificate as an operator brings it for browsers, signed by itself: what trusts it has been told to. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { check } from '../../local/command.ts';

/** Makes `tls.crt` and `tls.key` in the directory, for this name. */
export async function makeCertificate(
  directory: string,
  name: string,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const [certificate, key] = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
  await mkdir(directory, { recursive: true });
  await check([
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'],
    ...['-subj', '/CN=clusters', '-days', '90', '-addext', `subjectAltName=DNS:${name}`],
    ...['-keyout', key, '-out', certificate],
  ]);
  return { certificate, key };
}
