/**
 * How the shim asks the API server while no agent answers: its address and a configuration of curl, with the credentials that this agent has. For root
 * alone, in memory (/run), and made new again and again, because tokens end.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeClient } from '../kube/client.ts';

export async function writeFallback(directory: string, client: KubeClient): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { server, authority, serverName, identity } = client.credentials;
  if (serverName !== undefined && serverName !== new URL(server).hostname) return;
  const { authorization } = await client.authorization();
  const options = [
    ...(authority === undefined ? [] : [['cacert', write(directory, 'ca.pem', authority)] as const]),
    ...(identity.kind === 'certificate'
      ? [
          ['cert', write(directory, 'cert.pem', identity.certificate)] as const,
          ['key', write(directory, 'key.pem', identity.key)] as const,
        ]
      : []),
    ...(authorization === undefined ? [] : [['header', `Authorization: ${authorization}`] as const]),
  ];
  write(directory, 'curl', options.map(([name, value]) => `${name} = "${value}"\n`).join(''));
  write(directory, 'server', `${server}\n`);
}

/** The path of the file. */
function write(directory: string, name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return path;
}
