/**
 * Browsers and clusters: the public name of a cluster, which follows from its own and can't be claimed, and whether a browser can reach it by that
 * name. It must not be about who may do what there: that is the same for every client.
 */
import type { BrowserAccess, CertificateTold, ClusterKind } from '../../protocol/cluster.ts';
import type { ClusterLeaf } from '../../protocol/cluster-leaf.ts';
import { isBefore } from '../../protocol/time.ts';
import type { BrowserFacts, ClusterPlace } from './estate.ts';

/** Whether clients reach its API by the hubs. */
export function isPassedOn(kind: ClusterKind): boolean {
  return kind === 'kubernetes';
}

/** One label each, so that no two clusters have one name and a certificate for `*.TENANT.DOMAIN` is good for all of a tenant. */
export function publicHost(tenant: string, cluster: string, domain: string): string {
  return `${cluster}.${tenant}.${domain}`;
}

export function isClusterName(host: string, domain: string | undefined): boolean {
  return domain !== undefined && (host === domain || host.endsWith(`.${domain}`));
}

/** What the edge of a cluster is told of browsers: nothing if it would not understand. */
export function browsersOf(
  tenant: string,
  { name, kind, knowsBrowsers }: Pick<ClusterPlace, 'name' | 'kind' | 'knowsBrowsers'>,
  browsers: BrowserFacts | undefined,
): Pick<ClusterLeaf, 'browsers'> {
  if (browsers === undefined || !knowsBrowsers || !isPassedOn(kind)) return {};
  return { browsers: { host: publicHost(tenant, name, browsers.domain), origins: [...browsers.origins] } };
}

export interface BrowserEvidence {
  readonly kind: ClusterKind;
  /** Absent without a domain of clusters. */
  readonly host: string | undefined;
  readonly isEdgeLive: boolean;
  /** What its edge told last of its certificate. */
  readonly told: CertificateTold | undefined;
  readonly now: string;
}

/** The first thing that is missing, in the order in which people mend it. */
export function browserAccess({ kind, host, isEdgeLive, told, now }: BrowserEvidence): BrowserAccess {
  if (!isPassedOn(kind))
    return {
      state: 'not_passed_on',
      detail: `The API of a ${kind} cluster is not passed on, so no browser reaches it.`,
    };
  if (host === undefined) return { state: 'no_domain', detail: NO_DOMAIN };
  if (!isEdgeLive)
    return {
      state: 'no_edge',
      host,
      detail: 'Its edge is gone, not approved or in quarantine: nothing leads there.',
    };
  if (told === undefined)
    return {
      state: 'not_told',
      host,
      detail:
        'Its edge has not told yet whether it has a certificate. One of an earlier version never does: upgrade it.',
    };
  const { state, until, detail } = told;
  const known = { host, ...(until === undefined ? {} : { until }) };
  if (state !== 'served') return { state, ...known, detail };
  if (until !== undefined && isBefore(until, now))
    return { state: 'expired', ...known, detail: `The certificate ended at ${until}. Renew it at the edge.` };
  return { state: 'ready', ...known, detail };
}

const NO_DOMAIN =
  'The deployment has no domain of clusters. Give it one: --cluster-domain at npm start, or -c clusterDomain at npm run deploy.';
