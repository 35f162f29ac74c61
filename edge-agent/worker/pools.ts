/**
 * The pools of one cluster at its edge: tells the agents on the nodes which there are, tells the control plane who has what, and gives back what was held by
 * containers that are gone for good without a word. Which those are is decided in `node/allocation.ts`.
 */
import { z } from 'zod';
import { formatAddress } from '../../protocol/address.ts';
import type { ClusterReport } from '../../protocol/cluster-report.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError, undefinedOn } from '../kube/errors.ts';
import { type ListQuery, listAll } from '../kube/list.ts';
import { ObjectMeta, pathOf } from '../kube/objects.ts';
import { afterDelete, type Sweep, sweepsOf } from '../node/allocation.ts';
import {
  type Holding,
  holdingOf,
  LEASES_PATH,
  LeaseObject,
  leaseName,
  leaseOf,
  POOL_LABEL,
} from '../node/holding.ts';
import { POOLS_MAP, POOLS_PATH, type Pools, poolsMapOf } from '../node/pools.ts';

const HOLDINGS_MAX = 5_000;
const OBJECTS_MAX = 20_000;
/** Pods and holdings are not read at one moment. */
const SETTLE_MS = 60_000;
const METADATA_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const STATEFUL_SETS = pathOf({ group: 'apps', version: 'v1', resource: 'statefulsets' });

type Reservations = NonNullable<ClusterReport['reservations']>;

export interface PoolKeeperOptions {
  readonly client: KubeClient;
  readonly cluster: string;
  readonly wallNow: () => number;
  readonly log: (line: string) => void;
  /** Holdings younger than this are nobody's business yet; a minute unless given. */
  readonly settleMs?: number;
}

export class PoolKeeper {
  readonly #options: PoolKeeperOptions;
  #wanted: Pools | undefined;
  #published = '';
  #holdings: readonly Holding[] | undefined;

  constructor(options: PoolKeeperOptions) {
    this.#options = options;
  }

  /** What the document says; undefined while it does not speak of this cluster. */
  set(pools: Pools | undefined): void {
    this.#wanted = pools;
  }

  /** Undefined until they were read: a cluster that has never had a pool is asked nothing. */
  reservations(): Reservations | undefined {
    return this.#holdings?.map(({ address, pool, holder, node, state }) => ({
      pool,
      address: formatAddress(address),
      cluster: this.#options.cluster,
      app: holder.app,
      holder: `${holder.namespace}/${holder.name}`,
      node,
      state,
    }));
  }

  /** One round; rejects with what the API server refuses. */
  async pass(): Promise<void> {
    if (this.#wanted === undefined) return;
    await this.#publish(this.#wanted);
    const hasNone = this.#wanted.pools.length === 0 && (this.#holdings ?? []).length === 0;
    if (hasNone && this.#holdings !== undefined) return;
    this.#holdings = await this.#readHoldings();
    await this.#sweep(this.#holdings);
  }

  /** What somebody changed of it is put back at the next start, or when the document changes. */
  async #publish(pools: Pools): Promise<void> {
    const text = JSON.stringify(poolsMapOf(pools));
    if (text === this.#published) return;
    // In a cluster that never had a pool nothing is made.
    if (pools.pools.length === 0 && !(await this.#isPublished())) return;
    await this.#options.client.text({
      method: 'PATCH',
      path: `${POOLS_PATH}/${POOLS_MAP}`,
      query: { fieldManager: 'isthmus', force: 'true' },
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: text,
    });
    this.#published = text;
  }

  async #isPublished(): Promise<boolean> {
    const reading = this.#options.client.text({ method: 'GET', path: `${POOLS_PATH}/${POOLS_MAP}` });
    return (await undefinedOn(reading, ['kube.not_found'])) !== undefined;
  }

  async #readHoldings(): Promise<readonly Holding[]> {
    const leases = await listWhole(this.#options.client, LeaseObject, {
      path: LEASES_PATH,
      labelSelector: POOL_LABEL,
      max: HOLDINGS_MAX,
    });
    return leases.flatMap((lease) => holdingOf(lease) ?? []);
  }

  async #sweep(holdings: readonly Holding[]): Promise<void> {
    const { wallNow, settleMs = SETTLE_MS } = this.#options;
    const isOld = ({ sinceMs }: Holding) => wallNow() - sinceMs >= settleMs;
    if (!holdings.some(isOld)) return;
    const [pods, sets] = await Promise.all([this.#objects('/api/v1/pods'), this.#objects(STATEFUL_SETS)]);
    const presence = {
      pods: new Set(pods.map(({ uid = '' }) => uid)),
      statefulSets: new Set(sets.map(({ namespace = '', name }) => `${namespace}/${name}`)),
      nowMs: wallNow(),
    };
    for (const sweep of sweepsOf(holdings, presence, settleMs)) await this.#giveBack(sweep);
  }

  /** In exactly the version that was judged. That its pod is not there is asked once more, of that pod alone, because lists are long and take a while. */
  async #giveBack({ kind, holding }: Sweep): Promise<void> {
    const { client, wallNow, log } = this.#options;
    if (await this.#isThere(holding)) return;
    const path = `${LEASES_PATH}/${leaseName(holding.address)}`;
    const kept = kind === 'keep' ? afterDelete(holding, wallNow()) : undefined;
    const preconditions = { resourceVersion: holding.version };
    const call =
      kept === undefined
        ? ({ method: 'DELETE', body: JSON.stringify({ ...DELETION, preconditions }) } as const)
        : ({ method: 'PUT', body: JSON.stringify(leaseOf(kept)) } as const);
    try {
      await client.text({ ...call, path });
      const { namespace, name } = holding.holder;
      log(`${formatAddress(holding.address)} was given back: ${namespace}/${name} is gone for good`);
    } catch (cause) {
      // Somebody was faster: it is another's by now, or free.
      if (!(cause instanceof KubeError && ['kube.conflict', 'kube.not_found'].includes(cause.code)))
        throw cause;
    }
  }

  async #isThere({ holder }: Holding): Promise<boolean> {
    const { namespace, name, uid } = holder;
    if (name === '') return false;
    const path = pathOf({ group: '', version: 'v1', resource: 'pods', namespace, name });
    const reading = this.#options.client.json(Named, { method: 'GET', path });
    return (await undefinedOn(reading, ['kube.not_found']))?.metadata.uid === uid;
  }

  async #objects(path: string): Promise<readonly z.infer<typeof ObjectMeta>[]> {
    const found = await listWhole(this.#options.client, Named, {
      path,
      max: OBJECTS_MAX,
      accept: METADATA_ONLY,
    });
    return found.map(({ metadata }) => metadata);
  }
}

const DELETION = { apiVersion: 'v1', kind: 'DeleteOptions' } as const;
const Named = z.looseObject({ metadata: ObjectMeta });

/** Throws where there are more than `max`: of a part nothing can be concluded. */
async function listWhole<Item extends z.ZodType>(
  client: KubeClient,
  item: Item,
  { max, ...query }: ListQuery & { readonly max: number },
): Promise<z.infer<Item>[]> {
  const all = await listAll(client, item, { ...query, max: max + 1 });
  if (all.length > max)
    throw new Error(`${query.path} has more than ${max} objects: addresses are not given back`);
  return all;
}
