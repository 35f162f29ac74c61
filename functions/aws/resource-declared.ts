/**
 * What a template declares of a resource, parsed, and what a physical id says. It calls nobody.
 *
 * A physical id tells a later event what this stack holds, since nothing else is remembered between events:
 *   /v1/...             the stack made what is at this path; it goes with the stack
 *   adopted:/v1/...     it was there before; the stack changes it, and leaves it behind
 *   nothing:REQUEST     a creation was refused, so there is nothing to delete
 *   unseen:REQUEST      a creation did not reach the API; if an earlier try of the same event did, it is looked for
 *   anything else       a creation without a clear answer (CloudFormation makes up an id where none was answered)
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Name } from '../../protocol/metadata.ts';
import { PolicySpec } from '../../protocol/policy.ts';
import { RouteSpec } from '../../protocol/route.ts';
import { ServiceSpec } from '../../protocol/service.ts';
import { SiteSpec } from '../../protocol/site.ts';
import { TenantSpec } from '../../protocol/tenant.ts';

/** Specs by the last word of their collection. */
const SPECS = {
  tenants: TenantSpec,
  sites: SiteSpec,
  services: ServiceSpec,
  routes: RouteSpec,
  policies: PolicySpec,
};
export type Plural = keyof typeof SPECS;

const LABEL = '[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?';
const PLACE = `/v1/tenants(?:/${LABEL}/(?:routes|policies|sites(?:/${LABEL}/services)?))?`;
/** Hubs, keys and tokens are not for stacks. The patterns also keep any other path from being called. */
const COLLECTION = new RegExp(`^${PLACE}$`);
const HELD = new RegExp(`^(?<prefix>adopted:|)(?<path>${PLACE}/${LABEL})$`);

const Spec = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'Write the spec as the text of a JSON object.' });
    return z.NEVER;
  }
});

const Properties = z.object({
  url: z.url().refine(isSafe, 'Write the URL of the API as https://HOST.'),
  keySecret: z.string().min(1),
  collection: z.string().regex(COLLECTION, 'Write a collection such as /v1/tenants/TENANT/sites.'),
  name: Name,
  /** One JSON text: CloudFormation would turn numbers and booleans among its own properties into strings. */
  spec: Spec,
});

/** A resource as a template declares it. */
export interface Declared {
  /** Without a slash at the end. */
  readonly url: string;
  readonly keySecret: string;
  readonly collection: string;
  readonly plural: Plural;
  readonly name: string;
  readonly path: string;
  readonly spec: unknown;
}

export type Holding =
  | { readonly kind: 'made' | 'adopted'; readonly path: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unseen' }
  | { readonly kind: 'unsure' };

/** The declared resource, or a sentence that says what is wrong with it. */
export function readDeclared(properties: unknown): Declared | string {
  const parsed = Properties.safeParse(properties);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `The property ${issue?.path.join('.') ?? ''} is wrong: ${issue?.message ?? ''}`;
  }
  const { url, keySecret, collection, name, spec } = parsed.data;
  const plural = pluralOf(collection);
  return {
    url: url.replace(/\/+$/, ''),
    keySecret,
    collection,
    plural,
    name,
    path: `${collection}/${name}`,
    spec,
  };
}

/** The key goes over TLS only; a test's server on this very machine may do without. */
function isSafe(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(127\.0\.0\.1|(.+\.)?localhost)$/.test(hostname);
}

function pluralOf(path: string): Plural {
  const last = path.slice(path.lastIndexOf('/') + 1);
  const found = Object.keys(SPECS).find((plural): plural is Plural => plural === last);
  if (found === undefined) throw new Error(`there is no collection ${last}`);
  return found;
}

/** The spec with its defaults, as the API stores it; undefined if it is no valid one. */
export function completeSpec(plural: Plural, spec: unknown): unknown {
  return SPECS[plural].safeParse(spec).data;
}

export function readHolding(physicalId: string | undefined): Holding {
  const { prefix = '', path = '' } = HELD.exec(physicalId ?? '')?.groups ?? {};
  if (path !== '') return { kind: prefix === '' ? 'made' : 'adopted', path };
  const kind = /^(nothing|unseen):/.exec(physicalId ?? '')?.[1];
  return { kind: kind === 'nothing' || kind === 'unseen' ? kind : 'unsure' };
}

export function formatHolding(holding: Holding, requestId: string): string {
  if (holding.kind === 'made') return holding.path;
  return holding.kind === 'adopted' ? `adopted:${holding.path}` : `${holding.kind}:${requestId}`;
}

/**
 * The Idempotency-Key of a stack for a path: the API keeps it in what it creates, so that a creation sent again under
 * it also tells whether what is there was made by this stack. A stack's id is never used again.
 */
export function idempotencyKey(stackId: string, path: string): string {
  return `cloudformation-${createHash('sha256').update(`${stackId} ${path}`).digest('hex')}`;
}
