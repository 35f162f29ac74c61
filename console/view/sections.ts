/** The pages of a tenant beside its first one: the one way from the rest of a path to a page and back. */

export type Section =
  | { readonly kind: 'apps' }
  | { readonly kind: 'new-app' }
  | { readonly kind: 'app'; readonly name: string }
  | { readonly kind: 'manifest'; readonly name: string }
  | { readonly kind: 'terminal'; readonly name: string }
  | { readonly kind: 'logs'; readonly name: string }
  | { readonly kind: 'policies' }
  | { readonly kind: 'new-policy' }
  | { readonly kind: 'policy'; readonly name: string }
  | { readonly kind: 'reach' }
  | { readonly kind: 'services' }
  | { readonly kind: 'new-service' }
  | { readonly kind: 'service'; readonly site: string; readonly name: string }
  | { readonly kind: 'new-route' }
  | { readonly kind: 'route'; readonly name: string }
  | { readonly kind: 'pools' }
  | { readonly kind: 'new-pool' }
  | { readonly kind: 'pool'; readonly name: string }
  | { readonly kind: 'audit' };

/** Pages without a name in their path. */
export const PLAIN_SECTIONS = [
  ...(['apps', 'new-app', 'policies', 'new-policy', 'reach'] as const),
  ...(['services', 'new-service', 'new-route', 'pools', 'new-pool', 'audit'] as const),
] as const;

/** Pages of one thing, by the part of their path before its name. */
const NAMED = { policies: 'policy', routes: 'route', pools: 'pool' } as const;

/** Pages of an app, below its own. */
const PARTS = ['manifest', 'terminal', 'logs'] as const;

/** `parts`: what follows the tenant in the path, decoded; undefined if that is no page of these. */
export function sectionAt(parts: readonly string[]): Section | undefined {
  const [first, name, third, ...more] = parts;
  const kind = PLAIN_SECTIONS.find((one) => one === first);
  if (kind !== undefined && name === undefined) return { kind };
  if (name === undefined || more.length > 0) return undefined;
  if (first === 'apps' && third === undefined) return { kind: 'app', name };
  const part = PARTS.find((one) => one === third);
  if (first === 'apps' && part !== undefined) return { kind: part, name };
  if (first === 'services' && third !== undefined) return { kind: 'service', site: name, name: third };
  const named = Object.entries(NAMED).find(([one]) => one === first)?.[1];
  return named !== undefined && third === undefined ? { kind: named, name } : undefined;
}

export function sectionParts(section: Section): string[] {
  switch (section.kind) {
    case 'app':
      return ['apps', section.name];
    case 'manifest':
    case 'terminal':
    case 'logs':
      return ['apps', section.name, section.kind];
    case 'policy':
      return ['policies', section.name];
    case 'service':
      return ['services', section.site, section.name];
    case 'route':
      return ['routes', section.name];
    case 'pool':
      return ['pools', section.name];
    case 'apps':
    case 'new-app':
    case 'policies':
    case 'new-policy':
    case 'reach':
    case 'services':
    case 'new-service':
    case 'new-route':
    case 'pools':
    case 'new-pool':
    case 'audit':
      return [section.kind];
  }
}
