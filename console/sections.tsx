/** The pages of a tenant beside its first one: the links between them, and which of them is shown. */
import { lazy, Suspense } from 'react';
import { AppScreen } from './app-page.tsx';
import { AppsScreen } from './apps.tsx';
import { AuditScreen } from './audit.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { PoliciesScreen } from './policies.tsx';
import { EditPolicyScreen, NewPolicyScreen } from './policy-form.tsx';
import { PoolsScreen } from './pools.tsx';
import { ReachScreen } from './reach.tsx';
import { ServicesScreen } from './services.tsx';
import type { Section } from './view/sections.ts';

/** It brings the schemas of manifests and YAML along, which no other page needs. */
const ManifestScreen = lazy(async () => ({ default: (await import('./manifest.tsx')).ManifestScreen }));

const LINKED = ['apps', 'policies', 'reach', 'services', 'pools', 'audit'] as const;

export function SectionLinks({ tenant }: { readonly tenant: string }) {
  const { words } = useLanguage();
  return (
    <nav className="sections" aria-label={words.pagesOfTenant}>
      <Link to={{ kind: 'tenant', tenant }}>{words.overview}</Link>
      {LINKED.map((kind) => (
        <Link key={kind} to={{ kind: 'section', tenant, section: { kind } }}>
          {words[kind]}
        </Link>
      ))}
    </nav>
  );
}

export function SectionScreen({ tenant, section }: { readonly tenant: string; readonly section: Section }) {
  const { words } = useLanguage();
  return (
    <>
      <p className="trail">
        {words.tenant}{' '}
        <Link to={{ kind: 'tenant', tenant }}>
          <bdi>{tenant}</bdi>
        </Link>
      </p>
      <SectionLinks tenant={tenant} />
      <Suspense fallback={<p role="status">{words.loading}</p>}>
        <Inside tenant={tenant} section={section} />
      </Suspense>
    </>
  );
}

function Inside({ tenant, section }: { readonly tenant: string; readonly section: Section }) {
  switch (section.kind) {
    case 'apps':
      return <AppsScreen tenant={tenant} />;
    case 'app':
      return <AppScreen tenant={tenant} name={section.name} />;
    case 'new-app':
      return <ManifestScreen tenant={tenant} name={undefined} />;
    case 'manifest':
      return <ManifestScreen key={section.name} tenant={tenant} name={section.name} />;
    case 'policies':
      return <PoliciesScreen tenant={tenant} />;
    case 'new-policy':
      return <NewPolicyScreen tenant={tenant} />;
    case 'policy':
      return <EditPolicyScreen key={section.name} tenant={tenant} name={section.name} />;
    case 'reach':
      return <ReachScreen tenant={tenant} />;
    case 'services':
      return <ServicesScreen tenant={tenant} />;
    case 'pools':
      return <PoolsScreen tenant={tenant} />;
    case 'audit':
      return <AuditScreen tenant={tenant} />;
  }
}
