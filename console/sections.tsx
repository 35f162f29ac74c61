/** The pages of a tenant beside its first one: the links between them, and which of them is shown. */
import { lazy } from 'react';
import { AppScreen } from './app-page.tsx';
import { AppsScreen } from './apps.tsx';
import { AuditScreen } from './audit.tsx';
import { Loaded, TenantTrail } from './pages.tsx';
import { PoliciesScreen } from './policies.tsx';
import { EditPolicyScreen, NewPolicyScreen } from './policy-form.tsx';
import { NewPoolScreen, PoolScreen } from './pool-form.tsx';
import { PoolsScreen } from './pools.tsx';
import { ReachScreen } from './reach.tsx';
import { NewRouteScreen, RouteScreen } from './route-form.tsx';
import { NewServiceScreen, ServiceScreen } from './service-form.tsx';
import { ServicesScreen } from './services.tsx';
import type { Section } from './view/sections.ts';

/** Terminals bring xterm.js along. */
const TerminalScreen = lazy(async () => ({ default: (await import('./terminal.tsx')).TerminalScreen }));
const LogsScreen = lazy(async () => ({ default: (await import('./logs.tsx')).LogsScreen }));
/** It brings the schemas of manifests and YAML along, which no other page needs. */
const ManifestScreen = lazy(async () => ({ default: (await import('./manifest.tsx')).ManifestScreen }));

export function SectionScreen({ tenant, section }: { readonly tenant: string; readonly section: Section }) {
  return (
    <>
      <TenantTrail tenant={tenant} />
      <Loaded key={section.kind}>
        <Inside tenant={tenant} section={section} />
      </Loaded>
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
    case 'terminal':
      return <TerminalScreen key={section.name} tenant={tenant} name={section.name} />;
    case 'logs':
      return <LogsScreen key={section.name} tenant={tenant} name={section.name} />;
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
    case 'new-service':
      return <NewServiceScreen tenant={tenant} />;
    case 'service':
      return <ServiceScreen key={`${section.site}/${section.name}`} {...section} tenant={tenant} />;
    case 'new-route':
      return <NewRouteScreen tenant={tenant} />;
    case 'route':
      return <RouteScreen key={section.name} tenant={tenant} name={section.name} />;
    case 'pools':
      return <PoolsScreen tenant={tenant} />;
    case 'new-pool':
      return <NewPoolScreen tenant={tenant} />;
    case 'pool':
      return <PoolScreen key={section.name} tenant={tenant} name={section.name} />;
    case 'audit':
      return <AuditScreen tenant={tenant} />;
  }
}
