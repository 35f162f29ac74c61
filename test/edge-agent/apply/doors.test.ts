/** Both doors to WireGuard, on recordings of one and the same device: they read the same, and no key is on a command line. */
import { expect, test } from 'vitest';
import type { Run } from '../../../edge-agent/apply/command.ts';
import { parseUapi, renderPeer as uapiPeer } from '../../../edge-agent/apply/uapi-door.ts';
import { parseDump, wgDoor } from '../../../edge-agent/apply/wg-door.ts';
import { recorded } from '../observe/recorded.ts';

test('the two doors read one device alike', () => {
  const device = parseUapi(recorded('uapi-get-hub.txt'));
  expect(device).toEqual(parseDump(recorded('wg-dump-hub.txt')));
  expect(device.peers.map(({ allowedIps }) => allowedIps)).toEqual([
    ['100.64.0.3/32', '100.65.1.0/24'],
    ['100.64.0.4/32', '100.65.2.0/24'],
    ['100.64.0.2/32', '100.65.0.0/24'],
  ]);
});

test('a device without key, port and peers is read as such', () => {
  const empty = { publicKey: '', listenPort: 0, peers: [] };
  expect(parseUapi('errno=0\n\n')).toEqual(empty);
  expect(parseDump('(none)\t(none)\t0\toff\n')).toEqual(empty);
});

const PEER = {
  publicKey: '45Acu2wbwS42jjxUfNJFASEQH3fjEGryDV7DjKGiRmc=',
  endpoint: '198.51.100.10:51820',
  allowedIps: ['100.64.0.0/10', '10.9.0.0/24'],
  keepaliveSeconds: 25,
};

test('a peer goes to the socket with its key in hex, and its prefixes replace the old ones', () => {
  expect(uapiPeer(PEER)).toEqual([
    'public_key=e3901cbb6c1bc12e368e3c547cd2450121101f77e3106af20d5ec38ca1a24667',
    'endpoint=198.51.100.10:51820',
    'persistent_keepalive_interval=25',
    'replace_allowed_ips=true',
    'allowed_ip=100.64.0.0/10',
    'allowed_ip=10.9.0.0/24',
  ]);
});

test('by wg the private key goes as the name of a file, and peers in calls of a bounded length', async () => {
  const calls: (readonly string[])[] = [];
  const run: Run = async (_program, args) => {
    calls.push(args);
    return { kind: 'exited', code: 0, stdout: '', stderr: '' };
  };
  const door = wgDoor(run);
  await door.configure('ist0', { privateKeyFile: '/var/lib/isthmus/wireguard.key', listenPort: 51820 });
  await door.setPeers(
    'ist0',
    Array.from({ length: 40 }, () => PEER),
  );
  await door.removePeers('ist0', [PEER.publicKey]);
  expect(calls[0]).toEqual([
    'set',
    'ist0',
    'private-key',
    '/var/lib/isthmus/wireguard.key',
    'listen-port',
    '51820',
  ]);
  expect(calls.slice(1, 3).map((call) => call.filter((word) => word === 'peer').length)).toEqual([32, 8]);
  expect(calls[1]?.slice(2, 10)).toEqual([
    'peer',
    PEER.publicKey,
    'endpoint',
    PEER.endpoint,
    'persistent-keepalive',
    '25',
    'allowed-ips',
    '100.64.0.0/10,10.9.0.0/24',
  ]);
  expect(calls[3]).toEqual(['set', 'ist0', 'peer', PEER.publicKey, 'remove']);
});
