/** The edges of a tenant, and one of them: what is said of it by the hubs and by itself, and what a person may do with it. */
import type { Schemas } from '../client/client.ts';
import { ageSeconds } from '../protocol/time.ts';
import { Polled } from './asked.tsx';
import { DataTable } from './data-table.tsx';
import { EdgePage } from './edge.tsx';
import { edgeFacts } from './estate.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { PageProps } from './pages.tsx';
import { Said } from './said.tsx';
import { useSession } from './session.tsx';
import { edgesPoll } from './site-calls.ts';
import { agentHealth } from './view/health.ts';
import { ageWords } from './view/words.ts';

export function EdgesPage({ tenant, below: [name, ...more] }: PageProps) {
  const { api } = useSession();
  const { words } = useLanguage();
  if (more.length > 0) return <p>{words.unknownScreen}</p>;
  if (name !== undefined) return <EdgePage tenant={tenant} name={name} />;
  return (
    <section className="wide">
      <h2>{words.edges}</h2>
      <Polled query={edgesPoll(api, tenant)}>{(edges, at) => <EdgeTable edges={edges} at={at} />}</Polled>
      <p>
        <small>{words.edgesHint}</small>{' '}
        <Link to={{ kind: 'page', tenant, page: 'tokens', below: [] }}>{words.makeToken}</Link>
      </p>
    </section>
  );
}

function EdgeTable({ edges, at }: { readonly edges: readonly Schemas['Edge'][]; readonly at: string }) {
  const { language, words } = useLanguage();
  const reported = ({ status }: Schemas['Edge']) =>
    status.applied === undefined ? words.never : ageWords(ageSeconds(status.applied.at, at), language);
  const rows = edges.flatMap((edge) =>
    agentHealth([edgeFacts(edge)], at).map((health) => ({ edge, health })),
  );
  return (
    <DataTable
      label={words.edges}
      rows={rows}
      keyOf={({ edge }) => edge.metadata.name}
      columns={[
        {
          title: words.edge,
          cell: ({ edge: { metadata } }) => (
            <Link to={{ kind: 'page', tenant: metadata.tenant ?? '', page: 'edges', below: [metadata.name] }}>
              <bdi className="name">{metadata.name}</bdi>
            </Link>
          ),
        },
        { title: words.site, cell: ({ edge }) => <bdi>{edge.spec.site}</bdi> },
        { title: words.statement, cell: ({ health }) => <Said {...health} /> },
        { title: words.hubsUp, cell: ({ edge }) => hubsUp(edge) },
        { title: words.lastReport, kind: 'age', cell: ({ edge }) => reported(edge) },
        { title: words.version, cell: ({ edge }) => edge.status.version },
      ]}
    />
  );
}

function hubsUp({ status: { links } }: Schemas['Edge']): string {
  return links.length === 0 ? '–' : `${links.filter(({ up }) => up).length} / ${links.length}`;
}
