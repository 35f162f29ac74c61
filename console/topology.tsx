/** The topology: everything that the key may see as one picture, drawn as wide as there is room, and what is said of the one that is pointed at. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { allOf, dataOf } from './answer.ts';
import { pollOf } from './asked.tsx';
import { EstateView, edgeFacts, hubFacts, siteFacts } from './estate.tsx';
import { useLanguage } from './language.tsx';
import type { Estate, Principal } from './queries.ts';
import { useSession } from './session.tsx';
import { listOf } from './site-calls.ts';
import { TopologyPicture } from './topology-picture.tsx';
import { SiteSaid } from './topology-said.tsx';
import { linkKey, useTraffic } from './traffic.tsx';
import { pictureOf } from './view/topology.ts';
import { type Told, topologyOf } from './view/topology-facts.ts';
import type { Traffic } from './view/traffic.ts';

/** Clusters come and go seldom, and there is a question a tenant. */
const CLUSTERS_POLL_MS = 20_000;
const WIDTH_MIN = 280;

export function TopologyScreen({ principal }: { readonly principal: Principal }) {
  const { words } = useLanguage();
  return (
    <>
      <h1>{words.topology}</h1>
      <EstateView principal={principal}>{(estate) => <Topology estate={estate} />}</EstateView>
    </>
  );
}

type Clusters = Told['tenants'][number]['clusters'];

function Topology({ estate }: { readonly estate: Estate }) {
  const { words } = useLanguage();
  const { api } = useSession();
  const names = estate.tenants.map(({ tenant }) => tenant.metadata.name);
  const { data: clusters } = useQuery({
    ...pollOf(['clusters', ...names], () =>
      Promise.all(
        names.map(async (tenant): Promise<readonly [string, Clusters]> => {
          const found = await allOf((page) =>
            dataOf(api.GET('/v1/tenants/{tenant}/clusters', listOf(tenant, page))),
          );
          return [
            tenant,
            found.map(({ metadata, spec, status }) => ({
              name: metadata.name,
              site: spec.site,
              rttMs: status.facts?.rttMs,
            })),
          ];
        }),
      ),
    ),
    refetchInterval: CLUSTERS_POLL_MS,
  });
  const { frame, width } = useWidth();
  const [chosen, choose] = useState<string>();
  const edges = estate.tenants.flatMap((state) => state.edges);
  const traffic = useTraffic({ name: 'all', edges, at: estate.at });
  const facts = topologyOf(toldBy(estate, new Map(clusters), traffic), estate.at);
  const sites = facts.tenants.flatMap((tenant) => tenant.sites);
  const site = sites.find(({ tenant, name }) => `${tenant}/${name}` === chosen);
  return (
    <div className="topology">
      <div ref={frame}>
        {width !== undefined && facts.tenants.length > 0 && (
          <TopologyPicture picture={pictureOf(facts, width)} onChoose={choose} />
        )}
        {facts.tenants.length === 0 && <p>{words.none}</p>}
      </div>
      <aside aria-label={words.statement}>
        {site === undefined ? <p>{words.topologyHint}</p> : <SiteSaid site={site} />}
      </aside>
    </div>
  );
}

function toldBy(
  { tenants, hubs = [] }: Estate,
  clusters: ReadonlyMap<string, Clusters>,
  traffic: Traffic,
): Told {
  return {
    hubs: hubs.map((hub) => ({ ...hubFacts(hub), vpc: hub.spec.vpc })),
    tenants: tenants.map(({ tenant, sites, edges }) => ({
      name: tenant.metadata.name,
      isolated: tenant.spec.isolation === 'isolated',
      sites: sites.map((site) => ({ ...siteFacts(site), kind: site.spec.kind })),
      edges: edges.map((edge) => ({
        ...edgeFacts(edge),
        activeHub: edge.status.activeHub,
        links: edge.status.links.map((link) => ({
          ...link,
          rate: rateIn(traffic, linkKey(link.hub, edge)),
        })),
      })),
      clusters: clusters.get(tenant.metadata.name) ?? [],
    })),
  };
}

function rateIn({ links }: Traffic, key: string) {
  const known = links[key];
  return known?.atMs === undefined ? undefined : { fromSite: known.fromSites, toSite: known.toSites };
}

/** How wide the frame is; undefined until it is drawn. */
function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState<number>();
  useEffect(() => {
    const { current } = frame;
    if (current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(WIDTH_MIN, Math.floor(entry.contentRect.width)));
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return { frame, width };
}
