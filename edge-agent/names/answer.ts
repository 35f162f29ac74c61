/**
 * What to do with a question: pure, from what the agent's document says and who asks. It names an action, and
 * `resolver.ts` carries it out. Another tenant's names do not exist here, whoever asks.
 */
import { containsAddress, type Prefix, readAddress } from '../../protocol/address.ts';

export const ANSWER_TTL_SECONDS = 30;

export interface ServiceName {
  readonly tenant: string;
  readonly site: string;
  readonly name: string;
  readonly real: string;
  readonly virtual: string;
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
  | { readonly kind: 'address'; readonly address: string; readonly ttlSeconds: number }
  /** The name exists, but has no record of this type. */
  | { readonly kind: 'no_data' }
  | { readonly kind: 'no_name' }
  | { readonly kind: 'ask_hubs' }
  | { readonly kind: 'forward' }
  | { readonly kind: 'refuse' };

const LABELS_MAX = 3;

export function decideAnswer(view: NamesView, question: Question, client: string): Decision {
  const from = clientOf(view, client);
  if (from === undefined) return { kind: 'refuse' };
  const labels = labelsBelow(question.name.toLowerCase(), view.domain);
  if (labels === undefined) return outside(view, from);
  if (labels.length === 0) return { kind: 'no_data' };
  const tenant = labels[labels.length - 1];
  if (tenant !== from.tenant || labels.length > LABELS_MAX) return { kind: 'no_name' };
  return inside(view, { labels, type: question.type, from });
}

/** A hub resolves other names only for the LAN that it stands in. */
function outside(view: NamesView, from: ClientRange): Decision {
  return view.role === 'edge' || from.site !== undefined ? { kind: 'forward' } : { kind: 'refuse' };
}

function inside(
  view: NamesView,
  asked: { readonly labels: readonly string[]; readonly type: string; readonly from: ClientRange },
): Decision {
  const { labels, from } = asked;
  if (labels.length === 1) return { kind: 'no_data' };
  const [site = '', name] = [labels[labels.length - 2], labels[labels.length - 3]];
  if (!view.sites.includes(`${from.tenant}/${site}`))
    return view.role === 'edge' ? { kind: 'ask_hubs' } : { kind: 'no_name' };
  if (name === undefined) return { kind: 'no_data' };
  const service = view.services.find(
    (known) => known.tenant === from.tenant && known.site === site && known.name === name,
  );
  if (service === undefined) return { kind: 'no_name' };
  if (asked.type !== 'A' && asked.type !== 'ANY') return { kind: 'no_data' };
  const address = from.site === site ? service.real : service.virtual;
  return { kind: 'address', address, ttlSeconds: ANSWER_TTL_SECONDS };
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
