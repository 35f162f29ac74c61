/**
 * The authority of a site's cluster proxy, and the certificate that it signs for the names of the site's clusters. Both keys are made here and stay
 * here; the authority's certificate is what clients are told, so that no hub between can pass for the proxy.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Run } from '../apply/command.ts';

const CERTIFICATE_DAYS = 90;
const RENEW_DAYS = 30;
const AUTHORITY_DAYS = 7_300;
const DAY_MS = 86_400_000;
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-sha256'] as const;

/** Good for a client alone: no server's, and no authority's. */
const CLIENT_EXTENSIONS =
  'basicConstraints=critical,CA:FALSE\nextendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n';

export interface AuthorityOptions {
  readonly directory: string;
  /** Shown to people who look at the certificate. */
  readonly agent: string;
  readonly run: Run;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
}

export interface ProxyCertificate {
  readonly certificate: string;
  readonly key: string;
}

export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
}

export class Authority {
  readonly #options: AuthorityOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AuthorityOptions) {
    this.#options = options;
  }

  /** PEM of the authority; made at the first call. */
  certificate(): Promise<string> {
    return this.#inTurn(() => this.#certificate());
  }

  /** A certificate for exactly these names, made anew a month before it ends or when the names change. `pair`: whose. */
  serve(names: readonly string[], pair: 'proxy' | 'door' = 'proxy'): Promise<ProxyCertificate> {
    return this.#inTurn(() => this.#serve(names, pair));
  }

  /** PEM of a certificate for a client that has made its key (`publicKey`, PEM) itself. */
  client(name: string, publicKey: string): Promise<string> {
    return this.#inTurn(() => this.#client(name, publicKey));
  }

  /** One call at a time: every cluster of a host asks when it starts, and two would make a key and a certificate that are not a pair. */
  #inTurn<Made>(make: () => Promise<Made>): Promise<Made> {
    const mine = this.#last.then(make);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #certificate(): Promise<string> {
    const { directory, agent } = this.#options;
    const kept = await this.#pair('authority');
    if (kept !== undefined) return kept.certificate;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await this.#openssl([
      ...[
        'req',
        '-x509',
        ...NEW_KEY,
        '-keyout',
        this.#path('authority.key.new'),
        '-out',
        this.#path('authority.crt.new'),
      ],
      ...['-days', String(AUTHORITY_DAYS), '-subj', `/CN=Isthmus clusters of ${agent}`.slice(0, 60)],
      ...[
        '-addext',
        'basicConstraints=critical,CA:TRUE,pathlen:0',
        '-addext',
        'keyUsage=critical,keyCertSign,cRLSign',
      ],
    ]);
    await rename(this.#path('authority.key.new'), this.#path('authority.key'));
    await rename(this.#path('authority.crt.new'), this.#path('authority.crt'));
    return readFile(this.#path('authority.crt'), 'utf8');
  }

  async #serve(names: readonly string[], pair: 'proxy' | 'door'): Promise<ProxyCertificate> {
    const authority = await this.#certificate();
    const wanted = [...names].sort();
    const kept = await this.#pair(pair);
    if (kept !== undefined && this.#isGood(kept.certificate, authority, wanted))
      return { certificate: `${kept.certificate}${authority}`, key: kept.key };
    const [key, certificate] = [this.#path(`${pair}.key.new`), this.#path(`${pair}.crt.new`)];
    try {
      await this.#openssl([
        ...['req', '-x509', ...NEW_KEY, '-keyout', key, '-out', certificate],
        ...['-CA', this.#path('authority.crt'), '-CAkey', this.#path('authority.key')],
        ...['-days', String(CERTIFICATE_DAYS), '-subj', `/CN=Isthmus cluster ${pair}`],
        ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth'],
        ...['-addext', `subjectAltName=${wanted.map((name) => `DNS:${name}`).join(',')}`],
      ]);
      await rename(key, this.#path(`${pair}.key`));
      await rename(certificate, this.#path(`${pair}.crt`));
    } finally {
      await Promise.all([key, certificate].map((path) => rm(path, { force: true })));
    }
    const made = await this.#pair(pair);
    if (made === undefined)
      throw new AuthorityError('openssl made a key and a certificate that are not a pair');
    return { certificate: `${made.certificate}${authority}`, key: made.key };
  }

  async #client(name: string, publicKey: string): Promise<string> {
    await this.#certificate();
    const [key, certificate, extensions] = [
      this.#path('client.pub'),
      this.#path('client.crt'),
      this.#path('client.cnf'),
    ];
    try {
      await writeFile(key, publicKey, { mode: 0o600 });
      await writeFile(extensions, CLIENT_EXTENSIONS, { mode: 0o600 });
      await this.#openssl([
        ...['x509', '-new', '-force_pubkey', key, '-subj', `/CN=${name}`, '-sha256'],
        ...['-CA', this.#path('authority.crt'), '-CAkey', this.#path('authority.key')],
        ...['-days', String(CERTIFICATE_DAYS), '-extfile', extensions, '-out', certificate],
      ]);
      return await readFile(certificate, 'utf8');
    } finally {
      await Promise.all([key, certificate, extensions].map((path) => rm(path, { force: true })));
    }
  }

  #isGood(pem: string, authority: string, wanted: readonly string[]): boolean {
    const certificate = new X509Certificate(pem);
    const names = (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^DNS:/, ''));
    const isOwn = certificate.verify(new X509Certificate(authority).publicKey);
    const isFresh = Date.parse(certificate.validTo) - RENEW_DAYS * DAY_MS > this.#options.wallNow();
    return isOwn && isFresh && names.sort().join() === wanted.join();
  }

  /** Undefined unless both are there and belong together: a crash between two renames must not stay for ever. */
  async #pair(name: 'authority' | 'proxy' | 'door'): Promise<ProxyCertificate | undefined> {
    const certificate = await readIfThere(this.#path(`${name}.crt`));
    const key = await readIfThere(this.#path(`${name}.key`));
    if (certificate === undefined || key === undefined) return undefined;
    return isPair(certificate, key) ? { certificate, key } : undefined;
  }

  #path(name: string): string {
    return join(this.#options.directory, name);
  }

  async #openssl(words: readonly string[]): Promise<void> {
    const result = await this.#options.run('openssl', words);
    if (result.kind === 'not_run')
      throw new AuthorityError(`openssl is needed for the certificate of clusters: ${result.message}`);
    if (result.code !== 0) throw new AuthorityError(result.stderr.trim().slice(-500));
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function isPair(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
