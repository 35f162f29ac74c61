/** A whole observation of recorded tools: what is ours, and whether the firewall is as we loaded it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandResult, Run } from '../../../edge-agent/apply/command.ts';
import { parseDump } from '../../../edge-agent/apply/wg-door.ts';
import { ObserveError, observeHost } from '../../../edge-agent/observe/host.ts';
import { FIREWALL_FILE, firewallRecord, TRANSLATION_FILE } from '../../../edge-agent/plan/runtime.ts';
import { recorded } from './recorded.ts';

let runtimeDirectory: string;

beforeEach(async () => {
  runtimeDirectory = await mkdtemp(join(tmpdir(), 'observe-'));
});

afterEach(async () => {
  await rm(runtimeDirectory, { recursive: true });
});

const LISTING = recorded('nft-listing-edge.txt');

function said(stdout: string): CommandResult {
  return { kind: 'exited', code: 0, stdout, stderr: '' };
}

/** Tools that print what was recorded; `nft` prints this listing, or fails. */
function toolsWith(listing: string | undefined): Run {
  return async (program, args) => {
    if (program === 'ip')
      return said(recorded(args.includes('route') ? 'ip-route-edge.json' : 'ip-addr-edge.json'));
    return listing === undefined
      ? { kind: 'exited', code: 1, stdout: '', stderr: 'No such file' }
      : said(listing);
  };
}

function observe(run: Run) {
  const wireguard = {
    implementation: 'userspace' as const,
    show: async (name: string) =>
      name === 'istcce86e79' ? parseDump(recorded('wg-dump-edge.txt')) : undefined,
  };
  const self = {
    agent: 'edge.acme.berlin',
    role: 'edge' as const,
    publicKey: 'own',
    controlPlaneAddresses: [],
  };
  return observeHost({ run, wireguard, runtimeDirectory, self });
}

test('our devices and routes are the state, the rest of the host are facts', async () => {
  const { state, facts } = await observe(toolsWith(undefined));
  expect(state.interfaces).toEqual({
    istcce86e79: {
      link: 'up',
      publicKey: 'yO8e8Gzr9p7fqdhPjSPD/yHpAGwKTDr2btiTW/YB7CM=',
      listenPort: 34327,
      mtu: 1420,
      addresses: ['100.64.0.2/32'],
      peers: [
        {
          publicKey: '45Acu2wbwS42jjxUfNJFASEQH3fjEGryDV7DjKGiRmc=',
          endpoint: '198.51.100.10:51820',
          allowedIps: ['100.64.0.0/10'],
          keepaliveSeconds: 25,
        },
      ],
    },
  });
  expect(state.firewall).toBeUndefined();
  expect(facts).toMatchObject({
    lanDevices: [{ name: 'eth0', prefixes: ['10.0.0.0/24'] }],
    foreignRoutes: ['10.55.0.0/16'],
    defaultDevice: 'eth0',
  });
});

test('a table that lists as it did when we loaded it is that one', async () => {
  const hash = '0123456789abcdef';
  await writeFile(join(runtimeDirectory, FIREWALL_FILE), firewallRecord(hash, LISTING));
  await writeFile(join(runtimeDirectory, TRANSLATION_FILE), 'fedcba9876543210\n');
  expect((await observe(toolsWith(LISTING))).state.firewall).toEqual({
    hash,
    translation: 'fedcba9876543210',
  });
});

test('a table that somebody changed, or that we have no record of, is another one', async () => {
  expect((await observe(toolsWith(LISTING))).state.firewall?.hash).toBe('altered');
  await writeFile(join(runtimeDirectory, FIREWALL_FILE), firewallRecord('0123456789abcdef', LISTING));
  expect((await observe(toolsWith(LISTING.replace('drop', 'accept')))).state.firewall?.hash).toBe('altered');
});

test('a tool that cannot be run ends the observation: nothing is planned from half a view', async () => {
  const broken: Run = async () => ({ kind: 'not_run', reason: 'missing', message: 'spawn ip ENOENT' });
  await expect(observe(broken)).rejects.toThrow(ObserveError);
});
