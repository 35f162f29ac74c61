/** Wishes for the gateway, and the rounds that bring a fake one there. */
import { type GatewayRoute, type GatewayState, planGateway } from '../../../edge-agent/plan/gateway.ts';
import { describeGatewayStep } from '../../../edge-agent/plan/gateway-describe.ts';
import type { WantedGroup } from '../../../edge-agent/plan/gateway-groups.ts';
import type { FakeGateway } from '../../fakes/gateway.ts';

export const OWN = '/state/own.pem';

export function stateOf(
  routes: readonly GatewayRoute[],
  revision = 'one',
  groups: readonly WantedGroup[] = [],
): GatewayState {
  return {
    base: { text: `# revision ${revision}`, revision },
    issuer: 'hub.north',
    certificate: OWN,
    routes: [...routes].sort((a, b) => (a.key < b.key ? -1 : 1)),
    groups,
    refused: [],
    clusters: [],
  };
}

export function route(key: string, address: string, tenant = 'acme'): GatewayRoute {
  return { key, tenant, address, port: 80 };
}

/** A route to a group. */
export function appRoute(key: string, group: string, tenant = 'acme'): GatewayRoute {
  return { key, tenant, group };
}

/** Applies rounds until nothing is left; the clock stands still. */
export function settle(fake: FakeGateway, desired: GatewayState): string[] {
  const done: string[] = [];
  for (let round = 0; round < 10; round += 1) {
    const steps = planGateway(desired, fake.observe());
    if (steps.length === 0) return done;
    for (const step of steps) fake.take(step);
    done.push(...steps.map(describeGatewayStep));
  }
  throw new Error('it does not settle');
}
