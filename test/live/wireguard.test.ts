/** The two doors to WireGuard on one real daemon: whatever is set by one is read alike by both. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run } from '../../edge-agent/apply/command.ts';
import { run } from '../../edge-agent/apply/command.ts';
import { ensureKey, generatePrivateKey, publicKeyOf } from '../../edge-agent/apply/keys.ts';
import { uapiDoor } from '../../edge-agent/apply/uapi-door.ts';
import { wgDoor } from '../../edge-agent/apply/wg-door.ts';
import type { WireguardDoor } from '../../edge-agent/apply/wireguard.ts';
import { type Host, startHost } from '../../local/lab-host.ts';
import { eventually } from './eventually.ts';

const NAME = 'ist0000c0de';
const DRIVER = new URL('./plan-agent.ts', import.meta.url).pathname;

let host: Host;
let directory: string;
let privateKeyFile: string;
let publicKey: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wireguard-'));
  privateKeyFile = join(directory, 'wireguard.key');
  publicKey = await ensureKey(privateKeyFile);
  host = await startHost('wireguard');
  await host.check([process.execPath, DRIVER, 'create', NAME]);
});

afterAll(async () => {
  await host?.destroy();
  await rm(directory, { recursive: true, force: true });
});

/** Programs run inside the host; the socket is reached by its file system. */
const inHost: Run = (program, args, options) =>
  run('nsenter', ['-t', String(host.pid), '-n', '-m', '--', program, ...args], options);

const DOORS: readonly [string, () => WireguardDoor][] = [
  ['the UAPI socket', () => uapiDoor(`/proc/${host.pid}/root/run/wireguard`)],
  ['wg', () => wgDoor(inHost)],
];

async function readBoth() {
  const [first, second] = await Promise.all(DOORS.map(([, door]) => door().show(NAME)));
  expect(first).toEqual(second);
  return first;
}

function peerOf(third: number) {
  const endpoint = `192.0.2.${third}:51820`;
  const allowedIps = [`100.64.0.${third}/32`, `100.65.${third}.0/24`];
  return { publicKey: publicKeyOf(generatePrivateKey()), endpoint, allowedIps, keepaliveSeconds: 25 };
}

describe.each(DOORS)('by %s,', (_name, open) => {
  test('a device takes key and port, and peers come, change, lose prefixes to each other and go', async () => {
    const door = open();
    const [one, two] = [peerOf(1), peerOf(2)];
    const seen = { receivedBytes: 0, sentBytes: 0 };
    await door.configure(NAME, { privateKeyFile, listenPort: 51_821 });
    await door.setPeers(NAME, [one, two]);
    const sorted = [one, two].sort((a, b) => (a.publicKey < b.publicKey ? -1 : 1));
    expect(await readBoth()).toEqual({
      publicKey,
      listenPort: 51_821,
      peers: sorted.map((peer) => ({ ...peer, ...seen })),
    });
    const { endpoint: _endpoint, keepaliveSeconds: _keepalive, ...quiet } = one;
    await door.setPeers(NAME, [{ ...quiet, allowedIps: [...one.allowedIps, '100.65.2.0/24'] }]);
    const after = await readBoth();
    expect(after?.peers.find((peer) => peer.publicKey === one.publicKey)).toEqual({
      ...{ publicKey: one.publicKey, endpoint: one.endpoint, ...seen },
      allowedIps: [...one.allowedIps, '100.65.2.0/24'],
    });
    expect(after?.peers.find((peer) => peer.publicKey === two.publicKey)?.allowedIps).toEqual([
      '100.64.0.2/32',
    ]);
    await door.removePeers(NAME, [one.publicKey, two.publicKey]);
    expect((await readBoth())?.peers).toEqual([]);
  });

  test('a device that is not there reads as none, and refuses to be set', async () => {
    const door = open();
    expect(await door.show('ist0000dead')).toBeUndefined();
    await expect(door.setPeers('ist0000dead', [peerOf(1)])).rejects.toMatchObject({ code: /^wireguard\./ });
  });

  test('a thousand peers are set and read', async () => {
    const door = open();
    const peers = Array.from({ length: 1_000 }, (_, index) => ({
      publicKey: publicKeyOf(generatePrivateKey()),
      allowedIps: [`100.66.${index >> 8}.${index & 255}/32`],
    }));
    await door.setPeers(NAME, peers);
    expect((await readBoth())?.peers).toHaveLength(1_000);
    await door.removePeers(
      NAME,
      peers.map((peer) => peer.publicKey),
    );
    expect((await readBoth())?.peers).toEqual([]);
  });
});

test('a daemon outlives who started it, is replaced whole, and leaves nothing behind', async () => {
  const pid = await host.read(`/run/isthmus/${NAME}.pid`);
  await host.check([process.execPath, DRIVER, 'create', NAME]);
  expect(await host.read(`/run/isthmus/${NAME}.pid`)).not.toBe(pid);
  expect((await host.check(['pgrep', '-fc', `wireguard.* -f ${NAME}$`])).trim()).toBe('1');
  await host.check([process.execPath, DRIVER, 'remove', NAME]);
  await eventually(async () => expect((await host.run(['pgrep', '-f', NAME])).code).toBe(1));
  expect((await host.check(['ls', '/run/wireguard'])).trim()).toBe('');
  expect((await host.run(['ip', 'link', 'show', NAME])).code).not.toBe(0);
});

test('a process that merely has the number of a gone daemon is left alone', async () => {
  const bystander = host.spawn(['sleep', '1000']);
  await eventually(async () =>
    expect((await host.run(['pgrep', '-x', 'sleep'])).stdout.split('\n').length).toBeGreaterThan(2),
  );
  const pids = (await host.check(['pgrep', '-f', 'sleep 1000'])).trim();
  await host.write(`/run/isthmus/${NAME}.pid`, `${pids}\n`);
  await host.check([process.execPath, DRIVER, 'remove', NAME]);
  expect((await host.check(['pgrep', '-f', 'sleep 1000'])).trim()).toBe(pids);
  bystander.signal('SIGKILL');
});
