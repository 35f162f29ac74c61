/** What is the same for services and routes that were found in a cluster: how that is shown, and how it ends. */
import type { Found, Idempotent } from '../store/port.ts';

/** Once a person has replaced it, it is theirs: no report changes it any more, and it stays when the cluster goes. */
export function disowned({ cluster: _cluster, ...kept }: Idempotent & Found): Idempotent & Found {
  return kept;
}

export function foundIn({ internal }: { readonly internal: Found }): { cluster?: string } {
  return internal.cluster === undefined ? {} : { cluster: internal.cluster };
}
