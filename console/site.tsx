/** One site: what is said of it, what it exposes, and its spec to change, with what that would do before it is done. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { Polled } from './asked.tsx';
import { ConditionTable } from './conditions.tsx';
import { useLanguage } from './language.tsx';
import { goTo, Link } from './navigation.tsx';
import { servicesPoll } from './service-calls.ts';
import { useSession } from './session.tsx';
import { edgesPoll, sitePoll, sitesPoll } from './site-calls.ts';
import { SiteEditor } from './site-editor.tsx';
import { EdgeLinks, Prefixes, RemoveSite } from './sites.tsx';

export interface SitePageProps {
  readonly tenant: string;
  readonly name: string;
}

export function SitePage({ tenant, name }: SitePageProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <Polled query={sitePoll(api, tenant, name)}>
      {(site, at) => (
        <div className="panels">
          <section className="wide">
            <h2>
              {words.site} <bdi className="name">{name}</bdi>
            </h2>
            <div className="choices">
              <RemoveSite
                site={site}
                onDone={() => goTo({ kind: 'page', tenant, page: 'sites', below: [] })}
              />
            </div>
            <ConditionTable conditions={site.status.conditions} at={at} />
          </section>
          <Around site={site} />
        </div>
      )}
    </Polled>
  );
}

/** What belongs to it has to be known before it can be said what a change would do. */
function Around({ site }: { readonly site: Schemas['Site'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const { name, tenant = '' } = site.metadata;
  const { data: edges } = useQuery(edgesPoll(api, tenant));
  const { data: services } = useQuery(servicesPoll(api, tenant));
  const { data: sites } = useQuery(sitesPoll(api, tenant));
  const own = services?.filter(({ status }) => status.site === name);
  return (
    <>
      <section className="wide">
        <h2>{words.exposed}</h2>
        <Prefixes prefixes={site.status.prefixes} />
        <h3>{words.edges}</h3>
        <EdgeLinks edges={edges?.filter(({ spec }) => spec.site === name) ?? []} />
        <h3>{words.serviceNames}</h3>
        <ServiceLinks services={own ?? []} />
      </section>
      {edges !== undefined && own !== undefined && sites !== undefined && (
        <SiteEditor site={site} edges={edges} services={own} sites={sites} />
      )}
    </>
  );
}

function ServiceLinks({ services }: { readonly services: readonly Schemas['Service'][] }) {
  const { words } = useLanguage();
  if (services.length === 0) return <p>{words.none}</p>;
  return (
    <ul className="plain">
      {services.map(({ metadata: { name, tenant = '' }, spec, status }) => (
        <li key={name}>
          <Link to={{ kind: 'section', tenant, section: { kind: 'service', site: status.site, name } }}>
            <bdi>{name}</bdi>
          </Link>{' '}
          <small>{spec.address}</small>
        </li>
      ))}
    </ul>
  );
}
