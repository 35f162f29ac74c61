/**
 * The links between the hubs of a group, and what goes by them: the packets of an edge whose own leg to this hub is
 * broken. Each link is a device of its own, because a prefix has one owner on a device, and on the hub's main device that is the
 * edge itself. A packet never leaves by such a link when it came by one: the firewall sees to that.
 */
import type { Document } from '../../protocol/document.ts';
import { interfaceName } from './fingerprint.ts';
import { leafOf } from './leaves.ts';

/** Longer than three probes of an edge at the pace of a standby, so that one that was lost moves nothing. */
export const LEG_LOST_MS = 1_000;

export interface TwinLink {
  readonly name: string;
  readonly device: string;
  readonly publicKey: string;
  readonly tunnelAddress: string;
  /** UDP port of this hub's end. */
  readonly listenPort: number;
  /** `address:port` of the other end. */
  readonly endpoint: string;
}

/**
 * In the order of names, every hub of the group has one port a link above its public one: that of the n-th hub is the
 * n-th. Both ends count alike, so the document need not say it.
 */
export function twinLinks(document: Document): TwinLink[] {
  const self = leafOf(document, 'self');
  const twins = leafOf(document, 'twins')?.hubs ?? [];
  if (self?.listenPort === undefined) return [];
  const own = self.agent.replace(/^hub\./, '');
  const order = [own, ...twins.map(({ name }) => name)].sort();
  const above = (port: number, name: string) => port + 1 + order.indexOf(name);
  const { agent, listenPort } = self;
  return twins.map(({ name, publicKey, tunnelAddress, endpoint }) => {
    const [address = '', port = ''] = endpoint.split(':');
    return {
      name,
      device: interfaceName(agent, name),
      publicKey,
      tunnelAddress,
      listenPort: above(listenPort, name),
      endpoint: `${address}:${above(Number(port), own)}`,
    };
  });
}

/** How long ago an edge last asked, knowing that it hears us; undefined: never. */
export interface Leg {
  readonly agent: string;
  readonly ageMs: number | undefined;
}

/**
 * Which edges are reached by which twin: those whose leg is lost, by the first twin that is up. Without one they stay, as
 * there is nothing better. `runningMs`: an edge that has never asked gets that long to begin.
 */
export function detoursOf(
  legs: readonly Leg[],
  twins: readonly { readonly name: string; readonly state: string }[],
  runningMs: number,
): Record<string, string> {
  const up = twins.find(({ state }) => state === 'up')?.name;
  if (up === undefined) return {};
  const lost = legs.filter(({ ageMs }) => (ageMs ?? runningMs) > LEG_LOST_MS);
  return Object.fromEntries(lost.map(({ agent }) => [agent, up]));
}
