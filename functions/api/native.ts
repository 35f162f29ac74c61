/** Reads sites as native routing sees them: by their real prefixes, across all tenants. It judges nothing. */
import { type NativePair, type NativeSite, nativePairs } from '../domain/native.ts';
import type { Item, Store } from '../store/port.ts';
import { allTenantsLive } from './dependent.ts';

/** Every site of the deployment: the hubs route native prefixes of all tenants in one table. */
export async function everySite(store: Store): Promise<NativeSite[]> {
  return (await allTenantsLive(store, 'site')).map(nativeSite);
}

/** A stored site with the real prefixes that it exposes, advertised ones included. */
export function nativeSite({ key, spec, status }: Item<'site'>): NativeSite {
  return { ...spec, tenant: key.tenant, name: key.name, prefixes: status.prefixes.map(({ real }) => real) };
}

/** Native pairs in force, of all tenants; looked for only if one of these sites asks for one. */
export async function pairsInForce(
  store: Store,
  sites: readonly { readonly native: readonly string[] }[],
): Promise<NativePair[]> {
  return sites.some(({ native }) => native.length > 0) ? nativePairs(await everySite(store)) : [];
}
