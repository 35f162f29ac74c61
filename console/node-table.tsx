/** Nodes of a cluster, with what the cluster says of each beside what the site says: silence is not death. */
import type { Schemas } from '../client/client.ts';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { countWords, cpuWords, memoryWords } from './view/amounts.ts';
import type { Level } from './view/health.ts';

const VERDICTS: Readonly<Record<Schemas['ClusterNode']['verdict'], Level>> = {
  alive: 'good',
  cut_off: 'unknown',
  unknown: 'unknown',
  dead: 'bad',
};
const ORDER: readonly Schemas['ClusterNode']['verdict'][] = ['dead', 'cut_off', 'unknown', 'alive'];
/** More are not read on a screen. */
const NODES_SHOWN = 200;

export function NodeTable({ nodes }: { readonly nodes: readonly Schemas['ClusterNode'][] }) {
  const { words } = useLanguage();
  const sorted = [...nodes].sort(
    (a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || a.name.localeCompare(b.name),
  );
  return (
    <>
      <DataTable
        label={words.nodes}
        rows={sorted.slice(0, NODES_SHOWN)}
        keyOf={({ name }) => name}
        columns={[
          { title: words.node, cell: ({ name }) => <bdi className="name">{name}</bdi> },
          {
            title: words.bySite,
            cell: ({ verdict, evidence }) => (
              <>
                <span className="level" data-level={VERDICTS[verdict]}>
                  {words[verdict]}
                </span>{' '}
                {evidence}
              </>
            ),
          },
          { title: words.byCluster, cell: ({ ready }) => words[`ready${ready}`] },
          {
            title: words.schedulable,
            cell: ({ schedulable }) => (schedulable ? words.yes : words.no),
          },
          { title: words.cpus, kind: 'number', cell: ({ capacity }) => cpuWords(capacity.cpuMillis) },
          { title: words.memory, kind: 'number', cell: ({ capacity }) => memoryWords(capacity.memoryMib) },
          { title: words.pods, kind: 'number', cell: ({ capacity }) => countWords(capacity.pods) },
          { title: words.version, cell: ({ version }) => version },
          { title: words.addresses, cell: ({ addresses }) => addresses.join(', ') },
        ]}
      />
      {sorted.length > NODES_SHOWN && (
        <p>
          {words.moreNodes} {sorted.length - NODES_SHOWN}
        </p>
      )}
    </>
  );
}
