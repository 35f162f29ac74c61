/** A table of things: the first column names a thing, the others say something of it. On a phone every row is read downwards, with the columns' titles. */
import { Fragment, type ReactNode } from 'react';
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
  /** What is to be said of a row below it, over all columns; undefined: nothing. */
  readonly more?: (row: Row) => ReactNode;
  /** So many rows at most; of the others their number is said. */
  readonly shownMax?: number;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { words } = useLanguage();
  const { label, rows, columns, keyOf, more, shownMax = rows.length } = props;
  if (rows.length === 0) return <p>{words.none}</p>;
  return (
    <>
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
          {rows.slice(0, shownMax).map((row) => (
            <Fragment key={keyOf(row)}>
              <Cells row={row} columns={columns} />
              <More span={columns.length}>{more?.(row)}</More>
            </Fragment>
          ))}
        </tbody>
      </table>
      {rows.length > shownMax && (
        <p>
          {shownMax} / {rows.length}
        </p>
      )}
    </>
  );
}

function Cells<Row>({
  row,
  columns: [head, ...others],
}: Pick<DataTableProps<Row>, 'columns'> & { row: Row }) {
  return (
    <tr>
      <th scope="row" className={head?.kind}>
        {head?.cell(row)}
      </th>
      {others.map(({ title, cell, kind }) => (
        <td key={title} className={kind} data-title={title}>
          {cell(row)}
        </td>
      ))}
    </tr>
  );
}

function More({ span, children }: { readonly span: number; readonly children: ReactNode }) {
  if (children === undefined) return null;
  return (
    <tr className="more">
      <td colSpan={span}>{children}</td>
    </tr>
  );
}
