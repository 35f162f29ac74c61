/** Which page of a tenant is shown, and the way to the others. A page is loaded when it is gone to, so that the first screen stays small. */
import { Component, lazy, type ReactNode, Suspense } from 'react';
import { Button } from 'react-aria-components';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { Principal } from './queries.ts';
import { type Screen, screenAt, TENANT_PAGES, type TenantPage, type TenantPageName } from './view/screens.ts';

export interface PageProps {
  readonly principal: Principal;
  readonly tenant: string;
  /** What follows the page's name in the address. */
  readonly below: readonly string[];
}

const PAGES = {
  sites: lazy(async () => ({ default: (await import('./sites.tsx')).SitesPage })),
  edges: lazy(async () => ({ default: (await import('./edges.tsx')).EdgesPage })),
  tokens: lazy(async () => ({ default: (await import('./tokens.tsx')).TokensPage })),
  clusters: lazy(async () => ({ default: (await import('./clusters.tsx')).ClustersPage })),
  access: lazy(async () => ({ default: (await import('./access.tsx')).TenantAccessPage })),
} satisfies Readonly<Record<TenantPageName, unknown>>;

export function TenantPageScreen({ principal, screen }: { principal: Principal; screen: TenantPage }) {
  const { words } = useLanguage();
  const { tenant, page, below } = screen;
  const Page = PAGES[page];
  return (
    <>
      <TenantTrail tenant={tenant} />
      <h1>{words[page]}</h1>
      <Loaded key={page}>
        <Page principal={principal} tenant={tenant} below={below} />
      </Loaded>
    </>
  );
}

/** In the order in which people work: what runs, where it runs, who may reach it. */
const LINKED = [
  'apps',
  'sites',
  'edges',
  'clusters',
  'services',
  'policies',
  'reach',
  'pools',
  'tokens',
  'access',
  'audit',
] as const;

function screenOf(tenant: string, name: (typeof LINKED)[number]): Screen {
  const page = TENANT_PAGES.find((one) => one === name);
  if (page !== undefined) return { kind: 'page', tenant, page, below: [] };
  return screenAt(`/tenants/${encodeURIComponent(tenant)}/${name}`);
}

/** Whose page it is, and the way to all others of that tenant. */
export function TenantTrail({ tenant }: { readonly tenant: string }) {
  const { words } = useLanguage();
  return (
    <>
      <p className="trail">
        {words.tenant}{' '}
        <Link to={{ kind: 'tenant', tenant }}>
          <bdi>{tenant}</bdi>
        </Link>
      </p>
      <TenantLinks tenant={tenant} />
    </>
  );
}

/** From any page of a tenant to all the others. */
export function TenantLinks({ tenant }: { readonly tenant: string }) {
  const { words } = useLanguage();
  return (
    <nav className="pages" aria-label={words.tenant}>
      <Link to={{ kind: 'tenant', tenant }}>{words.overview}</Link>
      {LINKED.map((page) => (
        <Link key={page} to={screenOf(tenant, page)} holdsBelow>
          {words[page]}
        </Link>
      ))}
    </nav>
  );
}

/** Shows what is loaded on demand, and says so if it can't be: after an upgrade its file has another name. */
export function Loaded({ children }: { readonly children: ReactNode }) {
  const { words } = useLanguage();
  return (
    <Fallback words={words}>
      <Suspense fallback={<p role="status">{words.loading}</p>}>{children}</Suspense>
    </Fallback>
  );
}

interface FallbackProps {
  readonly words: { readonly notLoaded: string; readonly reload: string };
  readonly children: ReactNode;
}

class Fallback extends Component<FallbackProps, { readonly failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    const { words, children } = this.props;
    if (!this.state.failed) return children;
    return (
      <>
        <p role="alert">{words.notLoaded}</p>
        <Button onPress={() => location.reload()}>{words.reload}</Button>
      </>
    );
  }
}
