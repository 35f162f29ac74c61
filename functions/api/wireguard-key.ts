/**
 * A report may change an agent's WireGuard key, but not to one that somebody else has: of two with one key the older
 * agent is kept by the compile, so a claim would take another's tunnel away. Enrolment needs no such check: who comes
 * later yields.
 */
import type { Store } from '../store/port.ts';
import { allLive, allTenantsLive } from './dependent.ts';
import { refuseField } from './faults.ts';

/** Ends the request if another agent of the deployment has this key. */
export async function requireFreeKey(store: Store, wireguardKey: string, agent: string): Promise<void> {
  const edges = await allTenantsLive(store, 'edge');
  const hubs = await allLive(store, { kind: 'hub', tenant: '*' });
  const others = [...edges, ...hubs].filter(({ status }) => status.agent !== agent);
  if (others.some(({ status }) => status.wireguardKey === wireguardKey))
    refuseField('/wireguardKey', 'Another agent has this key: make a new one on this host.');
}
