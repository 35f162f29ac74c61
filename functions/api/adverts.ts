/**
 * Takes in what an edge advertises: decides it against its site, and registers what an approved edge adds. What stands
 * registered stays until a person takes it out of the site.
 */
import type { RefusedAdvert } from '../../protocol/edge.ts';
import type { Mapping } from '../../protocol/site.ts';
import { acceptAdverts } from '../domain/adverts.ts';
import { isLive } from '../domain/estate.ts';
import { nativeTaken } from '../domain/native.ts';
import type { Allocator } from '../reconcile/allocate.ts';
import type { Item, ItemKey } from '../store/port.ts';
import { type Desk, findLive } from './collection.ts';
import { type Cause, nextItem } from './item.ts';
import { everySite, nativeSite } from './native.ts';
import { Rejection, refuse } from './problems.ts';

/** Writers of one site's status that one request bears before it gives up. */
const TRIES_MAX = 10;

export type AdvertDesk = Pick<Desk, 'store' | 'deployment' | 'allocator'>;

/** An edge as far as its adverts go. */
export interface Advertiser {
  readonly site: ItemKey<'site'>;
  readonly approved: boolean;
  readonly quarantined: boolean;
  /** The token's prefixes; null: every one of the allotment. */
  readonly allowed: readonly string[] | null;
  readonly advertised: readonly string[];
}

export interface AdvertsTaken {
  readonly accepted: string[];
  readonly refused: RefusedAdvert[];
}

/** What of it is accepted. The site's status is written first, hence an edge never claims what its site has not. */
export async function takeAdverts(desk: AdvertDesk, edge: Advertiser, cause: Cause): Promise<AdvertsTaken> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const site = await findLive(desk.store, edge.site);
    if (site === undefined) return { accepted: [], refused: [] };
    const decided = await decide(desk, edge, site);
    const { accepted, refused: denied, added } = decided;
    if (!isLive(edge) || added.length === 0) return { accepted, refused: denied };
    const { mappings, refused } = await allocateEach(desk.allocator, site.key, added);
    const taken = withoutRefused(decided, refused);
    if (mappings.length === 0) return taken;
    const status = { ...site.status, prefixes: [...site.status.prefixes, ...mappings] };
    if ((await desk.store.replace(nextItem(site, { status }, cause))) === 'written') return taken;
  }
  return refuse('busy', `The site ${edge.site.name} is being changed by others. Try again.`);
}

async function decide({ store, deployment }: AdvertDesk, edge: Advertiser, site: Item<'site'>) {
  const native = nativeSite(site);
  return acceptAdverts({
    allotment: site.spec.allotment,
    registered: native.prefixes,
    allowed: edge.allowed,
    advertised: edge.advertised,
    pools: deployment.pools,
    taken:
      native.native.length === 0 && native.kind !== 'vpc' ? [] : nativeTaken(native, await everySite(store)),
  });
}

/** One by one, so that a pool without room for one of them leaves the others be. */
async function allocateEach(
  allocator: Allocator,
  { tenant, name }: ItemKey<'site'>,
  reals: readonly string[],
) {
  const mappings: Mapping[] = [];
  const refused: RefusedAdvert[] = [];
  for (const real of reals) {
    const outcome = await allocator.prefixes(tenant, name, [real]);
    if (!('code' in outcome)) mappings.push(...outcome);
    else if (outcome.code === 'pool_exhausted')
      refused.push({ prefix: real, reason: 'pool_exhausted', detail: outcome.detail });
    else throw new Rejection(outcome);
  }
  return { mappings, refused };
}

function withoutRefused(decided: AdvertsTaken, refused: readonly RefusedAdvert[]): AdvertsTaken {
  const isRefused = (prefix: string) => refused.some((advert) => advert.prefix === prefix);
  return {
    accepted: decided.accepted.filter((prefix) => !isRefused(prefix)),
    refused: [...decided.refused, ...refused],
  };
}
