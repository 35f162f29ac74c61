/** The first screen: isolation, what wants a person, how sites and hubs are, and what happened lately. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { EstateView, edgeFacts, hubFacts, siteFacts } from './estate.tsx';
import { EventTable } from './events.tsx';
import { HealthTable } from './health-table.tsx';
import { IsolationSwitch } from './isolation.tsx';
import { useLanguage } from './language.tsx';
import { approveEdge, type Estate, newestFirst, type Principal } from './queries.ts';
import { useSession } from './session.tsx';
import { TrafficNow } from './traffic.tsx';
import { agentHealth, siteHealth, wantsPerson } from './view/health.ts';

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
      <WantsPerson edges={edges} />
      <HealthTable title={words.sites} rows={siteHealth(sites, edges.map(edgeFacts), at)} />
      {hubs !== undefined && <HealthTable title={words.hubs} rows={agentHealth(hubs.map(hubFacts), at)} />}
      <TrafficNow name="all" edges={edges} at={at} lines={[words.fromSites, words.toSites]} />
      <section className="wide">
        <h2>{words.lately}</h2>
        <EventTable events={newestFirst(tenants.flatMap(({ events }) => events)).slice(0, EVENTS_SHOWN)} />
      </section>
    </div>
  );
}

function WantsPerson({ edges }: { readonly edges: readonly Schemas['Edge'][] }) {
  const { words } = useLanguage();
  const wanting = wantsPerson(edges.map(edgeFacts));
  const shown = edges.filter(({ metadata }) =>
    wanting.some(({ name, tenant }) => name === metadata.name && tenant === metadata.tenant),
  );
  return (
    <section>
      <h2>{words.wantsPerson}</h2>
      {shown.length === 0 && <p>{words.nothingWants}</p>}
      {shown.map((edge) => (
        <EdgeInQuestion key={`${edge.metadata.tenant}/${edge.metadata.name}`} edge={edge} />
      ))}
    </section>
  );
}

function EdgeInQuestion({ edge }: { readonly edge: Schemas['Edge'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const queries = useQueryClient();
  const approve = useMutation({
    mutationFn: () => approveEdge(api, edge),
    onSettled: () => queries.invalidateQueries({ queryKey: ['estate'] }),
  });
  const reason = edge.status.conditions.find(({ status }) => status === 'False')?.message;
  return (
    <div className="question">
      <bdi className="name">{edge.metadata.name}</bdi> <span>{approve.error?.message ?? reason}</span>{' '}
      {!edge.spec.approved && <Button onPress={() => approve.mutate()}>{words.approve}</Button>}
    </div>
  );
}
