/** The etcd of a cluster: its members and what to do about them, snapshots, and recoveries that were rehearsed. */
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { Chart } from './chart.tsx';
import { Told } from './cluster.tsx';
import { DataTable } from './data-table.tsx';
import { useHistory } from './history.ts';
import { useLanguage } from './language.tsx';
import { bytesWords, secondsWords } from './view/amounts.ts';
import { ageWords } from './view/words.ts';

export interface EtcdPanelsProps {
  readonly cluster: Schemas['Cluster'];
  readonly at: string;
}

export function EtcdPanels({ cluster, at }: EtcdPanelsProps) {
  const { words } = useLanguage();
  const etcd = cluster.status.facts?.etcd;
  if (etcd === undefined)
    return (
      <section className="wide">
        <p>{words.noEtcd}</p>
        <pre>
          edge-agent cluster add kubernetes NAME --kubeconfig FILE --etcd-endpoint https://10.0.0.11:2379 …
        </pre>
      </section>
    );
  return (
    <div className="panels">
      <section className="wide">
        <h2>
          {words.members} <Told cluster={cluster} at={at} />
        </h2>
        <Members members={etcd.members} />
      </section>
      <Sizes cluster={cluster} members={etcd.members} at={at} />
      <section className="wide">
        <h2>{words.advice}</h2>
        {etcd.advice.length === 0 && <p>{words.noAdvice}</p>}
        <ul>
          {etcd.advice.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </section>
      <section>
        <h2>{words.backups}</h2>
        <Backups backups={etcd.backups} at={at} />
      </section>
      <section>
        <h2>{words.drills}</h2>
        <Drills drills={etcd.drills} at={at} />
      </section>
    </div>
  );
}

const MEMBERS_DRAWN = 5;

/** How large the database of each member is, since the tab looks. */
function Sizes({
  cluster,
  members,
  at,
}: EtcdPanelsProps & { readonly members: readonly Schemas['EtcdMember'][] }) {
  const { words } = useLanguage();
  const drawn = members.slice(0, MEMBERS_DRAWN);
  const { name, tenant = '' } = cluster.metadata;
  const points = useHistory(
    ['etcd', tenant, name],
    drawn.length === 0 ? undefined : drawn.map(({ databaseBytes }) => databaseBytes),
    at,
  );
  if (drawn.length === 0) return null;
  return (
    <section className="wide">
      <h2>{words.databaseSize}</h2>
      <Chart
        label={words.databaseSize}
        lines={drawn.map(({ endpoint }) => endpoint)}
        points={points}
        wordsOf={bytesWords}
      />
    </section>
  );
}

function Members({ members }: { readonly members: readonly Schemas['EtcdMember'][] }) {
  const { words } = useLanguage();
  const milliseconds = (value: number | null) => (value === null ? '–' : `${value} ms`);
  return (
    <DataTable
      label={words.members}
      rows={members}
      keyOf={({ endpoint }) => endpoint}
      columns={[
        { title: words.member, cell: ({ endpoint }) => <code>{endpoint}</code> },
        {
          title: words.state,
          cell: ({ healthy, isLeader, detail, alarms }) => (
            <>
              <span className="level" data-level={healthy && alarms.length === 0 ? 'good' : 'bad'}>
                {healthy ? words.good : words.bad}
              </span>{' '}
              {isLeader && <strong>{words.leader}</strong>} {detail} {alarms.join(', ')}
            </>
          ),
        },
        { title: words.database, kind: 'number', cell: (member) => <Fullness member={member} /> },
        { title: words.fsync, kind: 'number', cell: ({ fsyncP99Ms }) => milliseconds(fsyncP99Ms) },
        { title: words.commit, kind: 'number', cell: ({ commitP99Ms }) => milliseconds(commitP99Ms) },
        { title: words.leaderChanges, kind: 'number', cell: ({ leaderChanges }) => leaderChanges },
        {
          title: words.raft,
          kind: 'number',
          cell: ({ raftTerm, raftIndex }) => `${raftTerm} / ${raftIndex}`,
        },
        { title: words.version, cell: ({ version }) => version },
      ]}
    />
  );
}

/** How much of the quota the database takes: when it is full, the cluster takes no more writes. */
function Fullness({ member }: { readonly member: Schemas['EtcdMember'] }) {
  const { databaseBytes, quotaBytes } = member;
  return (
    <>
      {bytesWords(databaseBytes)} / {bytesWords(quotaBytes)}{' '}
      <meter min={0} max={quotaBytes} high={quotaBytes * 0.8} value={databaseBytes}>
        {bytesWords(databaseBytes)}
      </meter>
    </>
  );
}

function Backups({ backups, at }: { readonly backups: readonly Schemas['Backup'][]; readonly at: string }) {
  const { language, words } = useLanguage();
  return (
    <DataTable
      label={words.backups}
      rows={backups}
      keyOf={({ name }) => name}
      columns={[
        { title: words.backup, cell: ({ name }) => <bdi>{name}</bdi> },
        {
          title: words.age,
          kind: 'age',
          cell: ({ takenAt }) => ageWords(ageSeconds(takenAt, at), language),
        },
        { title: words.size, kind: 'number', cell: ({ bytes }) => bytesWords(bytes) },
        { title: words.revision, kind: 'number', cell: ({ revision }) => revision },
      ]}
    />
  );
}

function Drills({ drills, at }: { readonly drills: readonly Schemas['Drill'][]; readonly at: string }) {
  const { language, words } = useLanguage();
  return (
    <DataTable
      label={words.drills}
      rows={drills}
      keyOf={(drill) => drill.at}
      columns={[
        {
          title: words.outcome,
          cell: ({ outcome, detail }) => (
            <>
              <span className="level" data-level={outcome === 'passed' ? 'good' : 'bad'}>
                {outcome === 'passed' ? words.passed : words.drillFailed}
              </span>{' '}
              {detail}
            </>
          ),
        },
        {
          title: words.recovery,
          kind: 'number',
          cell: ({ recoveryMs }) => (recoveryMs === undefined ? '–' : secondsWords(recoveryMs)),
        },
        { title: words.age, kind: 'age', cell: (drill) => ageWords(ageSeconds(drill.at, at), language) },
      ]}
    />
  );
}
