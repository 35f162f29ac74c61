/** A table of sites or hubs: how each is, what is said of it, and how old that is. */
import { LevelWord } from './conditions.tsx';
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { Health } from './view/health.ts';
import type { Screen } from './view/screens.ts';
import { ageWords } from './view/words.ts';

export interface HealthTableProps {
  readonly title: string;
  readonly rows: readonly HealthRow[];
  /** The page of one of them. */
  readonly screenOf: (row: HealthRow) => Screen;
}

type HealthRow = Health & { readonly tenant?: string };

export function HealthTable({ title, rows, screenOf }: HealthTableProps) {
  const { language, words } = useLanguage();
  return (
    <section>
      <h2>{title}</h2>
      <DataTable
        label={title}
        rows={rows}
        keyOf={({ tenant = '', name }) => `${tenant}/${name}`}
        columns={[
          { title, cell: (row) => <Named row={row} screen={screenOf(row)} /> },
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

function Named({ row, screen }: { readonly row: HealthRow; readonly screen: Screen }) {
  const { name, tenant } = row;
  return (
    <>
      <Link to={screen}>
        <bdi className="name">{name}</bdi>
      </Link>{' '}
      {tenant !== undefined && (
        <Link to={{ kind: 'tenant', tenant }}>
          <bdi>{tenant}</bdi>
        </Link>
      )}
    </>
  );
}
