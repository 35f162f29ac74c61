/** The containers of an app in all its clusters, as each cluster told of them last, with what is wrong with them and their last lines. */
import type { Schemas } from '../client/client.ts';
import { Age } from './age.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { Level } from './view/health.ts';

/** Apps may have a thousand in a cluster: more rows than these help nobody. */
const SHOWN_MAX = 500;

const LEVELS: Readonly<Record<Schemas['ContainerStatus']['state'], Level>> = {
  ready: 'good',
  running: 'waiting',
  starting: 'waiting',
  waiting: 'waiting',
  stopping: 'waiting',
  exited: 'bad',
};

export interface ContainerTableProps {
  readonly app: Schemas['App'];
  readonly at: string;
}

export function ContainerTable({ app, at }: ContainerTableProps) {
  const { words } = useLanguage();
  const rows = app.status.instances.flatMap((instance) =>
    instance.containers.map((container) => ({ ...container, instance })),
  );
  return (
    <DataTable
      label={words.containers}
      rows={rows}
      shownMax={SHOWN_MAX}
      keyOf={({ name, instance }) => `${instance.cluster}/${name}`}
      more={(one) =>
        one.message === '' && one.lastLines.length === 0 ? undefined : <Explained container={one} />
      }
      columns={[
        {
          title: words.container,
          cell: ({ name, instance }) => (
            <>
              <bdi className="name">{name}</bdi>
              <LiveLinks app={app} cluster={instance.cluster} container={name} />
            </>
          ),
        },
        { title: words.cluster, cell: ({ instance }) => <bdi>{instance.cluster}</bdi> },
        { title: words.node, cell: ({ node }) => <bdi>{node || '–'}</bdi> },
        { title: words.address, cell: ({ address }) => address || '–' },
        { title: words.state, cell: (one) => <State container={one} /> },
        {
          title: words.release,
          kind: 'number',
          cell: ({ release }) => (release === 0 ? words.older : release),
        },
        { title: words.restarts, kind: 'number', cell: ({ restarts }) => restarts },
        {
          title: words.seen,
          kind: 'age',
          cell: ({ instance: { observedAt } }) =>
            observedAt === undefined ? '–' : <Age since={observedAt} at={at} />,
        },
      ]}
    />
  );
}

function State({ container: { state, reason } }: { readonly container: Schemas['ContainerStatus'] }) {
  return (
    <span className="level" data-level={reason === 'none' ? LEVELS[state] : 'bad'}>
      {state}
      {reason !== 'none' && `: ${reason}`}
    </span>
  );
}

/** What is wrong with it, and what it wrote last. */
function Explained({ container }: { readonly container: Schemas['ContainerStatus'] }) {
  const { message, lastLines } = container;
  return (
    <>
      <bdi>{message}</bdi>
      {lastLines.length > 0 && <pre className="lines">{lastLines.join('\n')}</pre>}
    </>
  );
}

interface LiveLinksProps {
  readonly app: Schemas['App'];
  readonly cluster: string;
  readonly container: string;
}

/** Whether the cluster can be reached, the pages themselves say. */
function LiveLinks({ app: { metadata }, cluster, container }: LiveLinksProps) {
  const { words } = useLanguage();
  const search = `?${new URLSearchParams({ cluster, container })}`;
  const to = (kind: 'terminal' | 'logs') =>
    ({ kind: 'section', tenant: metadata.tenant ?? '', section: { kind, name: metadata.name } }) as const;
  return (
    <small className="live">
      <Link to={to('terminal')} search={search}>
        {words.terminal}
      </Link>{' '}
      <Link to={to('logs')} search={search}>
        {words.logs}
      </Link>
    </small>
  );
}
