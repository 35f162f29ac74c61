/**
 * The door to a userspace daemon: its UAPI socket (the cross-platform interface of WireGuard), with keys in hex.
 * About a hundred times cheaper than a process a change. What is parsed or rendered here is pure.
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import { sortPrefixes } from '../plan/intervals.ts';
import type { PeerState } from '../plan/state.ts';
import { publicKeyOf, readPrivateKey } from './keys.ts';
import {
  type Device,
  type DeviceConfiguration,
  type DevicePeer,
  type WireguardDoor,
  WireguardError,
} from './wireguard.ts';

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
export const SOCKET_DIRECTORY = '/var/run/wireguard';

export function uapiDoor(directory: string = SOCKET_DIRECTORY): WireguardDoor {
  const ask = (name: string, request: string) => exchange(join(directory, `${name}.sock`), request);
  const set = async (name: string, lines: readonly string[]) => {
    const answer = await ask(name, ['set=1', ...lines, '', ''].join('\n'));
    const fault = faultOf(answer);
    if (fault !== 0) throw new WireguardError('wireguard.refused', `${name}: error ${fault}`);
  };
  return {
    show: async (name) => {
      const answer = await ask(name, 'get=1\n\n').catch(() => undefined);
      return answer === undefined || faultOf(answer) !== 0 ? undefined : parseUapi(answer);
    },
    configure: async (name, configuration) => set(name, await renderConfiguration(configuration)),
    setPeers: (name, peers) => set(name, peers.flatMap(renderPeer)),
    removePeers: (name, keys) =>
      set(
        name,
        keys.flatMap((key) => [`public_key=${toHex(key)}`, 'remove=true']),
      ),
  };
}

async function renderConfiguration({ privateKeyFile, listenPort }: DeviceConfiguration): Promise<string[]> {
  const key = await readPrivateKey(privateKeyFile);
  if (key === undefined) throw new WireguardError('wireguard.refused', `${privateKeyFile} does not exist`);
  return [`private_key=${toHex(key)}`, ...(listenPort === undefined ? [] : [`listen_port=${listenPort}`])];
}

/** Lines that set one peer. */
export function renderPeer({ publicKey, endpoint, allowedIps, keepaliveSeconds }: PeerState): string[] {
  return [
    `public_key=${toHex(publicKey)}`,
    ...(endpoint === undefined ? [] : [`endpoint=${endpoint}`]),
    `persistent_keepalive_interval=${keepaliveSeconds ?? 0}`,
    'replace_allowed_ips=true',
    ...allowedIps.map((prefix) => `allowed_ip=${prefix}`),
  ];
}

function toHex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

function fromHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

function faultOf(answer: string): number {
  return Number(/^errno=(-?\d+)$/m.exec(answer)?.[1] ?? Number.NaN);
}

/** What `get=1` answers. */
export function parseUapi(answer: string): Device {
  const [head = '', ...peers] = answer.split(/^(?=public_key=)/m);
  const device = fieldsOf(head);
  const privateKey = device.get('private_key')?.[0];
  return {
    publicKey: privateKey === undefined ? '' : publicKeyOf(fromHex(privateKey)),
    listenPort: Number(device.get('listen_port')?.[0] ?? 0),
    peers: peers.map(parsePeer).sort((a, b) => (a.publicKey < b.publicKey ? -1 : 1)),
  };
}

function parsePeer(text: string): DevicePeer {
  const fields = fieldsOf(text);
  const one = (key: string) => fields.get(key)?.[0];
  const numeric = (key: string) => Number(one(key) ?? 0);
  const endpoint = one('endpoint');
  const keepaliveSeconds = numeric('persistent_keepalive_interval');
  const handshakeSeconds = numeric('last_handshake_time_sec');
  return {
    publicKey: fromHex(one('public_key') ?? ''),
    ...(endpoint === undefined ? {} : { endpoint }),
    allowedIps: sortPrefixes(fields.get('allowed_ip')?.filter((prefix) => !prefix.includes(':')) ?? []),
    ...(keepaliveSeconds === 0 ? {} : { keepaliveSeconds }),
    ...(handshakeSeconds === 0 ? {} : { handshakeSeconds }),
    receivedBytes: numeric('rx_bytes'),
    sentBytes: numeric('tx_bytes'),
  };
}

function fieldsOf(text: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [key = '', value] = line.split('=', 2);
    if (value !== undefined) fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  return fields;
}

/** One request and its whole answer, which ends with an empty line. */
function exchange(path: string, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const chunks: string[] = [];
    let characters = 0;
    const fail = (error: Error) => {
      socket.destroy();
      reject(new WireguardError('wireguard.not_ready', `${path}: ${error.message}`, { cause: error }));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(TIMEOUT_MS, () => fail(new Error('no answer')));
    socket.once('error', fail);
    socket.once('close', () => fail(new Error('closed')));
    socket.on('data', (text: string) => {
      chunks.push(text);
      characters += text.length;
      if (characters > ANSWER_BYTES_MAX) return fail(new Error('the answer is too large'));
      if (!`${chunks.at(-2) ?? ''}${text}`.endsWith('\n\n')) return;
      socket.removeAllListeners('close');
      socket.destroy();
      resolve(chunks.join(''));
    });
    socket.write(request);
  });
}
