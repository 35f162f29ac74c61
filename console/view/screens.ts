/** Every screen has an address: the one way from a path to a screen and back. What is no screen is said so, not guessed at. */
import { type Section, sectionAt, sectionParts } from './sections.ts';

/** Pages of a tenant: `/tenants/TENANT/PAGE`, with what is shown of one thing below it. */
export const TENANT_PAGES = ['sites', 'edges', 'tokens', 'clusters', 'access'] as const;
export type TenantPageName = (typeof TENANT_PAGES)[number];

/** Pages of the deployment: `/PAGE`, with one thing below it. */
export const DEPLOYMENT_PAGES = ['hubs', 'access'] as const;
export type DeploymentPageName = (typeof DEPLOYMENT_PAGES)[number];

export type Screen =
  | { readonly kind: 'home' }
  | { readonly kind: 'events' }
  | { readonly kind: 'topology' }
  | { readonly kind: 'deployment'; readonly page: DeploymentPageName; readonly below: readonly string[] }
  | { readonly kind: 'tenant'; readonly tenant: string }
  | TenantPage
  | { readonly kind: 'section'; readonly tenant: string; readonly section: Section }
  | { readonly kind: 'unknown'; readonly path: string };

export interface TenantPage {
  readonly kind: 'page';
  readonly tenant: string;
  readonly page: TenantPageName;
  /** The name of one thing of the page, and after it a part of that thing. */
  readonly below: readonly string[];
}

const BELOW_MAX = 3;

export function screenAt(path: string): Screen {
  const unknown: Screen = { kind: 'unknown', path };
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const known = parts.filter((part) => part !== undefined);
  if (known.length < parts.length) return unknown;
  const [first, second, ...more] = known;
  const page = DEPLOYMENT_PAGES.find((candidate) => candidate === first);
  if (page !== undefined && known.length <= 1 + BELOW_MAX)
    return { kind: 'deployment', page, below: known.slice(1) };
  if (first === undefined) return { kind: 'home' };
  if (first === 'events' && second === undefined) return { kind: 'events' };
  if (first === 'topology' && second === undefined) return { kind: 'topology' };
  if (first !== 'tenants' || second === undefined) return unknown;
  return tenantScreen(second, more) ?? unknown;
}

function tenantScreen(tenant: string, [name, ...below]: readonly string[]): Screen | undefined {
  if (name === undefined) return { kind: 'tenant', tenant };
  const section = sectionAt([name, ...below]);
  if (section !== undefined) return { kind: 'section', tenant, section };
  const page = TENANT_PAGES.find((candidate) => candidate === name);
  return page === undefined || below.length > BELOW_MAX ? undefined : { kind: 'page', tenant, page, below };
}

export function pathOf(screen: Screen): string {
  switch (screen.kind) {
    case 'home':
      return '/';
    case 'events':
      return '/events';
    case 'topology':
      return '/topology';
    case 'deployment':
      return joined(screen.page, ...screen.below);
    case 'tenant':
      return joined('tenants', screen.tenant);
    case 'page':
      return joined('tenants', screen.tenant, screen.page, ...screen.below);
    case 'section':
      return joined('tenants', screen.tenant, ...sectionParts(screen.section));
    case 'unknown':
      return screen.path;
  }
}

function joined(...parts: readonly string[]): string {
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
