/** Addresses of the host that an engine runs on, as hosts of its LAN reach it: what an app is reached at by ports of its node. */
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { EngineEndpoint } from './endpoint.ts';

const ADDRESSES_MAX = 8;

/** IPv4; empty where it is not known. `named`: what somebody said it is. */
export function addressesAt(endpoint: EngineEndpoint, named: string | undefined): string[] {
  if (named !== undefined) return [named];
  switch (endpoint.kind) {
    case 'socket':
      return ownAddresses();
    case 'tls':
      return isIPv4(endpoint.host) ? [endpoint.host] : [];
    case 'node': {
      const from = endpoint.session()?.socket.remoteAddress?.replace(/^::ffff:/, '');
      return from !== undefined && isIPv4(from) ? [from] : [];
    }
  }
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return all
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
    .slice(0, ADDRESSES_MAX);
}
