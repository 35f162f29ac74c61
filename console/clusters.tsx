/** The clusters of a tenant, how each is, and how one more is attached: by the edge that will hold its credentials, never from here. */
import { useState } from 'react';
import { Radio, RadioGroup } from 'react-aria-components';
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { Polled } from './asked.tsx';
import { ClusterPage } from './cluster.tsx';
import { clustersPoll } from './cluster-calls.ts';
import { CopyText } from './copy.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { PageProps } from './pages.tsx';
import { Said } from './said.tsx';
import { useSession } from './session.tsx';
import { agentHealth } from './view/health.ts';
import { ATTACH_KINDS, type AttachKind, attachLine } from './view/install-lines.ts';
import { ageWords } from './view/words.ts';

export function ClustersPage({ tenant, below: [name, part, ...more] }: PageProps) {
  const { words } = useLanguage();
  const { api } = useSession();
  if (more.length > 0) return <p>{words.unknownScreen}</p>;
  if (name !== undefined) return <ClusterPage tenant={tenant} name={name} part={part} />;
  return (
    <div className="panels">
      <section className="wide">
        <h2>{words.clusters}</h2>
        <Polled query={clustersPoll(api, tenant)}>
          {(clusters, at) => <ClusterTable clusters={clusters} at={at} />}
        </Polled>
      </section>
      <section className="wide">
        <h2>{words.attachCluster}</h2>
        <Attach />
      </section>
    </div>
  );
}

interface ClusterTableProps {
  readonly clusters: readonly Schemas['Cluster'][];
  readonly at: string;
}

function ClusterTable({ clusters, at }: ClusterTableProps) {
  const { language, words } = useLanguage();
  const rows = clusters.flatMap((cluster) => {
    const { name } = cluster.metadata;
    return agentHealth([{ name, conditions: cluster.status.conditions }], at).map((health) => ({
      cluster,
      health,
    }));
  });
  type Row = (typeof rows)[number];
  const told = ({ cluster: { status } }: Row) =>
    status.observedAt === undefined ? words.never : ageWords(ageSeconds(status.observedAt, at), language);
  return (
    <DataTable
      label={words.clusters}
      rows={rows}
      keyOf={({ cluster }) => cluster.metadata.name}
      columns={[
        {
          title: words.cluster,
          cell: ({ cluster: { metadata } }) => (
            <Link
              to={{ kind: 'page', tenant: metadata.tenant ?? '', page: 'clusters', below: [metadata.name] }}
            >
              <bdi className="name">{metadata.name}</bdi>
            </Link>
          ),
        },
        { title: words.clusterKind, cell: ({ cluster }) => cluster.status.kind },
        { title: words.site, cell: ({ cluster }) => <bdi>{cluster.spec.site}</bdi> },
        { title: words.statement, cell: ({ health }) => <Said {...health} /> },
        { title: words.version, cell: ({ cluster }) => cluster.status.facts?.version ?? '–' },
        { title: words.nodesReady, kind: 'number', cell: ({ cluster }) => nodesReady(cluster) },
        { title: words.heard, kind: 'age', cell: told },
      ]}
    />
  );
}

export function nodesReady({ status: { facts } }: Pick<Schemas['Cluster'], 'status'>): string {
  if (facts === undefined) return '–';
  return `${facts.nodes.filter(({ ready }) => ready === 'True').length} / ${facts.nodes.length}`;
}

function Attach() {
  const { words } = useLanguage();
  const [kind, setKind] = useState<AttachKind>('kubernetes');
  return (
    <>
      <p>{words.attachIntro}</p>
      <RadioGroup
        className="radios"
        aria-label={words.clusterKind}
        value={kind}
        onChange={(value) => setKind(ATTACH_KINDS.find((known) => known === value) ?? 'kubernetes')}
      >
        {ATTACH_KINDS.map((known) => (
          <Radio key={known} value={known}>
            {known}
          </Radio>
        ))}
      </RadioGroup>
      <CopyText label={words.onTheEdge} text={attachLine(kind)} />
      <p>
        <small>{words.attachAfter}</small>
      </p>
    </>
  );
}
