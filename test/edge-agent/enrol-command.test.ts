/** The command lines that need no kernel: enrol, the configuration, the socket. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { enrolHost } from '../../edge-agent/enrol-command.ts';
import { pathsUnder, readConfig } from '../../edge-agent/settings.ts';
import { AlreadyRunning, askStatus, serveStatus } from '../../edge-agent/socket.ts';
import type { Status } from '../../edge-agent/status.ts';
import { FakeControlPlane, makeRoot } from '../fakes/control-plane.ts';
import { AGENT } from './link/documents.ts';

const root = makeRoot();
const TOKEN = 'ist_acme_1_2';

let plane: FakeControlPlane;
let directory: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'isthmus-enrol-'));
  plane = await FakeControlPlane.start();
  const enrolled = { agent: AGENT, role: 'edge' as const, tunnelAddress: '100.64.0.2', approved: false };
  plane.tokens.set(TOKEN, { enrolled: { ...enrolled, roots: [{ id: root.id, publicKey: root.publicKey }] } });
  writeFileSync(join(directory, 'token'), `${TOKEN}\n`);
  writeFileSync(join(directory, 'ca.pem'), plane.certificate.cert);
  return async () => {
    await plane.stop();
    rmSync(directory, { recursive: true });
  };
});

function options(change: { rootKey?: string[]; advertise?: string[] } = {}) {
  const files = { tokenFile: join(directory, 'token'), ca: join(directory, 'ca.pem') };
  return { controlPlane: plane.url, ...files, advertise: ['10.0.0.0/24'], ...change };
}

describe('enrol', () => {
  test('writes a configuration for its owner alone, that can be read again', async () => {
    const paths = pathsUnder(directory);
    expect(readConfig(paths.config)).toEqual({ kind: 'absent' });
    const outcome = await enrolHost(options(), paths);
    expect(outcome).toMatchObject({ kind: 'enrolled', approved: false, tunnelAddress: '100.64.0.2' });
    for (const file of [paths.config, paths.identityKey, paths.wireguardKey])
      expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readConfig(paths.config)).toMatchObject({
      kind: 'config',
      config: { agent: AGENT, role: 'edge', advertise: ['10.0.0.0/24'], roots: [{ id: root.id }] },
    });
    expect(readFileSync(paths.config, 'utf8')).not.toContain(TOKEN);
    expect(await enrolHost(options(), paths)).toMatchObject({ kind: 'failed' });
  });

  test('leaves no configuration behind when the root is not the one that was named', async () => {
    const paths = pathsUnder(directory);
    const outcome = await enrolHost(options({ rootKey: [makeRoot().publicKey] }), paths);
    expect(outcome).toMatchObject({ kind: 'failed', retry: false });
    expect(readConfig(paths.config)).toEqual({ kind: 'absent' });
  });

  test('refuses a prefix with host bits before it spends the token', async () => {
    const outcome = await enrolHost(options({ advertise: ['10.0.0.1/24'] }), pathsUnder(directory));
    expect(outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('Host bits') });
    expect(plane.requests).toEqual([]);
  });
});

test('a configuration that is not one says what is wrong', () => {
  const file = join(directory, 'agent.json');
  for (const text of ['{', '{}', '{"controlPlane":"http://x"}']) {
    writeFileSync(file, text);
    expect(readConfig(file)).toMatchObject({ kind: 'wrong', reason: expect.stringContaining(file) });
  }
});

describe('the socket', () => {
  const STATUS: Status = {
    agent: AGENT,
    role: 'edge',
    version: '0.1.0',
    processId: 1,
    residentBytes: 1,
    uptimeSeconds: 1,
    controlPlane: { url: 'https://x', state: 'unknown', clockOffsetSeconds: 0, roots: [] },
    document: { trial: 'settled', tornFiles: [] },
    peers: [],
    prefixes: [],
    names: [],
    clusters: [],
    findings: [],
  };

  function statusCode(socketPath: string, headers: Record<string, string>): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const asking = request({ socketPath, path: '/status', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asking.on('error', reject);
      asking.end();
    });
  }

  test('gives out the status, to its owner alone, once', async () => {
    const path = join(directory, 'run/agent.sock');
    expect(await askStatus(path)).toBeUndefined();
    const server = await serveStatus(path, () => Promise.resolve(STATUS));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await askStatus(path)).toEqual(STATUS);
    await expect(serveStatus(path, () => Promise.resolve(STATUS))).rejects.toThrow(AlreadyRunning);
    server.close();
  });

  test('takes over a socket that a killed agent left behind', async () => {
    const path = join(directory, 'agent.sock');
    writeFileSync(path, '');
    const server = await serveStatus(path, () => Promise.resolve(STATUS));
    expect(await askStatus(path)).toEqual(STATUS);
    server.close();
  });

  test('SCENARIO 16: refuses what a browser could have sent', async () => {
    const path = join(directory, 'agent.sock');
    const server = await serveStatus(path, () => Promise.resolve(STATUS));
    expect(await statusCode(path, { host: 'isthmus-agent' })).toBe(200);
    expect(await statusCode(path, { host: 'isthmus-agent', origin: 'https://evil.example' })).toBe(403);
    expect(await statusCode(path, { host: 'evil.example' })).toBe(403);
    server.close();
  });
});
