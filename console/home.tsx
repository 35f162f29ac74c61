/** The first screen: isolation, what wants a person, how sites and hubs are, and what happened lately. */
import { EstateView, edgeFacts, hubFacts, siteFacts } from './estate.tsx';
import { EventTable } from './events.tsx';
import { HealthTable } from './health-table.tsx';
import { IsolationSwitch } from './isolation.tsx';
import { useLanguage } from './language.tsx';
import { type Estate, newestFirst, type Principal } from './queries.ts';
import { TrafficNow } from './traffic.tsx';
import { agentHealth, siteHealth } from './view/health.ts';
import { WantsPerson } from './wants.tsx';

const EVENTS_SHOWN = 12;

export function HomeScreen({ principal }: { readonly principal: Principal }) {
  const { words } = useLanguage();
  return (
    <>
      <h1>{words.home}</h1>
      <EstateView principal={principal}>{(estate) => <Home estate={estate} />}</EstateView>
    </>
  );
}

function Home({ estate }: { readonly estate: Estate }) {
  const { words } = useLanguage();
  const { tenants, hubs, at } = estate;
  const edges = tenants.flatMap((state) => state.edges);
  const sites = tenants.flatMap((state) => state.sites.map(siteFacts));
  return (
    <div className="panels">
      <section>
        <h2>{words.isolation}</h2>
        {tenants.length === 0 && <p>{words.none}</p>}
        {tenants.map((state) => (
          <IsolationSwitch key={state.tenant.metadata.name} estate={estate} state={state} />
        ))}
      </section>
      <WantsPerson estate={estate} />
      <HealthTable
        title={words.sites}
        rows={siteHealth(sites, edges.map(edgeFacts), at)}
        screenOf={({ tenant = '', name }) => ({ kind: 'page', tenant, page: 'sites', below: [name] })}
      />
      {hubs !== undefined && (
        <HealthTable
          title={words.hubs}
          rows={agentHealth(hubs.map(hubFacts), at)}
          screenOf={({ name }) => ({ kind: 'deployment', page: 'hubs', below: [name] })}
        />
      )}
      <TrafficNow name="all" edges={edges} at={at} lines={[words.fromSites, words.toSites]} />
      <section className="wide">
        <h2>{words.lately}</h2>
        <EventTable events={newestFirst(tenants.flatMap(({ events }) => events)).slice(0, EVENTS_SHOWN)} />
      </section>
    </div>
  );
}
