/** A table of sites or hubs: how each is, what is said of it, and how old that is. */
import { useLanguage } from './language.tsx';
import { Link } from './navigation.tsx';
import type { Health } from './view/health.ts';
import { ageWords } from './view/words.ts';

export interface HealthTableProps {
  readonly title: string;
  readonly rows: readonly (Health & { readonly tenant?: string })[];
}

export function HealthTable({ title, rows }: HealthTableProps) {
  const { words } = useLanguage();
  return (
    <section>
      <h2>{title}</h2>
      {rows.length === 0 ? (
        <p>{words.none}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{title}</th>
              <th scope="col">{words.state}</th>
              <th scope="col">{words.statement}</th>
              <th scope="col">{words.age}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <HealthRow key={`${row.tenant ?? ''}/${row.name}`} row={row} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function HealthRow({ row }: { readonly row: HealthTableProps['rows'][number] }) {
  const { language, words } = useLanguage();
  return (
    <tr>
      <th scope="row">
        <bdi className="name">{row.name}</bdi>{' '}
        {row.tenant !== undefined && (
          <Link to={{ kind: 'tenant', tenant: row.tenant }}>
            <bdi>{row.tenant}</bdi>
          </Link>
        )}
      </th>
      <td>
        <span className="level" data-level={row.level}>
          {words[row.level]}
        </span>
      </td>
      <td>{row.statement?.message}</td>
      <td className="age">{row.statement && ageWords(row.statement.ageSeconds, language)}</td>
    </tr>
  );
}
