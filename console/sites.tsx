/** The sites of a tenant: how each is, what it exposes and under which addresses others see it, and a form for one more. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { Polled } from './asked.tsx';
import { Confirm } from './confirm.tsx';
import { DataTable } from './data-table.tsx';
import { edgeFacts, siteFacts } from './estate.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { PageProps } from './pages.tsx';
import { Said } from './said.tsx';
import { useSession } from './session.tsx';
import { SitePage } from './site.tsx';
import { deleteSite, edgesPoll, siteKey, sitesPoll } from './site-calls.ts';
import { SiteForm } from './site-form.tsx';
import { type SiteHealth, siteHealth } from './view/health.ts';

export function SitesPage({ tenant, below: [name] }: PageProps) {
  return name === undefined ? (
    <AllSites tenant={tenant} />
  ) : (
    <SitePage key={name} tenant={tenant} name={name} />
  );
}

function AllSites({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const { data: edges } = useQuery(edgesPoll(api, tenant));
  return (
    <div className="panels">
      <section className="wide">
        <h2>{words.sites}</h2>
        <Polled query={sitesPoll(api, tenant)}>
          {(sites, at) => <SiteTable sites={sites} edges={edges ?? []} at={at} />}
        </Polled>
      </section>
      <section>
        <h2>{words.addSite}</h2>
        <SiteForm tenant={tenant} />
      </section>
    </div>
  );
}

interface SiteTableProps {
  readonly sites: readonly Schemas['Site'][];
  readonly edges: readonly Schemas['Edge'][];
  readonly at: string;
}

interface SiteRow {
  readonly site: Schemas['Site'];
  readonly health: SiteHealth;
  readonly edges: readonly Schemas['Edge'][];
}

function SiteTable({ sites, edges, at }: SiteTableProps) {
  const { words } = useLanguage();
  const healths = siteHealth(sites.map(siteFacts), edges.map(edgeFacts), at);
  const rows = healths.flatMap((health): SiteRow[] => {
    const site = sites.find(({ metadata }) => metadata.name === health.name);
    const own = edges.filter(({ spec }) => spec.site === health.name);
    return site === undefined ? [] : [{ site, health, edges: own }];
  });
  return (
    <DataTable
      label={words.sites}
      rows={rows}
      keyOf={({ site }) => site.metadata.name}
      columns={[
        { title: words.site, cell: ({ site }) => <SiteLink site={site} /> },
        { title: words.statement, cell: ({ health }) => <Said {...health} /> },
        { title: words.prefixes, cell: ({ site }) => <Prefixes prefixes={site.status.prefixes} /> },
        { title: words.edges, cell: ({ edges: own }) => <EdgeLinks edges={own} /> },
        { title: words.lan, cell: ({ site }) => words[`${site.spec.lan}Lan`] },
        { title: words.actions, cell: ({ site }) => <RemoveSite site={site} /> },
      ]}
    />
  );
}

function SiteLink({ site: { metadata } }: { readonly site: Schemas['Site'] }) {
  const { name, tenant = '' } = metadata;
  return (
    <Link to={{ kind: 'page', tenant, page: 'sites', below: [name] }}>
      <bdi className="name">{name}</bdi>
    </Link>
  );
}

/** The real prefixes, each with the one that other sites see it under. */
export function Prefixes({ prefixes }: { readonly prefixes: Schemas['SiteStatus']['prefixes'] }) {
  return (
    <ul className="plain">
      {prefixes.map(({ real, virtual }) => (
        <li key={real}>
          <code>{real}</code> <small>→ {virtual}</small>
        </li>
      ))}
    </ul>
  );
}

export function EdgeLinks({ edges }: { readonly edges: readonly Schemas['Edge'][] }) {
  const { words } = useLanguage();
  if (edges.length === 0) return words.none;
  return (
    <ul className="plain">
      {edges.map(({ metadata: { name, tenant = '' } }) => (
        <li key={name}>
          <Link to={{ kind: 'page', tenant, page: 'edges', below: [name] }}>
            <bdi>{name}</bdi>
          </Link>
        </li>
      ))}
    </ul>
  );
}

export interface RemoveSiteProps {
  readonly site: Schemas['Site'];
  readonly onDone?: () => void;
}

export function RemoveSite({ site, onDone }: RemoveSiteProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  const { name, tenant = '' } = site.metadata;
  return (
    <Confirm
      action={words.remove}
      title={
        <>
          {words.removeSite} <bdi className="name">{name}</bdi>
        </>
      }
      perform={() => deleteSite(api, site)}
      changes={onDone === undefined ? [siteKey(tenant), ['estate']] : [['estate']]}
      {...(onDone && { onDone })}
    >
      {words.removeSiteEffect}
    </Confirm>
  );
}
