/** From an answer of the API's client to its data, or to an error that has the problem's words and code. */

export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

interface Answer<Data> {
  readonly data?: Data | undefined;
  readonly error?: unknown;
  readonly response: Response;
}

export async function dataOf<Data>(asked: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await asked;
  if (data !== undefined) return data;
  throw problemOf(error, response);
}

/** Of a request whose answer has nothing in it. */
export async function doneOf(asked: Promise<Answer<unknown>>): Promise<void> {
  const { error, response } = await asked;
  if (!response.ok) throw problemOf(error, response);
}

function problemOf(error: unknown, response: Response): ApiProblem {
  return new ApiProblem(
    response.status,
    textAt(error, 'code'),
    [textAt(error, 'detail') || response.statusText, ...faultsOf(error)].join(' '),
  );
}

const CONFLICT = 412;

/** What was refused, in words; `conflict` where somebody else was faster. */
export function refusalWords(error: Error, conflict: string): string {
  return error instanceof ApiProblem && error.status === CONFLICT ? conflict : error.message;
}

/** Lists longer than this are for searching, not for a screen. */
const PAGES_MAX = 20;

/** All items of a list, page by page. */
export async function allOf<Item>(
  ask: (page: string | undefined) => Promise<{ readonly items: Item[]; readonly next?: string | undefined }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let page: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const answer = await ask(page);
    items.push(...answer.items);
    page = answer.next;
    if (page === undefined) return items;
  }
  throw new ApiProblem(0, 'too_many', 'The list is too long for a screen.');
}

/** Which fields were wrong, and how: `/spec/prefixes/0: ...`. */
function faultsOf(error: unknown): string[] {
  if (typeof error !== 'object' || error === null || !('errors' in error)) return [];
  const faults: readonly unknown[] = Array.isArray(error.errors) ? error.errors : [];
  return faults.map((fault) => `${textAt(fault, 'pointer')}: ${textAt(fault, 'detail')}`);
}

function textAt(value: unknown, field: string): string {
  if (typeof value !== 'object' || value === null) return '';
  const found: unknown = Object.entries(value).find(([name]) => name === field)?.[1];
  return typeof found === 'string' ? found : '';
}
