/**
 * What to do with a question: pure, from what the agent's document says and who asks. It names an action, and
 * `resolver.ts` carries it out. Another tenant's names do not exist here, whoever asks.
 */
import { containsAddress, type Prefix, readAddress } from '../../protocol/address.ts';

export const ANSWER_TTL_SECONDS = 30;
/** Containers come and go. */
export const APP_TTL_SECONDS = 2;
/** Of one answer, so that it fits into the smallest datagram. */
export const ADDRESSES_MAX = 8;

export interface ServiceName {
  readonly tenant: string;
  readonly site: string;
  readonly name: string;
  readonly real: string;
  readonly virtual: string;
}

/** Where containers of an app are reached at a site. */
export interface AppName {
  readonly tenant: string;
  readonly site: string;
  readonly name: string;
  readonly endpoints: readonly { readonly real: string; readonly virtual: string }[];
}

/** Who a client is, by its source address; the first that fits. */
export interface ClientRange {
  readonly prefix: Prefix;
  readonly tenant: string;
  /** The site whose real addresses this client can reach, if it stands in that site's LAN. */
  readonly site?: string | undefined;
}

export interface NamesView {
  readonly role: 'edge' | 'hub';
  readonly domain: string;
  /** Services that are answered here. */
  readonly services: readonly ServiceName[];
  readonly apps: readonly AppName[];
  /** Virtual prefixes of an edge's own site: of what lies in them it knows better than the hubs. */
  readonly own: readonly Prefix[];
  /** Sites that are answered here, as `TENANT/SITE`: a name that is missing in one does not exist. */
  readonly sites: readonly string[];
  readonly clients: readonly ClientRange[];
}

export interface Question {
  /** Without the final dot; any case. */
  readonly name: string;
  readonly type: string;
}

export type Decision =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[]; readonly ttlSeconds: number }
  /** The name exists, but has no record of this type. */
  | { readonly kind: 'no_data' }
  | { readonly kind: 'no_name' }
  /** `own` are addresses that the name has here beside those that hubs know. */
  | { readonly kind: 'ask_hubs'; readonly own: readonly string[] }
  | { readonly kind: 'forward' }
  | { readonly kind: 'refuse' };

const LABELS_MAX = 3;

/** `silent` are sites that are not heard of now, as `TENANT/SITE`: what is there is named only if there is nothing else. */
export function decideAnswer(
  view: NamesView,
  question: Question,
  { client, silent = new Set() }: { readonly client: string; readonly silent?: ReadonlySet<string> },
): Decision {
  const from = clientOf(view, client);
  if (from === undefined) return { kind: 'refuse' };
  const labels = labelsBelow(question.name.toLowerCase(), view.domain);
  if (labels === undefined) return outside(view, from);
  if (labels.length === 0) return { kind: 'no_data' };
  const tenant = labels[labels.length - 1];
  if (tenant !== from.tenant || labels.length > LABELS_MAX) return { kind: 'no_name' };
  const asked = { labels, type: question.type, from };
  return labels.length === 2 ? appOrSite(view, asked, silent) : inside(view, asked);
}

/** A hub resolves other names only for the LAN that it stands in. */
function outside(view: NamesView, from: ClientRange): Decision {
  return view.role === 'edge' || from.site !== undefined ? { kind: 'forward' } : { kind: 'refuse' };
}

interface Inside {
  readonly labels: readonly string[];
  readonly type: string;
  readonly from: ClientRange;
}

/** `APP.TENANT`; names of sites stand at the same place and have no address. An edge knows the containers of its own site, the hubs all. */
function appOrSite(view: NamesView, { labels, type, from }: Inside, silent: ReadonlySet<string>): Decision {
  const [name = '', tenant = ''] = labels;
  const apps = view.apps.filter((app) => app.tenant === tenant && app.name === name);
  const isSite = view.sites.includes(`${tenant}/${name}`);
  const isWanted = type === 'A' || type === 'ANY';
  if (view.role === 'edge' && (isWanted || apps.length === 0))
    return { kind: 'ask_hubs', own: isWanted ? addressesOf(apps, from) : [] };
  if (apps.length === 0) return { kind: isSite ? 'no_data' : 'no_name' };
  if (!isWanted) return { kind: 'no_data' };
  const heard = apps.filter(({ site }) => !silent.has(`${tenant}/${site}`));
  const addresses = addressesOf(heard.length === 0 ? apps : heard, from);
  return { kind: 'addresses', addresses, ttlSeconds: APP_TTL_SECONDS };
}

function addressesOf(apps: readonly AppName[], from: ClientRange): string[] {
  return apps.flatMap(({ site, endpoints }) =>
    endpoints.map(({ real, virtual }) => (from.site === site ? real : virtual)),
  );
}

function inside(view: NamesView, asked: Inside): Decision {
  const { labels, from } = asked;
  if (labels.length === 1) return { kind: 'no_data' };
  const [site = '', name] = [labels[labels.length - 2], labels[labels.length - 3]];
  if (!view.sites.includes(`${from.tenant}/${site}`))
    return view.role === 'edge' ? { kind: 'ask_hubs', own: [] } : { kind: 'no_name' };
  if (name === undefined) return { kind: 'no_data' };
  const service = view.services.find(
    (known) => known.tenant === from.tenant && known.site === site && known.name === name,
  );
  if (service === undefined) return { kind: 'no_name' };
  if (asked.type !== 'A' && asked.type !== 'ANY') return { kind: 'no_data' };
  const address = from.site === site ? service.real : service.virtual;
  return { kind: 'addresses', addresses: [address], ttlSeconds: ANSWER_TTL_SECONDS };
}

function clientOf(view: NamesView, client: string): ClientRange | undefined {
  const address = readAddress(client);
  if (typeof address === 'string') return undefined;
  return view.clients.find(({ prefix }) => containsAddress(prefix, address));
}

/** Labels of the name below the domain, or undefined if it lies elsewhere. */
function labelsBelow(name: string, domain: string): readonly string[] | undefined {
  if (name === domain) return [];
  return name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1).split('.') : undefined;
}
