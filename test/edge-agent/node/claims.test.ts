/** Agents of several nodes at one API server, at once, with old knowledge and lost answers: an address has one container, and all come back. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KubeError } from '../../../edge-agent/kube/errors.ts';
import { Claims } from '../../../edge-agent/node/claims.ts';
import { CniFault } from '../../../edge-agent/node/cni.ts';
import { type Holding, holdingOf, LeaseObject } from '../../../edge-agent/node/holding.ts';
import { parsePrefix } from '../../../protocol/address.ts';
import { KubeObjects } from '../../fakes/kube-objects.ts';
import { seeded } from '../../functions/reconcile/event-source.ts';

const PREFIXES = ['10.0.7.0/24', '10.0.8.0/29'].map(parsePrefix);
const PODS = 200;

function holdingsAt(objects: KubeObjects): Holding[] {
  return [...objects.now.values()].flatMap((object) => holdingOf(LeaseObject.parse(object)) ?? []);
}

/** `isBlind`: its watch tells it nothing after the first, empty list. */
function agentAt(objects: KubeObjects, node: string, isBlind: boolean) {
  const claims = new Claims({
    client: objects,
    wallNow: () => Date.now(),
    watched: () => (isBlind ? [] : holdingsAt(objects)),
    isWatchWell: () => !isBlind,
  });
  const wish = (pod: number, container: string, prefixes = PREFIXES) => ({
    pool: 'web',
    prefixes,
    holder: { namespace: 'acme', name: `p${pod}`, uid: `u${pod}`, app: 'web', isStable: false },
    node,
    container,
  });
  return {
    claims,
    claim: (pod: number, prefixes = PREFIXES) => claims.claim(wish(pod, `c${pod}`, prefixes), 24),
    release: (pod: number, address: number) => claims.release(`c${pod}`, address, node),
  };
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await work();
    } catch (cause) {
      if (!(cause instanceof KubeError && cause.code === 'kube.unreachable')) throw cause;
    }
}

describe('many claims at once', () => {
  test.each([
    ['that see one another', false],
    ['that see nothing of one another', true],
  ])('by two agents %s give every pod one address of its own, and all are given back', async (_, isBlind) => {
    const objects = new KubeObjects(seeded(1));
    const agents = ['n1', 'n2'].map((node) => agentAt(objects, node, isBlind));
    const pods = Array.from({ length: PODS }, (_one, index) => index);
    const at = (pod: number) => agents[pod % 2] ?? agentAt(objects, 'n1', isBlind);
    const claimed = await Promise.all(pods.map((pod) => at(pod).claim(pod)));
    expect(new Set(claimed.map(({ address }) => address)).size).toBe(PODS);
    expect(objects.now.size).toBe(PODS);
    const again = await Promise.all(pods.map((pod) => at(pod).claim(pod)));
    expect(again.map(({ address }) => address)).toEqual(claimed.map(({ address }) => address));
    await Promise.all(claimed.map(({ address }, pod) => at(pod).release(pod, address)));
    expect(objects.now.size).toBe(0);
    await Promise.all(claimed.map(({ address }, pod) => at(pod).release(pod, address)));
  });

  test('whose answers are lost leave nobody with two addresses, and no address with two', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const objects = new KubeObjects(seeded(seed));
        objects.lost = 0.3;
        const agents = ['n1', 'n2'].map((node) => agentAt(objects, node, false));
        const pods = Array.from({ length: 20 }, (_one, index) => index);
        const claimed = await Promise.all(
          pods.map((pod) => patiently(async () => agents[pod % 2]?.claim(pod))),
        );
        expect(new Set(claimed.map((one) => one?.address)).size).toBe(pods.length);
        expect(objects.now.size).toBe(pods.length);
        await Promise.all(
          claimed.map((one, pod) => patiently(async () => agents[pod % 2]?.release(pod, one?.address ?? 0))),
        );
        expect(objects.now.size).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  test('for fewer addresses than pods: as many as there are get one, the others hear why', async () => {
    const objects = new KubeObjects(seeded(2));
    const agents = ['n1', 'n2'].map((node) => agentAt(objects, node, false));
    const few = [parsePrefix('10.0.8.0/29')];
    const results = await Promise.allSettled(
      Array.from({ length: 12 }, (_one, pod) => agents[pod % 2]?.claim(pod, few)),
    );
    // The first address of a /24 is nobody's.
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(7);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(CniFault);
    expect(objects.now.size).toBe(7);
  });

  test('a late deletion of an older container takes nothing from the newer one of the same pod', async () => {
    const objects = new KubeObjects(() => 0);
    const { claims, claim, release } = agentAt(objects, 'n1', false);
    const { address, holder } = await claim(1);
    const wish = { pool: 'web', prefixes: PREFIXES, holder, node: 'n1', container: 'newer' };
    expect((await claims.claim(wish, 24)).address).toBe(address);
    await release(1, address);
    expect(holdingsAt(objects).map(({ container }) => container)).toEqual(['newer']);
  });
});
