/** Pools of a tenant: how many of their addresses are free, and who has the others, as edges told of them. */
import type { Schemas } from '../client/client.ts';
import { Age } from './age.tsx';
import { Polled } from './asked.tsx';
import { ConditionList } from './conditions.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import { poolsPoll } from './service-calls.ts';
import { useSession } from './session.tsx';

/** A pool may have thousands; the rest is for the command line. */
const SHOWN_MAX = 200;

export function PoolsScreen({ tenant }: { readonly tenant: string }) {
  const { api } = useSession();
  const { words } = useLanguage();
  return (
    <>
      <h1>{words.pools}</h1>
      <p>
        <Link to={{ kind: 'section', tenant, section: { kind: 'new-pool' } }}>{words.newPool}</Link>
      </p>
      <Polled query={poolsPoll(api, tenant)}>
        {(pools, at) => (
          <section>
            <PoolTable pools={pools} at={at} />
          </section>
        )}
      </Polled>
    </>
  );
}

function PoolTable({ pools, at }: { readonly pools: readonly Schemas['Pool'][]; readonly at: string }) {
  const { words } = useLanguage();
  return (
    <DataTable
      label={words.pools}
      rows={pools}
      keyOf={({ metadata }) => metadata.name}
      columns={[
        { title: words.pool, cell: (pool) => <PoolName pool={pool} /> },
        { title: words.freeAddresses, cell: (pool) => <Free pool={pool} /> },
        { title: words.ranges, cell: (pool) => <Ranges pool={pool} at={at} /> },
        {
          title: words.statement,
          cell: ({ status }) => <ConditionList conditions={status.conditions} at={at} />,
        },
      ]}
    />
  );
}

function PoolName({ pool: { metadata } }: { readonly pool: Schemas['Pool'] }) {
  const section = { kind: 'pool', name: metadata.name } as const;
  return (
    <Link to={{ kind: 'section', tenant: metadata.tenant ?? '', section }}>
      <bdi className="name">{metadata.name}</bdi>
    </Link>
  );
}

export function Free({ pool: { metadata, status } }: { readonly pool: Schemas['Pool'] }) {
  const { words } = useLanguage();
  return (
    <>
      {status.free} {words.ofAddresses} {status.size}{' '}
      <meter
        min={0}
        max={status.size}
        value={status.size - status.free}
        aria-label={`${metadata.name}: ${status.free} ${words.ofAddresses} ${status.size}`}
      />
    </>
  );
}

export function Ranges({
  pool: { spec, status },
  at,
}: {
  readonly pool: Schemas['Pool'];
  readonly at: string;
}) {
  const { words } = useLanguage();
  const told = new Map(status.told.map(({ cluster, observedAt }) => [cluster, observedAt]));
  return (
    <ul className="plain">
      {spec.ranges.map(({ cluster, prefix }) => {
        const since = told.get(cluster);
        return (
          <li key={`${cluster} ${prefix}`}>
            <code>{prefix}</code> {words.at} <bdi>{cluster}</bdi>; {words.told}:{' '}
            {since === undefined ? words.never : <Age since={since} at={at} />}
          </li>
        );
      })}
    </ul>
  );
}

export function ReservationTable({
  reservations,
}: {
  readonly reservations: readonly Schemas['Reservation'][];
}) {
  const { words } = useLanguage();
  return (
    <DataTable
      label={words.reservations}
      rows={reservations}
      shownMax={SHOWN_MAX}
      keyOf={({ cluster, address }) => `${cluster} ${address}`}
      columns={[
        { title: words.address, cell: ({ address }) => address },
        { title: words.cluster, cell: ({ cluster }) => <bdi>{cluster}</bdi> },
        { title: words.state, cell: ({ state }) => words[state] },
        { title: words.app, cell: ({ app }) => <bdi>{app}</bdi> },
        { title: words.holder, cell: ({ holder }) => <bdi>{holder}</bdi> },
        { title: words.node, cell: ({ node }) => <bdi>{node || '–'}</bdi> },
      ]}
    />
  );
}
