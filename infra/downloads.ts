/**
 * Makes what hosts download, `dist/downloads`: the agent, what it loads in a cloud, Node and a userspace WireGuard for
 * both processors, and `downloads.json` with the SHA-256 of each. Big things are kept in the cache and made once.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { hashOfFile, packFile } from '../build/cache.ts';
import { replaceDirectory } from '../build/directory.ts';
import { readCache } from './settings.ts';

const run = promisify(execFile);

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');
const DOWNLOADS = join(DIST, 'downloads');
const GO_MINOR_MIN = 23;
const TOOL_TIMEOUT_MS = 10 * 60_000;
const WIREGUARD_MODULE = 'golang.zx2c4.com/wireguard';

/** Node's and npm's word for a processor, and Go's. */
const ARCHITECTURES = [
  { name: 'x64', go: 'amd64' },
  { name: 'arm64', go: 'arm64' },
] as const;
type Architecture = (typeof ARCHITECTURES)[number];

interface Made {
  readonly name: string;
  readonly path: string;
}

/** Makes all of it; what a machine can't make is said on the way, and hosts then need it from their distribution. */
async function makeDownloads(say: (line: string) => void): Promise<void> {
  const cache = join(readCache(), 'artifacts');
  await mkdir(cache, { recursive: true });
  const files: readonly Made[] = [
    ...(await bundles()),
    ...(await packNodes(cache)),
    ...(await buildWireguards(cache, say)),
  ];
  const listed: { name: string; sha256: string }[] = [];
  await replaceDirectory(DOWNLOADS, async (made) => {
    for (const { name, path } of files) {
      await copyFile(path, join(made, name));
      listed.push({ name, sha256: await hashOfFile(join(made, name)) });
    }
    await writeFile(join(made, 'downloads.json'), `${JSON.stringify(listed, undefined, 2)}\n`);
  });
  say(`downloads: ${listed.map(({ name }) => name).join(', ')}`);
}

async function bundles(): Promise<Made[]> {
  await run(process.execPath, [join(ROOT, 'edge-agent/bundle.ts')], { cwd: ROOT, timeout: TOOL_TIMEOUT_MS });
  return ['agent.mjs', 'cloud.mjs', 'clusters.mjs']
    .map((name) => ({ name, path: join(DIST, name) }))
    .filter(({ path }) => existsSync(path));
}

async function packNodes(cache: string): Promise<Made[]> {
  const version = await nodeVersion();
  return Promise.all(
    ARCHITECTURES.map(async ({ name }) => {
      const path = join(cache, `node-v${version}-linux-${name}.gz`);
      if (!existsSync(path)) await packNode(path, { name, version });
      return { name: `node-linux-${name}.gz`, path };
    }),
  );
}

/** The version that everything else here is tested with. */
async function nodeVersion(): Promise<string> {
  const text: unknown = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  return z.object({ dependencies: z.object({ node: z.string() }) }).parse(text).dependencies.node;
}

/** The npm package of a platform holds the bare program; npm checks what it fetched. */
async function packNode(
  path: string,
  of: { readonly name: string; readonly version: string },
): Promise<void> {
  await inScratch(path, async (scratch) => {
    const spec = `node-linux-${of.name}@${of.version}`;
    const packed = await run('npm', ['pack', '--silent', '--pack-destination', scratch, spec], {
      timeout: TOOL_TIMEOUT_MS,
    });
    const archive = join(scratch, packed.stdout.trim());
    await run('tar', ['-xzf', archive, '-C', scratch, 'package/bin/node'], { timeout: TOOL_TIMEOUT_MS });
    const packedNode = join(scratch, 'node.gz');
    await packFile(join(scratch, 'package/bin/node'), packedNode);
    return packedNode;
  });
}

async function buildWireguards(cache: string, say: (line: string) => void): Promise<Made[]> {
  const version = await wireguardVersion();
  const made: Made[] = [];
  for (const architecture of ARCHITECTURES) {
    const path = join(cache, `wireguard-go-${version}-linux-${architecture.name}`);
    if (!existsSync(path)) {
      if (!(await goIsNewEnough())) {
        say(
          `downloads: no Go 1.${GO_MINOR_MIN} or newer here, so no wireguard-go: hosts whose kernel has no WireGuard will need their distribution's`,
        );
        return made;
      }
      await buildWireguard(path, { version, architecture });
    }
    made.push({ name: `wireguard-go-linux-${architecture.name}`, path });
  }
  return made;
}

/** Written once, in the script that makes a machine ready. */
async function wireguardVersion(): Promise<string> {
  const script = await readFile(join(ROOT, 'local/setup.sh'), 'utf8');
  const version = /^WIREGUARD_VERSION=(\S+)$/m.exec(script)?.[1];
  if (version === undefined) throw new Error('local/setup.sh names no WIREGUARD_VERSION.');
  return version;
}

async function goIsNewEnough(): Promise<boolean> {
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION'], { timeout: TOOL_TIMEOUT_MS });
    return Number(/^go1\.(\d+)/.exec(stdout)?.[1] ?? 0) >= GO_MINOR_MIN;
  } catch {
    return false;
  }
}

/** Go refuses GOBIN for a foreign processor, so the result is looked for under GOPATH's own name for it. */
async function buildWireguard(
  path: string,
  of: { readonly version: string; readonly architecture: Architecture },
): Promise<void> {
  await inScratch(path, async (scratch) => {
    await writeFile(join(scratch, 'go.mod'), 'module isthmus.invalid/build\n\ngo 1.23\n');
    await go(['get', `${WIREGUARD_MODULE}@${of.version}`], { scratch });
    const built = join(scratch, 'wireguard-go');
    await go(['build', '-trimpath', '-ldflags', '-s -w', '-o', built, WIREGUARD_MODULE], {
      scratch,
      processor: of.architecture.go,
    });
    return built;
  });
}

async function go(
  words: readonly string[],
  { scratch, processor }: { readonly scratch: string; readonly processor?: string },
): Promise<void> {
  const target = processor === undefined ? [] : ['GOOS=linux', `GOARCH=${processor}`, 'GOARM64=v8.0'];
  await run('env', ['CGO_ENABLED=0', 'GOFLAGS=-mod=mod', ...target, 'go', ...words], {
    cwd: scratch,
    timeout: TOOL_TIMEOUT_MS,
  });
}

/** Half a file never lies under the name that is looked for. */
async function inScratch(path: string, make: (scratch: string) => Promise<string>): Promise<void> {
  const scratch = await mkdtemp(`${path}.`);
  try {
    await rename(await make(scratch), path);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

if (import.meta.main) await makeDownloads(console.log);
