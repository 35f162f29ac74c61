/**
 * The control plane on one machine: the same API and the same reconcile steps as on AWS, over a table, blobs and a
 * signing key in one directory. This is the composition; it must not hold a rule of the product.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { cacheDirectory } from '../build/cache.ts';
import { clusterSources } from '../console/headers.ts';
import { ensureAdminKey, replaceAdminKey } from '../functions/api/admin-key.ts';
import { createApi } from '../functions/api/app.ts';
import type { ApiDependencies } from '../functions/api/dependencies.ts';
import { createRates, RATE_LIMITS } from '../functions/api/rates.ts';
import { systemClock } from '../functions/aws/clock.ts';
import { installLine } from '../functions/installer/installer.ts';
import { trustIssuers } from '../functions/oidc/token-check.ts';
import { createReconciler, type Reconciler } from '../functions/reconcile/reconcile.ts';
import { createStore } from '../functions/store/table.ts';
import { DOMAIN } from '../protocol/service.ts';
import { signInOrigins } from '../protocol/sign-in.ts';
import { RELEASE } from '../protocol/version.ts';
import { openShelf } from './artifacts.ts';
import { openBlobs } from './blobs.ts';
import { ensureCertificate, type Tls } from './certificate.ts';
import { browsersOf, consoleRoutes, makeConsole } from './console.ts';
import { Doorway } from './doorway.ts';
import { installerRoutes } from './downloads.ts';
import { readIssuers } from './issuers.ts';
import { createMessageBoard } from './messages.ts';
import { type Listening, listenAll } from './server.ts';
import type { Settings } from './settings.ts';
import { openSigningKey } from './signing-key.ts';
import { openStateDirectory, readIfThere, readOrMake, StartRefused } from './state.ts';
import { openTable } from './table.ts';

const SWEEP_MS = 30_000;
/** Agents ask this often even if nobody nudges them. */
const POLL_SECONDS = 30;
const CERTIFICATE_CHECK_MS = 3_600_000;
const SECRET_BYTES = 32;
const REQUEST_ID_BYTES = 16;

