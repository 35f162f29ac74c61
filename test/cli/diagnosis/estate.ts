/** Two sites with the same real range, each with an edge that two hubs hear, and a third site that exposes nothing. */
import { Edge } from '../../../protocol/edge.ts';
import { Service } from '../../../protocol/service.ts';
import { Site } from '../../../protocol/site.ts';

export const AT = '2026-01-31T12:00:00.000Z';
export const NOW_MS = Date.parse(AT) + 20_000;

const metadata = (name: string) => ({ name, createdAt: AT, updatedAt: AT, generation: 1, version: 1 });

export function site(name: string, virtual?: string, conditions: object[] = []): Site {
  const real = '10.0.0.0/24';
  return Site.parse({
    metadata: metadata(name),
    spec: {
      allotment: virtual === undefined ? ['10.9.0.0/16'] : [real],
      prefixes: virtual === undefined ? [] : [real],
    },
    status: { prefixes: virtual === undefined ? [] : [{ real, virtual }], conditions },
  });
}

export function edge(
  name: string,
  at: string,
  over: { up?: string[]; down?: string[]; activeHub?: string; findings?: object[] } = {},
): Edge {
  const { up = ['one', 'two'], down = [], ...told } = over;
  const link = (hub: string, isUp: boolean) => ({
    ...{ hub, up: isUp, receivedBytes: 1, sentBytes: 1, spoofedPackets: 0, observedAt: AT },
    ...(isUp ? { probeAgeSeconds: 1, handshakeAgeSeconds: 40 } : {}),
  });
  return Edge.parse({
    metadata: metadata(name),
    spec: { site: at, approved: true },
    status: {
      ...{ agent: name, wireguardKey: 'k', tunnelAddress: '100.64.0.9', version: '0.1.0' },
      ...{ advertised: [], accepted: [], refused: [], conditions: [] },
      links: [...up.map((hub) => link(hub, true)), ...down.map((hub) => link(hub, false))],
      ...told,
    },
  });
}

export const SITES = [site('berlin', '100.65.0.0/24'), site('tokyo', '100.65.1.0/24'), site('lima')];
export const EDGES = [edge('b1', 'berlin', { activeHub: 'one' }), edge('t1', 'tokyo', { activeHub: 'two' })];
export const SERVICES = [
  Service.parse({
    metadata: metadata('web'),
    spec: { address: '10.0.0.10', port: 80 },
    status: {
      site: 'tokyo',
      hostname: 'web.tokyo.acme.isthmus.internal',
      virtualAddress: '100.65.1.10',
      conditions: [],
    },
  }),
];
