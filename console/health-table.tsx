/** A table of sites or hubs: how each is, what is said of it, and how old that is. */
import { LevelWord } from './conditions.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { Health } from './view/health.ts';
import { ageWords } from './view/words.ts';

export interface HealthTableProps {
  readonly title: string;
  readonly rows: readonly (Health & { readonly tenant?: string })[];
}

export function HealthTable({ title, rows }: HealthTableProps) {
  const { language, words } = useLanguage();
  return (
    <section>
      <h2>{title}</h2>
      <DataTable
        label={title}
        rows={rows}
        keyOf={({ tenant = '', name }) => `${tenant}/${name}`}
        columns={[
          { title, cell: (row) => <Named row={row} /> },
          { title: words.state, cell: ({ level }) => <LevelWord level={level} /> },
          { title: words.statement, cell: ({ statement }) => <bdi>{statement?.message}</bdi> },
          {
            title: words.age,
            kind: 'age',
            cell: ({ statement }) => statement && ageWords(statement.ageSeconds, language),
          },
        ]}
      />
    </section>
  );
}

function Named({ row: { name, tenant } }: { readonly row: HealthTableProps['rows'][number] }) {
  const own = <bdi className="name">{name}</bdi>;
  if (tenant === undefined)
    return <Link to={{ kind: 'deployment', page: 'hubs', below: [name] }}>{own}</Link>;
  return (
    <>
      <Link to={{ kind: 'page', tenant, page: 'sites', below: [name] }}>{own}</Link>{' '}
      <Link to={{ kind: 'tenant', tenant }}>
        <bdi>{tenant}</bdi>
      </Link>
    </>
  );
}
