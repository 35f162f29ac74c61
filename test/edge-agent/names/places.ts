/** Name servers on real sockets at loopback addresses, and questions to them. It must not assert anything. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type DecodedPacket, decode, encode, type Packet } from 'dns-packet';
import type { NamesView } from '../../../edge-agent/names/answer.ts';
import { Resolver } from '../../../edge-agent/names/resolver.ts';
import { NamesServer } from '../../../edge-agent/names/server.ts';
import type { Upstream } from '../../../edge-agent/names/upstream.ts';
import { parsePrefix } from '../../../protocol/address.ts';

export const PORT = 20_053;
export const LOOPBACK = { prefix: parsePrefix('127.0.0.0/8'), tenant: 'acme', site: 'berlin' };
export const SERVICE = {
  tenant: 'acme',
  site: 'berlin',
  name: 'db',
  real: '10.0.0.5',
  virtual: '100.65.0.5',
};
export const APP = { tenant: 'acme', site: 'berlin', name: 'web' };
export const EDGE: NamesView = {
  role: 'edge',
  domain: 'isthmus.internal',
  services: [SERVICE],
  sites: ['acme/berlin'],
  clients: [LOOPBACK],
  apps: [{ ...APP, endpoints: [{ real: '10.0.0.7', virtual: '100.65.0.7' }] }],
  own: [parsePrefix('100.65.0.0/24')],
};
/** Knows clients of loopback as members of the tenant at no site, and the other site's service. */
export const HUB: NamesView = {
  role: 'hub',
  domain: 'isthmus.internal',
  services: [{ ...SERVICE, site: 'paris', virtual: '100.67.0.5' }],
  sites: ['acme/paris'],
  clients: [{ prefix: parsePrefix('127.0.0.0/8'), tenant: 'acme' }],
  apps: [
    { ...APP, endpoints: [{ real: '10.0.0.9', virtual: '100.65.0.9' }] },
    { ...APP, site: 'paris', endpoints: [{ real: '10.0.0.7', virtual: '100.67.0.7' }] },
  ],
  own: [],
};

/** A name server at an address of its own, with a clock that the test sets. */
export class Place {
  readonly server: NamesServer;
  readonly address: string;
  nowMs = 0;
  asked = 0;
  hubs: readonly Upstream[] = [];
  silent: ReadonlySet<string> = new Set();
  upstreams: readonly Upstream[] = [];

  constructor(address: string, view: NamesView, pools = ['100.64.0.0/10']) {
    this.address = address;
    const resolver = new Resolver({
      view: () => {
        this.asked += 1;
        return view;
      },
      hubs: () => this.hubs,
      silent: () => this.silent,
      upstreams: () => this.upstreams,
      tunnelAddress: () => address,
      pools: () => pools,
      now: () => this.nowMs,
    });
    this.server = new NamesServer(resolver, PORT);
  }

  get upstream(): Upstream {
    return { address: this.address, port: PORT };
  }
}

export function udp(place: Place, query: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    const timer = setTimeout(() => {
      socket.close();
      reject(new Error('no answer'));
    }, 4_000);
    socket.on('message', (reply) => {
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    });
    socket.send(query, PORT, place.address);
  });
}

export function tcp(place: Place, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: place.address, port: PORT });
    const chunks: Buffer[] = [];
    socket.on('connect', () => socket.end(bytes));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
  });
}

export function question(name: string, packet: Packet = {}): Buffer {
  return encode({ type: 'query', id: 4_711, flags: 0x0100, questions: [{ type: 'A', name }], ...packet });
}

export async function ask(place: Place, name: string, packet: Packet = {}): Promise<DecodedPacket> {
  return decode(await udp(place, question(name, packet)));
}

export function short(reply: DecodedPacket): string {
  const records = (reply.answers ?? []).map((answer) =>
    answer.type === 'A' ? `${answer.data} ${answer.ttl}` : answer.type,
  );
  return [(reply.flags ?? 0) & 15, ...records].join(' ');
}
