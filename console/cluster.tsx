/** One cluster: how it is, what it has, its nodes as cluster and site see them; its etcd and its API server have pages below it. */
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { Polled } from './asked.tsx';
import { accessText } from './browser-access.tsx';
import { Chart } from './chart.tsx';
import { clusterPoll, deleteCluster } from './cluster-calls.ts';
import { ConditionTable } from './conditions.tsx';
import { Confirm } from './confirm.tsx';
import { EtcdPanels } from './etcd.tsx';
import { useHistory } from './history.ts';
import { useLanguage } from './language.tsx';
import { goTo, Link } from './navigation.tsx';
import { NodeTable } from './node-table.tsx';
import { RequestsPage } from './requests.tsx';
import { useSession } from './session.tsx';
import { countWords, cpuWords, memoryWords, percentWords, secondsWords, takenOf } from './view/amounts.ts';
import { ageWords } from './view/words.ts';

export interface ClusterPageProps {
  readonly tenant: string;
  readonly name: string;
  readonly part: string | undefined;
}

export function ClusterPage({ tenant, name, part }: ClusterPageProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  if (part !== undefined && part !== 'etcd' && part !== 'requests') return <p>{words.unknownScreen}</p>;
  const to = (...below: string[]) => ({ kind: 'page', tenant, page: 'clusters', below }) as const;
  return (
    <>
      <nav className="pages" aria-label={words.cluster}>
        <Link to={to(name)}>
          {words.cluster} <bdi className="name">{name}</bdi>
        </Link>
        <Link to={to(name, 'etcd')}>{words.etcd}</Link>
        <Link to={to(name, 'requests')}>{words.requests}</Link>
      </nav>
      {part === 'requests' ? (
        <RequestsPage tenant={tenant} cluster={name} />
      ) : (
        <Polled query={clusterPoll(api, tenant, name)}>
          {(cluster, at) =>
            part === 'etcd' ? (
              <EtcdPanels cluster={cluster} at={at} />
            ) : (
              <ClusterPanels cluster={cluster} at={at} />
            )
          }
        </Polled>
      )}
    </>
  );
}

interface ClusterPanelsProps {
  readonly cluster: Schemas['Cluster'];
  readonly at: string;
}

function ClusterPanels({ cluster, at }: ClusterPanelsProps) {
  const { words } = useLanguage();
  const { facts, conditions } = cluster.status;
  return (
    <div className="panels">
      <section className="wide">
        <h2>{words.conditions}</h2>
        <Choices cluster={cluster} />
        <ConditionTable conditions={conditions} at={at} />
      </section>
      <section>
        <h2>
          {words.facts} <Told cluster={cluster} at={at} />
        </h2>
        <Facts cluster={cluster} />
      </section>
      <section>
        <h2>{words.network}</h2>
        <NetworkFacts network={facts?.network} />
      </section>
      <Usage cluster={cluster} at={at} />
      <section className="wide">
        <h2>
          {words.nodes} <Told cluster={cluster} at={at} />
        </h2>
        <NodeTable nodes={facts?.nodes ?? []} />
      </section>
    </div>
  );
}

/** What of the room for workloads others have taken, since the tab looks; and how far the hub is from the edge. */
function Usage({ cluster: { metadata, status }, at }: ClusterPanelsProps) {
  const { words } = useLanguage();
  const key = [metadata.tenant ?? '', metadata.name];
  const { facts } = status;
  const taken = facts?.foreign && takenOf(facts.foreign, facts.allocatable);
  const shares = useHistory(['usage', ...key], taken, at);
  const trips = useHistory(['rtt', ...key], facts?.rttMs === undefined ? undefined : [facts.rttMs], at);
  return (
    <>
      {taken !== undefined && (
        <section>
          <h2>{words.takenShare}</h2>
          <Chart
            label={words.takenShare}
            lines={[words.cpus, words.memory, words.pods]}
            points={shares}
            wordsOf={percentWords}
          />
        </section>
      )}
      {facts?.rttMs !== undefined && (
        <section>
          <h2>{words.rtt}</h2>
          <Chart label={words.rtt} lines={[metadata.name]} points={trips} wordsOf={secondsWords} />
        </section>
      )}
    </>
  );
}

export function Told({ cluster: { status }, at }: ClusterPanelsProps) {
  const { language, words } = useLanguage();
  return (
    <span className="age">
      {status.observedAt === undefined
        ? words.neverTold
        : ageWords(ageSeconds(status.observedAt, at), language)}
    </span>
  );
}

function Choices({ cluster }: { readonly cluster: Schemas['Cluster'] }) {
  const { api } = useSession();
  const { words } = useLanguage();
  const { name, tenant = '' } = cluster.metadata;
  return (
    <div className="choices">
      <Confirm
        action={words.remove}
        title={
          <>
            {words.removeCluster} <bdi className="name">{name}</bdi>
          </>
        }
        perform={() => deleteCluster(api, cluster)}
        changes={[['estate']]}
        onDone={() => goTo({ kind: 'page', tenant, page: 'clusters', below: [] })}
      >
        {words.removeClusterEffect}
      </Confirm>
    </div>
  );
}

function Facts({ cluster: { spec, status } }: { readonly cluster: Schemas['Cluster'] }) {
  const { words } = useLanguage();
  const { facts } = status;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [words.clusterKind, status.kind],
    [words.site, spec.site],
    [words.heldBy, status.edge],
    [words.version, facts?.version],
    [words.allocatable, facts && capacityWords(facts.allocatable, words)],
    [words.capacity, facts && capacityWords(facts.capacity, words)],
    [words.foreign, facts?.foreign && capacityWords(facts.foreign, words)],
    [words.rtt, facts?.rttMs === undefined ? undefined : `${facts.rttMs} ms`],
    [words.serverName, status.host],
    [words.browserAccess, accessText(status.browser, words)],
    [words.recording, words[spec.record === 'exec' ? 'recordExec' : 'recordNone']],
  ];
  return <FactList rows={rows} />;
}

function NetworkFacts({ network }: { readonly network: Schemas['ClusterNetwork'] | undefined }) {
  const { words } = useLanguage();
  if (network === undefined) return <p>{words.notTold}</p>;
  const rows: readonly (readonly [string, string | undefined])[] = [
    [words.plugin, network.plugin],
    [words.overlay, network.overlay],
    [words.networkPolicies, network.policies],
    [words.reachability, network.reachability],
    [words.podPrefixes, network.podPrefixes.join(', ') || undefined],
    [words.servicePrefix, network.servicePrefix],
  ];
  return (
    <>
      <FactList rows={rows} />
      <p>
        <small>{network.detail}</small>
      </p>
    </>
  );
}

/** What is known; what is not is left out. */
export function FactList({ rows }: { readonly rows: readonly (readonly [string, string | undefined])[] }) {
  return (
    <dl>
      {rows.map(
        ([title, text]) =>
          text !== undefined && (
            <div key={title}>
              <dt>{title}</dt>
              <dd>
                <bdi>{text}</bdi>
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}

function capacityWords(
  { cpuMillis, memoryMib, pods }: Schemas['Capacity'],
  words: { readonly cpus: string; readonly pods: string },
): string {
  return `${cpuWords(cpuMillis)} ${words.cpus}, ${memoryWords(memoryMib)}, ${countWords(pods)} ${words.pods}`;
}
