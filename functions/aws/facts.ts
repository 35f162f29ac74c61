/** Facts of the deployment from what is configured. Ids of roots follow from the keys, so nothing can name one wrongly. */
import { createHash } from 'node:crypto';
import { DOMAIN } from '../../protocol/service.ts';
import type { SigningRoot } from '../../protocol/signing-root.ts';
import type { DeploymentFacts } from '../domain/estate.ts';
import type { Environment } from './environment.ts';

/** How often agents ask although nobody nudged them. Each time costs a request, and a nudge is what a change rests on. */
export const POLL_SECONDS = 900;
const ID_DIGITS = 16;

type Configured = Pick<Environment, 'roots' | 'pools'> &
  Partial<Pick<Environment, 'clusterDomain' | 'consoleUrl'>>;

/** `roots`: SPKI, DER in base64; the first one signs. */
export function factsOf({ roots, pools, clusterDomain = '', consoleUrl = '' }: Configured): DeploymentFacts {
  const isNamed = clusterDomain !== '' && consoleUrl !== '';
  return {
    pools,
    domain: DOMAIN,
    roots: roots.map(rootOf),
    pollSeconds: POLL_SECONDS,
    ...(isNamed ? { browsers: { domain: clusterDomain, origins: [new URL(consoleUrl).origin] } } : {}),
  };
}

/** `spki`: DER in base64. */
export function rootOf(spki: string): SigningRoot {
  const hash = createHash('sha256').update(Buffer.from(spki, 'base64')).digest('hex');
  return { id: hash.slice(0, ID_DIGITS), publicKey: spki };
}
