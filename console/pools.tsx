/** Pools of a tenant: how many of their addresses are free, and who has the others, as edges told of them. */
import { useQuery } from '@tanstack/react-query';
import type { Schemas } from '../client/client.ts';
import { Age } from './age.tsx';
import { poolsQuery } from './app-queries.ts';
import { Asked } from './asked.tsx';
import { ConditionList } from './conditions.tsx';
import { useLanguage } from './language.tsx';
import { useSession } from './session.tsx';

/** A pool may have thousands; the rest is for the command line. */
const SHOWN_MAX = 200;

export function PoolsScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const answer = useQuery(poolsQuery({ api, tenant }));
  return (
    <>
      <h1>{words.pools}</h1>
      <Asked answer={answer}>
        {(pools, at) => (
          <div className="panels">
            {pools.length === 0 && <p>{words.none}</p>}
            {pools.map((pool) => (
              <PoolPanel key={pool.metadata.name} pool={pool} at={at} />
            ))}
          </div>
        )}
      </Asked>
    </>
  );
}

interface PoolPanelProps {
  readonly pool: Schemas['Pool'];
  readonly at: string;
}

function PoolPanel({ pool: { metadata, spec, status }, at }: PoolPanelProps) {
  const { words } = useLanguage();
  const told = new Map(status.told.map(({ cluster, observedAt }) => [cluster, observedAt]));
  return (
    <section className="wide">
      <h2>
        {words.pool} <bdi className="name">{metadata.name}</bdi>
      </h2>
      <p>
        {status.free} {words.freeAddresses}, {words.ofAddresses} {status.size}{' '}
        <meter min={0} max={status.size} value={status.size - status.free} aria-label={metadata.name} />
      </p>
      <ul className="said">
        {spec.ranges.map(({ cluster, prefix }) => {
          const since = told.get(cluster);
          return (
            <li key={`${cluster} ${prefix}`}>
              <bdi className="name">{prefix}</bdi> {words.at} <bdi>{cluster}</bdi>; {words.told}:{' '}
              {since === undefined ? words.never : <Age since={since} at={at} />}
            </li>
          );
        })}
      </ul>
      <ConditionList conditions={status.conditions} at={at} />
      <ReservationTable reservations={status.reservations} />
    </section>
  );
}

function ReservationTable({ reservations }: { readonly reservations: readonly Schemas['Reservation'][] }) {
  const { words } = useLanguage();
  if (reservations.length === 0) return null;
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.address}</th>
            <th scope="col">{words.cluster}</th>
            <th scope="col">{words.state}</th>
            <th scope="col">{words.app}</th>
            <th scope="col">{words.holder}</th>
            <th scope="col">{words.node}</th>
          </tr>
        </thead>
        <tbody>
          {reservations.slice(0, SHOWN_MAX).map((one) => (
            <tr key={`${one.cluster} ${one.address}`}>
              <th scope="row">{one.address}</th>
              <td data-label={words.cluster}>
                <bdi>{one.cluster}</bdi>
              </td>
              <td>{words[one.state]}</td>
              <td data-label={words.app}>
                <bdi>{one.app}</bdi>
              </td>
              <td data-label={words.holder}>
                <bdi>{one.holder}</bdi>
              </td>
              <td data-label={words.node}>
                <bdi>{one.node || '–'}</bdi>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {reservations.length > SHOWN_MAX && (
        <p>
          {SHOWN_MAX} / {reservations.length}
        </p>
      )}
    </>
  );
}
