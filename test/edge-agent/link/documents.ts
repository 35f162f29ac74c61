/** Small documents to sign and to alter in tests of the link. */
import type { Leaf, SelfLeaf } from '../../../protocol/document.ts';
import type { Signing } from '../../fakes/control-plane.ts';

export const AGENT = 'edge.acme.berlin';

export const SELF: SelfLeaf = {
  kind: 'self',
  agent: AGENT,
  role: 'edge',
  tenant: 'acme',
  site: 'berlin',
  tunnelAddress: '100.64.0.2',
  pools: ['100.64.0.0/10'],
  domain: 'isthmus.internal',
  pollSeconds: 30,
};

export const POLICY: Leaf = { kind: 'policy', inbound: 'tenant', flows: [] };

export function documentOf(generation: number, change: Partial<Signing> = {}): Signing {
  return { agent: AGENT, epoch: 1, generation, leaves: { self: SELF, policy: POLICY }, ...change };
}
