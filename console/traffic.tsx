/** What flows through the hubs now, in words and as a curve of the time that this tab has looked. */
import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { useLanguage } from './language.tsx';
import type { Estate } from './queries.ts';
import { type LinkCount, NO_TRAFFIC, nextTraffic, rateWords, type Traffic } from './view/traffic.ts';

const Chart = lazy(async () => ({ default: (await import('./traffic-chart.tsx')).TrafficChart }));
const KEPT = ['traffic'];

export function TrafficNow({ estate }: { readonly estate: Estate }) {
  const { words } = useLanguage();
  const { rates } = useTraffic(estate);
  const now = rates.at(-1);
  return (
    <section className="wide">
      <h2>{words.trafficNow}</h2>
      {now === undefined ? (
        <p>{words.trafficUnknown}</p>
      ) : (
        <>
          <p>
            {words.fromSites} <b>{rateWords(now.fromSites)}</b> · {words.toSites}{' '}
            <b>{rateWords(now.toSites)}</b>
          </p>
          <Suspense fallback={<div className="chart" />}>
            <Chart rates={rates} />
          </Suspense>
        </>
      )}
    </section>
  );
}

/** It is kept beside the answers, so that the curve goes on when somebody comes back to the page. */
function useTraffic(estate: Estate): Traffic {
  const queries = useQueryClient();
  const [traffic, setTraffic] = useState<Traffic>(() => queries.getQueryData(KEPT) ?? NO_TRAFFIC);
  useEffect(() => {
    const next = nextTraffic(queries.getQueryData(KEPT) ?? NO_TRAFFIC, countsOf(estate), estate.at);
    queries.setQueryData(KEPT, next);
    setTraffic(next);
  }, [queries, estate]);
  return traffic;
}

function countsOf({ tenants }: Estate): LinkCount[] {
  return tenants.flatMap(({ edges }) =>
    edges.flatMap(({ metadata, status }) =>
      status.links.map(({ hub, observedAt, receivedBytes, sentBytes }) => ({
        key: `${hub} ${metadata.tenant}/${metadata.name}`,
        observedAt,
        receivedBytes,
        sentBytes,
      })),
    ),
  );
}
