/** The containers of an app in all its clusters, as each cluster told of them last, with what is wrong with them and their last lines. */
import type { Schemas } from '../client/client.ts';
import { Age } from './age.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { Level } from './view/health.ts';

/** Apps may have a thousand in a cluster: more rows than these help nobody. */
const SHOWN_MAX = 500;
const COLUMNS = 8;

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
  const all = app.status.instances.flatMap((instance) =>
    instance.containers.map((container) => ({ container, instance })),
  );
  if (all.length === 0) return <p>{words.none}</p>;
  return (
    <>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.container}</th>
            <th scope="col">{words.cluster}</th>
            <th scope="col">{words.node}</th>
            <th scope="col">{words.address}</th>
            <th scope="col">{words.state}</th>
            <th scope="col">{words.release}</th>
            <th scope="col">{words.restarts}</th>
            <th scope="col">{words.seen}</th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, SHOWN_MAX).map(({ container, instance }) => (
            <ContainerRow
              key={`${instance.cluster}/${container.name}`}
              app={app}
              container={container}
              instance={instance}
              at={at}
            />
          ))}
        </tbody>
      </table>
      {all.length > SHOWN_MAX && (
        <p>
          {SHOWN_MAX} / {all.length}
        </p>
      )}
    </>
  );
}

interface ContainerRowProps {
  readonly app: Schemas['App'];
  readonly container: Schemas['ContainerStatus'];
  readonly instance: Schemas['AppInstance'];
  readonly at: string;
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

function ContainerRow({ app, container: one, instance, at }: ContainerRowProps) {
  return (
    <>
      <ContainerFacts app={app} container={one} instance={instance} at={at} />
      {(one.message !== '' || one.lastLines.length > 0) && (
        <tr className="more">
          <td colSpan={COLUMNS}>
            <bdi>{one.message}</bdi>
            {one.lastLines.length > 0 && <pre className="lines">{one.lastLines.join('\n')}</pre>}
          </td>
        </tr>
      )}
    </>
  );
}

function ContainerFacts({ app, container: one, instance, at }: ContainerRowProps) {
  const { words } = useLanguage();
  return (
    <tr>
      <th scope="row">
        <bdi className="name">{one.name}</bdi>
        <LiveLinks app={app} cluster={instance.cluster} container={one.name} />
      </th>
      <td data-label={words.cluster}>
        <bdi>{instance.cluster}</bdi>
      </td>
      <td data-label={words.node}>
        <bdi>{one.node || '–'}</bdi>
      </td>
      <td data-label={words.address}>{one.address || '–'}</td>
      <td>
        <span className="level" data-level={one.reason === 'none' ? LEVELS[one.state] : 'bad'}>
          {one.state}
          {one.reason !== 'none' && `: ${one.reason}`}
        </span>
      </td>
      <td data-label={words.release}>{one.release === 0 ? words.older : one.release}</td>
      <td data-label={words.restarts}>{one.restarts}</td>
      <td>{instance.observedAt === undefined ? '–' : <Age since={instance.observedAt} at={at} />}</td>
    </tr>
  );
}
