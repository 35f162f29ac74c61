/** What flows through the hubs now, of all edges or of one, in words and as a curve of the time that this tab has looked. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Schemas } from '../client/client.ts';
import { Chart } from './chart.tsx';
import { useLanguage } from './language.tsx';
import { type LinkCount, NO_TRAFFIC, nextTraffic, rateWords, type Traffic } from './view/traffic.ts';

export interface TrafficNowProps {
  /** What the curve is kept under for as long as the tab is open. */
  readonly name: string;
  readonly edges: readonly Schemas['Edge'][];
  readonly at: string;
  /** What the two curves are called. */
  readonly lines: readonly [from: string, to: string];
}

export function TrafficNow(props: TrafficNowProps) {
  const { words } = useLanguage();
  const { rates } = useTraffic(props);
  return (
    <section className="wide">
      <h2>{words.trafficNow}</h2>
      {rates.length === 0 ? (
        <p>{words.trafficUnknown}</p>
      ) : (
        <Chart
          label={words.trafficNow}
          lines={props.lines}
          points={rates.map(({ atMs, fromSites, toSites }) => ({ atMs, values: [fromSites, toSites] }))}
          wordsOf={rateWords}
        />
      )}
    </section>
  );
}

/** It is kept beside the answers, so that the curve goes on when somebody comes back to the page. */
export function useTraffic({ name, edges, at }: Omit<TrafficNowProps, 'lines'>): Traffic {
  const queries = useQueryClient();
  const [traffic, setTraffic] = useState<Traffic>(NO_TRAFFIC);
  // Of one look there is one list, however often it is handed over.
  const looked = useRef(edges);
  looked.current = edges;
  useEffect(() => {
    const next = nextTraffic(
      queries.getQueryData(['traffic', name]) ?? NO_TRAFFIC,
      countsOf(looked.current),
      at,
    );
    queries.setQueryData(['traffic', name], next);
    setTraffic(next);
  }, [queries, name, at]);
  return traffic;
}

export function linkKey(hub: string, { metadata }: Schemas['Edge']): string {
  return `${hub} ${metadata.tenant}/${metadata.name}`;
}

function countsOf(edges: readonly Schemas['Edge'][]): LinkCount[] {
  return edges.flatMap((edge) =>
    edge.status.links.map(({ hub, observedAt, receivedBytes, sentBytes }) => ({
      key: linkKey(hub, edge),
      observedAt,
      receivedBytes,
      sentBytes,
    })),
  );
}
