/** What a request is about, as far as rights go: the kind, the name, and the site. Reads no more than the caller's grants make it necessary to know. */
import { z } from 'zod';
import type { Refusal } from '../../protocol/problem.ts';
import { type Action, type Caller, mayUser, type Scope, type ScopeKind } from '../domain/authorize.ts';
import type { Item, Store } from '../store/port.ts';
import type { Arrival } from './operation.ts';

/** As much of a body as says what it is about. What is wrong with it is for its own schema to say. */
const About = z
  .object({
    metadata: z
      .object({ name: z.string().optional().catch(undefined) })
      .optional()
      .catch(undefined),
    spec: z
      .object({ site: z.string().optional().catch(undefined) })
      .optional()
      .catch(undefined),
  })
  .catch({});

/** Kinds of which the item itself says where it stands. */
const STANDING = ['edge', 'cluster', 'token'] as const;
type Standing = (typeof STANDING)[number];

export interface Wish {
  readonly action: Action;
  readonly kind: ScopeKind;
}

/** True, or why not. What moves between sites takes the right at both. */
export async function mayCall(
  store: Store,
  caller: Caller,
  { wish, arrival }: { readonly wish: Wish; readonly arrival: Arrival },
): Promise<true | Refusal> {
  const { params } = arrival;
  const scope: Scope = {
    tenant: params['tenant'] ?? '*',
    kind: wish.kind,
    name: params[wish.kind],
    site: params['site'],
  };
  if (!isLimited(caller)) return mayUser(caller, wish.action, scope);
  const about = await aboutOf(arrival);
  const named = { ...scope, name: scope.name ?? about.metadata?.name };
  for (const site of await sitesOf(store, named, about.spec?.site)) {
    const answer = mayUser(caller, wish.action, { ...named, site });
    if (answer !== true) return answer;
  }
  return true;
}

/** What of a list is shown to a caller. */
export function mayRead(caller: Caller, item: Item): boolean {
  return mayUser(caller, 'read', scopeOf(item)) === true;
}

function scopeOf(item: Item): Scope {
  const { kind, tenant, name } = item.key;
  if (kind !== 'service') return { tenant, kind, name, site: standOf(item) };
  const [site, own] = name.split('/');
  return { tenant, kind, name: own, site };
}

function standOf({ key, spec }: Item): string | undefined {
  return isStanding(key.kind) && 'site' in spec && typeof spec.site === 'string' ? spec.site : undefined;
}

function isLimited({ grants }: Caller): boolean {
  return grants.some(
    ({ rules, sites }) => sites !== undefined || rules.some((rule) => rule.names ?? rule.sites),
  );
}

async function aboutOf({ request, body }: Arrival): Promise<z.infer<typeof About>> {
  if (request.method === 'GET' || request.method === 'DELETE') return {};
  try {
    return About.parse(JSON.parse(new TextDecoder().decode(await body())));
  } catch {
    return {};
  }
}

/** All sites that the request touches; one that is undefined if it touches none. */
async function sitesOf(
  store: Store,
  scope: Scope,
  wanted: string | undefined,
): Promise<(string | undefined)[]> {
  const { kind, tenant, name } = scope;
  if (scope.site !== undefined || !isStanding(kind)) return [scope.site];
  const item = name === undefined ? undefined : await store.get({ kind, tenant, name });
  const sites = [item?.spec.site, wanted].filter((site) => site !== undefined);
  return sites.length === 0 ? [undefined] : [...new Set(sites)];
}

function isStanding(kind: ScopeKind): kind is Standing {
  return STANDING.some((standing) => standing === kind);
}
