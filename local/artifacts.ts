/**
 * What the installer downloads: the agent, a Node for hosts without one, a WireGuard for kernels without one. Each has
 * a SHA-256 that the installer checks. Built or packed at most once and kept in a cache directory.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { hashOfFile, packFile } from '../build/cache.ts';
import { check } from './command.ts';

const ROOT = new URL('..', import.meta.url).pathname;

export interface Artifact {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Shelf {
  readonly architecture: string;
  get(name: string): Promise<Artifact | undefined>;
  all(): Promise<readonly Artifact[]>;
}

export interface ShelfSettings {
  readonly cache: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Prepares everything; resolves when all is there. */
export async function openShelf(settings: ShelfSettings): Promise<Shelf> {
  const architecture = process.arch;
  const [agent, node] = await Promise.all([bundleAgent(), packNode(settings.cache, architecture)]);
  const files = new Map<string, string>([
    ['agent.mjs', agent],
    ['cloud.mjs', join(ROOT, 'dist/cloud.mjs')],
    ['clusters.mjs', join(ROOT, 'dist/clusters.mjs')],
  ]);
  if (node !== undefined) files.set(`node-linux-${architecture}.gz`, node);
  const wireguard = findWireguard(settings);
  if (wireguard !== undefined) files.set(`wireguard-go-linux-${architecture}`, wireguard);
  return shelfOf(files, architecture);
}

/** A shelf of these files, by name; a hash is computed once for each state of a file. */
export function shelfOf(files: ReadonlyMap<string, string>, architecture: string): Shelf {
  const known = new Map<string, { readonly stamp: string; readonly artifact: Promise<Artifact> }>();
  const get = async (name: string) => {
    const path = files.get(name);
    if (path === undefined) return undefined;
    const { mtimeMs, size } = statSync(path);
    const stamp = `${mtimeMs} ${size}`;
    const before = known.get(name);
    if (before?.stamp === stamp) return before.artifact;
    const artifact = hashOfFile(path).then((sha256) => ({ name, path, bytes: size, sha256 }));
    known.set(name, { stamp, artifact });
    return artifact;
  };
  return {
    architecture,
    get,
    all: async () => {
      const found = await Promise.all([...files.keys()].map(get));
      return found.filter((artifact) => artifact !== undefined);
    },
  };
}

async function bundleAgent(): Promise<string> {
  await check([process.execPath, join(ROOT, 'edge-agent/bundle.ts')], { cwd: ROOT });
  return join(ROOT, 'dist/agent.mjs');
}

async function packNode(cache: string, architecture: string): Promise<string | undefined> {
  const source = join(ROOT, 'node_modules/node/bin/node');
  if (!existsSync(source)) return undefined;
  const packed = join(cache, 'artifacts', `node-${process.version}-linux-${architecture}.gz`);
  if (existsSync(packed)) return packed;
  mkdirSync(join(cache, 'artifacts'), { recursive: true });
  await packFile(source, packed);
  return packed;
}

/** A userspace WireGuard for hosts whose kernel has none: the newest one that is here. */
export function findWireguard(settings: ShelfSettings): string | undefined {
  const candidates = [
    settings.environment['ISTHMUS_WIREGUARD_GO'],
    join(settings.cache, 'bin/wireguard-go'),
    '/usr/bin/wireguard-go',
  ];
  return candidates.find((path) => path !== undefined && path !== '' && existsSync(path));
}
