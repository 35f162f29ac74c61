/**
 * A make-believe host for the installer: its directories lie in a scratch one, and the programs that would touch the host
 * are recorders. `eachOnItsOwnHost` makes a new one for each test.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach } from 'vitest';
import { renderInstaller } from '../../../functions/installer/installer.ts';

export const TEMPLATE = readFileSync(
  new URL('../../../functions/installer/install.sh', import.meta.url),
  'utf8',
);
export const SETTINGS = {
  url: 'https://198.51.100.1:8443',
  downloads: 'https://198.51.100.1:8443/install',
  authority: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  roots: [{ id: 'r1', publicKey: 'Um9vdEtleQ==' }],
  version: '1.2.3',
};

/** Stands for a downloaded Node: records how it is called, and enrols by writing the configuration. */
const NODE = `#!/bin/sh
echo "node $*" >> "$RECORD"
case $* in *" enrol "*) mkdir -p "$HOST/etc/isthmus" && echo '{}' > "$HOST/etc/isthmus/agent.json" ;; esac
`;
export const FILES: Readonly<Record<string, Buffer>> = {
  'agent.mjs': Buffer.from('the agent'),
  'cloud.mjs': Buffer.from('the cloud part'),
  'clusters.mjs': Buffer.from('the part for clusters'),
  'node-linux-x64.gz': gzipSync(NODE),
  'wireguard-go-linux-x64': Buffer.from('the tunnel'),
};
const ARTIFACTS = Object.entries(FILES).map(([name, bytes]) => ({
  name,
  path: name,
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
}));

/** Programs of the host that only record. `curl` gives out the files of `served`. */
const STUBS: Readonly<Record<string, string>> = {
  id: 'echo 0',
  uname: 'case $1 in -m) echo x86_64 ;; *) echo Linux ;; esac',
  ip: 'exit 1',
  sysctl: 'echo 0',
  nft: ':',
  wg: ':',
  conntrack: ':',
  curl: 'while [ $# -gt 0 ]; do case $1 in -o) out=$2; shift ;; https:*) url=$1 ;; esac; shift; done; cp "$HOST/served/${url##*/}" "$out"',
};

export const scratch = { host: '', stubs: '', record: '' };

/** Makes the host anew before each test of the file that calls this. */
export function eachOnItsOwnHost(): void {
  beforeEach(makeHost);
  afterEach(() => rmSync(scratch.host, { recursive: true }));
}

function makeHost(): void {
  scratch.host = mkdtempSync(join(tmpdir(), 'isthmus-installer-'));
  scratch.stubs = join(scratch.host, 'stubs');
  scratch.record = join(scratch.host, 'record');
  mkdirSync(scratch.stubs);
  mkdirSync(join(scratch.host, 'served'));
  for (const [name, body] of Object.entries(STUBS)) stub(name, body);
  for (const [name, bytes] of Object.entries(FILES)) writeFileSync(join(scratch.host, 'served', name), bytes);
  writeFileSync(join(scratch.host, 'token'), 'ist_demo_t1_0');
}

export function stub(name: string, body: string): void {
  const path = join(scratch.stubs, name);
  writeFileSync(path, `#!/bin/sh\necho "${name} $*" >> "$RECORD"\n${body}\n`);
  chmodSync(path, 0o755);
}

/** The served text, with the host's directories moved into the scratch one. */
export function installer(): string {
  const text = renderInstaller(TEMPLATE, SETTINGS, ARTIFACTS);
  return text.replaceAll(/^(\w+)=(\/(?:opt|etc|var|run|usr)\/)/gm, `$1=${scratch.host}$2`);
}

export function run(text: string, args: readonly string[], path = `${scratch.stubs}:/usr/bin:/bin`) {
  const result = spawnSync('/bin/sh', ['-s', '--', ...args], {
    input: text,
    encoding: 'utf8',
    env: { PATH: path, HOST: scratch.host, RECORD: scratch.record, HOME: scratch.host },
  });
  return { code: result.status, said: result.stdout + result.stderr };
}

export function recorded(): string[] {
  return existsSync(scratch.record) ? readFileSync(scratch.record, 'utf8').trimEnd().split('\n') : [];
}

export const ARGUMENTS = () => ['--token-file', join(scratch.host, 'token'), '--no-start'];