export interface ControlPlane {
  /** How agents and people reach it. */
  readonly url: string;
  readonly listening: readonly string[];
  /** Text of the admin key, if it was made just now. */
  readonly adminKey: string | undefined;
  /** File of the authority to trust, if it is our own. */
  readonly authorityFile: string | undefined;
  readonly authority: string | undefined;
  /** Resolves when the installer's downloads are ready. */
  installerReady(): Promise<void>;
  close(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** One line for the log. */
  readonly log: (line: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of a cloud account whose hubs this control plane admits; on one machine there is none. */
  readonly account?: Pick<ApiDependencies, 'identify' | 'owners'>;
}

/** Starts everything; throws StartRefused with one sentence where a person can mend it. */
export async function startControlPlane(
  settings: Settings,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  openStateDirectory(settings.state);
  const tls = await tlsOf(settings);
  const rooms = await composeRooms({ settings, options, tls });
  const doorway = new Doorway(tls, rooms.url);
  const fetch: typeof rooms.fetch = (request, ...more) =>
    doorway.refuse(request, systemClock.randomHex(REQUEST_ID_BYTES)) ?? rooms.fetch(request, ...more);
  const servers = await listenAll(settings.listen, { tls, fetch }).catch(async (error: unknown) => {
    await rooms.close();
    throw error;
  });
  const adminKey = await ensureAdminKey(rooms.store, systemClock);
  void rooms.rounds.sweep();
  const timers = [
    setInterval(() => void rooms.rounds.sweep(), SWEEP_MS),
    setInterval(() => void renew(settings, [servers, doorway], options.log), CERTIFICATE_CHECK_MS),
  ];
  return {
    url: rooms.url,
    listening: servers.addresses,
    adminKey,
    authority: tls.authority,
    authorityFile: tls.authority === undefined ? undefined : join(settings.state, 'ca.pem'),
    installerReady: async () => {
      await (await rooms.shelf).all();
    },
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      rooms.board.close();
      await servers.close();
      await rooms.close();
    },
  };
}

interface Composition {
  readonly settings: Settings;
  readonly options: ControlPlaneOptions;
  readonly tls: Tls;
}

/** The rooms of the control plane, each handed what it needs; nothing listens yet. */
async function composeRooms({ settings, options, tls }: Composition) {
  const url = urlOf(settings);
  const signer = openSigningKey(settings.state);
  const roots = [{ id: signer.keyId, publicKey: signer.publicKey }];
  const { store, listen, closeTable } = await openState(settings);
  const blobs = await openBlobs({ directory: join(settings.state, 'blobs') });
  const board = createMessageBoard(systemClock.randomHex(8));
  const browsers = browsersOf(settings, url);
  const deployment = { pools: settings.pool, domain: DOMAIN, roots, pollSeconds: POLL_SECONDS, browsers };
  const reconciler = createReconciler({ store, blobs, signer, queue: board, clock: systemClock, deployment });
  const rounds = watchRounds(reconciler, options.log);
  listen(rounds.changed);
  const tokenSecret = readOrMake(join(settings.state, 'token.secret'), () =>
    systemClock.randomHex(SECRET_BYTES),
  );
  const issuers = readIssuers(settings.issuers);
  const api = createApi({
    ...options.account,
    store,
    blobs,
    clock: systemClock,
    deployment,
    version: RELEASE,
    ...trustIssuers(issuers, Date.now),
    rates: createRates(RATE_LIMITS),
    tokenSecret: async () => tokenSecret,
    installLine: (wanted) =>
      installLine({ url, certificate: tls.certificate, own: tls.authority !== undefined }, wanted),
    messages: { wait: (hub, cursor, seconds) => board.wait(hub, cursor, seconds) },
    onFailure: ({ requestId, error }) => options.log(`request ${requestId} failed: ${textOf(error)}`),
  });
  const shelf = openShelf({ cache: cacheDirectory(options.environment), environment: options.environment });
  shelf.catch((error: unknown) => options.log(`the installer's downloads can't be made: ${textOf(error)}`));
  const page = makeConsole();
  page.catch((error: unknown) => options.log(`the console can't be made: ${textOf(error)}`));
  const app = new Hono<{ Bindings: { source?: string | undefined } }>()
    .route(
      '/',
      installerRoutes(
        { url, downloads: `${url}/install`, authority: tls.authority, roots, version: RELEASE },
        shelf,
      ),
    )
    .route('/', consoleRoutes(page, [...signInOrigins(issuers), ...clusterSources(browsers?.domain)]))
    .all('*', ({ req, env }) => api.fetch(req.raw, env));
  const close = async () => {
    await Promise.allSettled([shelf, page]);
    await rounds.idle();
    await closeTable();
  };
  return { url, store, rounds, board, shelf, fetch: app.fetch, close };
}

/** Makes the admin key anew; the control plane must not run meanwhile. */
export async function makeAdminKey(settings: Settings): Promise<string> {
  openStateDirectory(settings.state);
  const state = await openState(settings);
  try {
    return await replaceAdminKey(state.store, systemClock);
  } finally {
    await state.closeTable();
  }
}

/** The table, and the store over it. Who listens to changes comes later, because it needs the store. */
async function openState(settings: Settings) {
  const table = await openTable({ directory: join(settings.state, 'table') }).catch((cause: unknown) => {
    throw new StartRefused(cause instanceof Error ? cause.message : String(cause), { cause });
  });
  const listeners: Reconciler['onChange'][] = [];
  const store = createStore({
    client: table.client,
    tableName: table.tableName,
    onChange: async (change) => {
      for (const listener of listeners) await listener(change);
    },
  });
  const listen = (listener: Reconciler['onChange']) => {
    listeners.push(listener);
  };
  return { store, listen, closeTable: () => table.close() };
}

/** Logs what fails, and knows when nothing is under way. */
function watchRounds(reconciler: Reconciler, log: ControlPlaneOptions['log']) {
  const underWay = new Set<Promise<void>>();
  const watch = (round: Promise<void>, what: string): Promise<void> => {
    const watched = round
      .catch((error: unknown) => log(`${what} failed: ${textOf(error)}`))
      .finally(() => underWay.delete(watched));
    underWay.add(watched);
    return watched;
  };
  return {
    changed: (change: Parameters<Reconciler['onChange']>[0]) =>
      watch(reconciler.onChange(change), `reconciling ${change.key.kind} ${change.key.name}`),
    sweep: () => watch(reconciler.sweep(), 'the sweep'),
    idle: async () => {
      await Promise.all(underWay);
    },
  };
}

async function tlsOf(settings: Settings): Promise<Tls> {
  const [certificateFile, keyFile] = [settings['tls-cert'], settings['tls-key']];
  if (certificateFile === undefined || keyFile === undefined)
    return ensureCertificate(settings.state, certificateNames(settings), Date.now());
  const certificate = readIfThere(certificateFile);
  const key = readIfThere(keyFile);
  if (certificate === undefined || key === undefined)
    throw new StartRefused(`There is no file ${certificate === undefined ? certificateFile : keyFile}.`);
  return { certificate, key, authority: undefined };
}

/** A certificate is read or made again each time: a public one is renewed by others, in its file. */
async function renew(
  settings: Settings,
  holders: readonly Pick<Listening, 'renew'>[],
  log: ControlPlaneOptions['log'],
) {
  try {
    const tls = await tlsOf(settings);
    for (const holder of holders) holder.renew(tls);
  } catch (error) {
    log(`the certificate can't be renewed: ${textOf(error)}`);
  }
}

function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function certificateNames(settings: Settings): string[] {
  const fromUrl = settings.url === undefined ? [] : [new URL(settings.url).hostname.replaceAll(/[[\]]/g, '')];
  const hosts = settings.listen.map(({ host }) => host).filter((host) => !isEverywhere(host));
  return [...settings.name, ...fromUrl, ...hosts];
}

/** By the first name, or the first address that others can reach, or localhost. */
function urlOf(settings: Settings): string {
  if (settings.url !== undefined) return settings.url.replace(/\/$/, '');
  const [first] = settings.listen;
  const outward = settings.listen.find(({ host }) => !/^(127\.|localhost$|::1$)/.test(host));
  const reachable = isEverywhere(outward?.host ?? '') ? hostname() : outward?.host;
  const host = settings.name[0] ?? reachable ?? 'localhost';
  const port = (outward ?? first)?.port ?? 443;
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
