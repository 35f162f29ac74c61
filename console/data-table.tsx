/** A table of things: the first column names a thing, the others say something of it. On a phone every row is read downwards, with the columns' titles. */
import type { ReactNode } from 'react';
import { useLanguage } from './language.tsx';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ReactNode;
  /** Numbers and ages stand in a line of their own width. */
  readonly kind?: 'text' | 'number' | 'age';
}

export interface DataTableProps<Row> {
  /** What the table is of, for those who can't see what stands above it. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
}

export function DataTable<Row>({ label, rows, columns, keyOf }: DataTableProps<Row>) {
  const { words } = useLanguage();
  const [head, ...others] = columns;
  if (rows.length === 0 || head === undefined) return <p>{words.none}</p>;
  return (
    <table className="data" aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ title, kind }) => (
            <th key={title} scope="col" className={kind}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            <th scope="row">{head.cell(row)}</th>
            {others.map(({ title, cell, kind }) => (
              <td key={title} className={kind} data-title={title}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
