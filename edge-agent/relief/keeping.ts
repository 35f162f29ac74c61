/** In which form a type is kept, as its objects or as rows of a table: how it is asked for, and how what comes is read. */
import { type Dress, type ListPage, readListPage, readWatchLine, type WatchLine } from './kept.ts';
import { readTableLine, readTablePage, TABLE_ACCEPT } from './rows.ts';

export type KeptForm = 'json' | 'table';

export interface Keeping {
  /** Of each list and watch upstream. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  page(text: string): ListPage;
  line(text: string, dress: Dress): WatchLine;
}

export function keepingOf(
  form: KeptForm,
  more: {
    readonly resource: string;
    /** Milliseconds since 1970. */
    readonly wallNow: () => number;
    /** Makes a text that holds on to nothing it was cut from. */
    readonly copy: (text: string) => string;
  },
): Keeping {
  const { resource, wallNow, copy } = more;
  if (form === 'json')
    return {
      headers: {},
      query: {},
      page: (text) => readListPage(text, resource, copy),
      line: (text, dress) => readWatchLine(text, { resource, dress, copy }),
    };
  return {
    headers: { accept: TABLE_ACCEPT },
    query: { includeObject: 'Object' },
    page: (text) => readTablePage(text, { resource, nowMs: wallNow(), copy }),
    line: (text, dress) =>
      readTableLine(text, { resource, nowMs: wallNow(), copy, dress }) ??
      readWatchLine(text, { resource, dress, copy }),
  };
}
