/**
 * What version of the state a read must be answered from: the table of Kubernetes' page on resource versions, as one function.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list
 */
import type { ListOptions } from './list-options.ts';

export type Need =
  /** At least as new as the moment at which the request came. */
  | { readonly kind: 'fresh' }
  /** Whatever is there. */
  | { readonly kind: 'any' }
  | { readonly kind: 'not_older'; readonly version: number }
  | { readonly kind: 'exact'; readonly version: number }
  /** The version is inside the token. */
  | { readonly kind: 'page'; readonly token: string };

export function listNeed({ version, match, limit, continue: token }: ListOptions): Need {
  if (token !== '') return { kind: 'page', token };
  if (version === '') return { kind: 'fresh' };
  if (version === '0') return { kind: 'any' };
  // A limit makes an unnamed match exact, for the sake of older clients.
  const isExact = match === 'Exact' || (match === '' && limit > 0);
  return { kind: isExact ? 'exact' : 'not_older', version: Number(version) };
}

/** The limit that counts: it is ignored where any version will do. */
export function listLimit({ version, limit }: ListOptions): number {
  return version === '0' ? 0 : limit;
}

export function getNeed({ version }: Pick<ListOptions, 'version'>): Need {
  if (version === '') return { kind: 'fresh' };
  return version === '0' ? { kind: 'any' } : { kind: 'not_older', version: Number(version) };
}

export type WatchStart =
  /** The state as added objects first, then what follows. */
  | { readonly kind: 'state'; readonly need: Need }
  | { readonly kind: 'after'; readonly version: number }
  /** Only the server knows. */
  | { readonly kind: 'upstream' };

export function watchStart({ version, sendInitialEvents }: ListOptions): WatchStart {
  const hasVersion = version !== '' && version !== '0';
  if (sendInitialEvents === true || (sendInitialEvents === undefined && !hasVersion))
    return { kind: 'state', need: getNeed({ version }) };
  return hasVersion ? { kind: 'after', version: Number(version) } : { kind: 'upstream' };
}
