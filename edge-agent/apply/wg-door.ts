/** The door by `wg`, for the kernel's WireGuard; it serves userspace daemons too. Private keys go by file only. */

import { sortPrefixes } from '../plan/intervals.ts';
import type { PeerState } from '../plan/state.ts';
import type { Run } from './command.ts';
import {
  type Device,
  type DeviceConfiguration,
  type DevicePeer,
  type WireguardDoor,
  WireguardError,
} from './wireguard.ts';

/** Peers a call: a command line has an end. */
const PEERS_PER_CALL = 32;

export function wgDoor(run: Run): WireguardDoor {
  const wg = async (args: readonly string[]) => {
    const result = await run('wg', args);
    const fault =
      result.kind === 'not_run' ? result.message : result.code === 0 ? undefined : result.stderr.trim();
    if (fault !== undefined) throw new WireguardError('wireguard.refused', `wg: ${fault}`);
  };
  const setEach = async <Item>(name: string, items: readonly Item[], render: (item: Item) => string[]) => {
    for (let start = 0; start < items.length; start += PEERS_PER_CALL)
      await wg(['set', name, ...items.slice(start, start + PEERS_PER_CALL).flatMap(render)]);
  };
  return {
    show: async (name) => {
      const result = await run('wg', ['show', name, 'dump']);
      return result.kind === 'exited' && result.code === 0 ? parseDump(result.stdout) : undefined;
    },
    configure: (name, configuration) => wg(['set', name, ...renderConfiguration(configuration)]),
    setPeers: (name, peers) => setEach(name, peers, renderPeer),
    removePeers: (name, keys) => setEach(name, keys, (key) => ['peer', key, 'remove']),
  };
}

function renderConfiguration({ privateKeyFile, listenPort }: DeviceConfiguration): string[] {
  return [
    'private-key',
    privateKeyFile,
    ...(listenPort === undefined ? [] : ['listen-port', String(listenPort)]),
  ];
}

/** Words of `wg set` that set one peer. */
export function renderPeer({ publicKey, endpoint, allowedIps, keepaliveSeconds }: PeerState): string[] {
  return [
    'peer',
    publicKey,
    ...(endpoint === undefined ? [] : ['endpoint', endpoint]),
    'persistent-keepalive',
    String(keepaliveSeconds ?? 'off'),
    'allowed-ips',
    allowedIps.join(','),
  ];
}

/** What `wg show NAME dump` prints: tab-separated, the device first, then a peer a line. */
export function parseDump(text: string): Device {
  const [head = '', ...lines] = text.split('\n').filter((line) => line !== '');
  const [, publicKey = '', port = '0'] = head.split('\t');
  return {
    publicKey: publicKey === '(none)' ? '' : publicKey,
    listenPort: Number(port),
    peers: lines.map(parsePeer).sort((a, b) => (a.publicKey < b.publicKey ? -1 : 1)),
  };
}

function parsePeer(line: string): DevicePeer {
  const [publicKey = '', , endpoint = '', prefixes = '', handshake, received, sent, keepalive] =
    line.split('\t');
  const handshakeSeconds = Number(handshake ?? 0);
  const keepaliveSeconds = keepalive === 'off' ? 0 : Number(keepalive ?? 0);
  const ipv4 = prefixes.split(',').filter((prefix) => prefix.includes('.'));
  return {
    publicKey,
    ...(endpoint === '(none)' ? {} : { endpoint }),
    allowedIps: sortPrefixes(ipv4),
    ...(keepaliveSeconds === 0 ? {} : { keepaliveSeconds }),
    ...(handshakeSeconds === 0 ? {} : { handshakeSeconds }),
    receivedBytes: Number(received ?? 0),
    sentBytes: Number(sent ?? 0),
  };
}
