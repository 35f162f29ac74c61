/**
 * A pool: addresses kept for apps, so that a container of an app has one of them in whatever cluster it runs. A range is of one cluster, which
 * hands its addresses out; ranges at one site never overlap, so that none is handed out twice. At different sites they may be equal.
 */
import { z } from 'zod';
import { Address, Cidr } from './address.ts';
import { Condition, creation, listOf, Name, replacement, resource, Timestamp } from './metadata.ts';

/** On a Kubernetes pod: the pool that its address comes from. The driver writes it, the agent on the pod's node reads it. */
export const POOL_ANNOTATION = 'isthmus.dev/pool';

const RANGES_MAX = 64;
const ADDRESSES_MAX = 4_096;

export const PoolRange = z
  .strictObject({
    cluster: Name,
    prefix: Cidr.meta({
      description: "Real addresses inside an exposed prefix of the cluster's site; /20 or narrower",
    }),
  })
  .meta({ id: 'PoolRange' });
export type PoolRange = z.infer<typeof PoolRange>;

export const PoolSpec = z
  .strictObject({ ranges: z.array(PoolRange).min(1).max(RANGES_MAX) })
  .meta({ id: 'PoolSpec' });
export type PoolSpec = z.infer<typeof PoolSpec>;

/** An address that an app's container has, or keeps until it is back. `holder` is `NAMESPACE/POD` or a container's name. */
export const Reservation = z
  .strictObject({
    address: Address,
    cluster: Name,
    app: z.string().max(253),
    holder: z.string().max(507),
    node: z.string().max(253),
    state: z.enum(['held', 'kept']).meta({ description: 'kept: its container is gone and expected back' }),
  })
  .meta({ id: 'Reservation' });
export type Reservation = z.infer<typeof Reservation>;

export const PoolStatus = z
  .strictObject({
    size: z.int(),
    free: z.int(),
    reservations: z.array(Reservation).max(ADDRESSES_MAX),
    told: z
      .array(z.strictObject({ cluster: Name, observedAt: Timestamp.optional() }))
      .meta({ description: 'When the edge of each cluster told of its reservations; absent: never yet' }),
    conditions: z.array(Condition),
  })
  .meta({ id: 'PoolStatus' });
export type PoolStatus = z.infer<typeof PoolStatus>;
export const Pool = resource('Pool', PoolSpec, PoolStatus);
export type Pool = z.infer<typeof Pool>;
export const PoolList = listOf('PoolList', Pool);
export const PoolCreation = creation('PoolCreation', PoolSpec);
export const PoolReplacement = replacement('PoolReplacement', PoolSpec);
