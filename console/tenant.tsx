/** One tenant: its switch, its sites with their prefixes, its edges, its events. */
import { EstateView, edgeFacts, siteFacts } from './estate.tsx';
import { EventTable } from './events.tsx';
import { HealthTable } from './health-table.tsx';
import { IsolationSwitch } from './isolation.tsx';
import { useLanguage } from './language.tsx';
import { TenantLinks } from './pages.tsx';
import type { Estate, Principal, TenantState } from './queries.ts';
import { agentHealth, siteHealth } from './view/health.ts';

export interface TenantScreenProps {
  readonly principal: Principal;
  readonly name: string;
}

export function TenantScreen({ principal, name }: TenantScreenProps) {
  const { words } = useLanguage();
  return (
    <EstateView principal={principal}>
      {(estate) => {
        const state = estate.tenants.find(({ tenant }) => tenant.metadata.name === name);
        return state === undefined ? (
          <h1>{words.unknownScreen}</h1>
        ) : (
          <TenantPage estate={estate} state={state} />
        );
      }}
    </EstateView>
  );
}

function TenantPage({ estate, state }: { readonly estate: Estate; readonly state: TenantState }) {
  const { words } = useLanguage();
  const { tenant, sites, edges, events } = state;
  const facts = edges.map(edgeFacts);
  return (
    <>
      <h1>
        {words.tenant} <bdi className="name">{tenant.metadata.name}</bdi>
      </h1>
      <TenantLinks tenant={tenant.metadata.name} />
      <p>{tenant.spec.description}</p>
      <div className="panels">
        <section>
          <h2>{words.isolation}</h2>
          <IsolationSwitch estate={estate} state={state} />
        </section>
        <section>
          <h2>{words.prefixes}</h2>
          {sites.length === 0 && <p>{words.none}</p>}
          <dl>
            {sites.map(({ metadata, spec }) => (
              <div key={metadata.name}>
                <dt>
                  <bdi className="name">{metadata.name}</bdi>
                </dt>
                <dd>{spec.prefixes.join(', ')}</dd>
              </div>
            ))}
          </dl>
        </section>
        <HealthTable
          title={words.sites}
          rows={siteHealth(sites.map(siteFacts), facts, estate.at)}
          screenOf={({ name }) => ({
            kind: 'page',
            tenant: tenant.metadata.name,
            page: 'sites',
            below: [name],
          })}
        />
        <HealthTable
          title={words.edges}
          rows={agentHealth(facts, estate.at)}
          screenOf={({ name }) => ({
            kind: 'page',
            tenant: tenant.metadata.name,
            page: 'edges',
            below: [name],
          })}
        />
        <section className="wide">
          <h2>{words.lately}</h2>
          <EventTable events={events} />
        </section>
      </div>
    </>
  );
}
