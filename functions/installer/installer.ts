/**
 * Serves the installer: `/install.sh` with this control plane's values filled in, and what it downloads. Everything
 * the script runs later is named in it by hash, so that the script is all a host has to trust.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { Hono } from 'hono';
import type { SigningRoot } from '../protocol/document.ts';
import type { Artifact, Shelf } from './artifacts.ts';

const TEMPLATE = new URL('./install.sh', import.meta.url);
const CACHE_SECONDS = 60;

export interface InstallerSettings {
  /** `https://HOST:PORT`, as hosts reach it. */
  readonly url: string;
  /** PEM of our own authority, or undefined where the certificate is publicly trusted. */
  readonly authority: string | undefined;
  readonly roots: readonly SigningRoot[];
  readonly version: string;
}

/** The script with its values. Values stand in single quotes, so none may have one. */
export function renderInstaller(
  template: string,
  settings: InstallerSettings,
  artifacts: readonly Artifact[],
): string {
  const values: Record<string, string> = {
    URL: settings.url,
    CA: (settings.authority ?? '').trim(),
    ROOTS: settings.roots.map((root) => root.publicKey).join(' '),
    VERSION: settings.version,
    HASHES: artifacts.map((artifact) => `${artifact.name} ${artifact.sha256}`).join('\n'),
  };
  return template.replaceAll(/@@([A-Z]+)@@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`The installer asks for an unknown value ${name}.`);
    if (/['\\]/.test(value)) throw new Error(`The installer's value ${name} has a quote: ${value}`);
    return value;
  });
}

/** The command for a person; with our own authority the script is fetched by the key of our certificate. */
export function installLine(
  settings: { url: string; certificate: string; own: boolean },
  { secretFile, role }: { secretFile: string; role: 'edge' | 'hub' },
): string {
  const trust = settings.own ? `-fsSLk --pinnedpubkey '${pinOf(settings.certificate)}'` : '-fsSL';
  const flags = `--token-file ${secretFile}${role === 'hub' ? ' --role hub' : ''}`;
  return `curl ${trust} ${settings.url}/install.sh | sh -s -- ${flags}`;
}

/** SHA-256 of the certificate's public key, as curl's --pinnedpubkey takes it. */
export function pinOf(certificate: string): string {
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256//${createHash('sha256').update(spki).digest('base64')}`;
}

/** Routes of the installer; the shelf may still be being filled when the first request comes. */
export function installerRoutes(settings: InstallerSettings, shelf: Promise<Shelf>): Hono {
  const routes = new Hono();
  routes.get('/install.sh', async (context) => {
    const artifacts = await (await shelf).all();
    const text = renderInstaller(readFileSync(TEMPLATE, 'utf8'), settings, artifacts);
    return context.body(text, 200, {
      'content-type': 'text/x-shellscript; charset=utf-8',
      'cache-control': 'no-store',
    });
  });
  routes.get('/install/:artifact', async (context) => {
    const artifact = await (await shelf).get(context.req.param('artifact'));
    if (artifact === undefined) return context.notFound();
    return context.body(fileStream(artifact.path), 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(artifact.bytes),
      'cache-control': `public, max-age=${CACHE_SECONDS}`,
      etag: `"${artifact.sha256}"`,
    });
  });
  return routes;
}

/** Node's stream as the standard one; the two libraries' types differ in name only. */
function fileStream(path: string): ReadableStream {
  return Readable.toWeb(createReadStream(path)) as ReadableStream;
}
