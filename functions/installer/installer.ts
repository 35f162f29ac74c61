/**
 * The installer: `/install.sh` with this control plane's values filled in, and the line that runs it. Everything
 * the script runs later is named in it by hash, so that the script is all a host has to trust.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { Hono } from 'hono';
import type { SigningRoot } from '../../protocol/signing-root.ts';

/** A file that the installer downloads. */
export interface Download {
  readonly name: string;
  readonly sha256: string;
}

export interface InstallerSettings {
  /** `https://HOST:PORT`, as hosts reach it. */
  readonly url: string;
  /** Where the downloads lie, without a slash at the end; `URL/install` where the control plane serves them itself. */
  readonly downloads: string;
  /** PEM of our own authority, or undefined where the certificate is publicly trusted. */
  readonly authority: string | undefined;
  readonly roots: readonly SigningRoot[];
  readonly version: string;
}

/** The script with its values. Values stand in single quotes, so none may have one. */
export function renderInstaller(
  template: string,
  settings: InstallerSettings,
  artifacts: readonly Download[],
): string {
  const values: Record<string, string> = {
    URL: settings.url,
    DOWNLOADS: settings.downloads,
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

/**
 * `GET /install.sh`; the list of downloads may still be being made when the first request comes. The settings may
 * follow from the request, because not every control plane knows its own address.
 */
export function installerRoute(options: {
  readonly settings: (request: Request) => InstallerSettings;
  readonly template: () => Promise<string>;
  readonly downloads: () => Promise<readonly Download[]>;
}): Hono {
  return new Hono().get('/install.sh', async (context) => {
    const [template, downloads] = await Promise.all([options.template(), options.downloads()]);
    return context.body(renderInstaller(template, options.settings(context.req.raw), downloads), 200, {
      'content-type': 'text/x-shellscript; charset=utf-8',
      'cache-control': 'no-store',
    });
  });
}
