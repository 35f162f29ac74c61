/** An answer of the API on a screen: what was heard last with when, and a word when nothing is heard, nothing any more, or there is no such thing. */
import { type UseQueryOptions, type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiProblem } from './answer.ts';
import { useLanguage } from './language.tsx';
import { POLLED } from './pace.ts';

const NOT_FOUND = 404;

/** What a screen asks for again and again. The key begins with what a change of it makes stale. */
export function pollOf<Data>(key: readonly string[], ask: () => Promise<Data>): Poll<Data> {
  return {
    queryKey: key,
    queryFn: ask,
    ...POLLED,
    retry: (failures, error) => failures < 1 && !(error instanceof ApiProblem),
  };
}

export type Poll<Data> = UseQueryOptions<Data, Error, Data, readonly string[]>;

interface Shown<Data> {
  /** `at`: when the answer came, in this browser's time. */
  readonly children: (data: Data, at: string) => ReactNode;
  /** Instead of words, where the API knows no such thing. */
  readonly absent?: ReactNode;
}

export function Polled<Data>({ query, ...shown }: Shown<Data> & { readonly query: Poll<Data> }) {
  return <Asked answer={useQuery(query)} {...shown} />;
}

export function Asked<Data>({
  answer: { data, error, dataUpdatedAt },
  children,
  absent,
}: Shown<Data> & { readonly answer: UseQueryResult<Data> }) {
  const { words } = useLanguage();
  if (error instanceof ApiProblem && error.status === NOT_FOUND) return absent ?? <p>{words.notThere}</p>;
  return (
    <>
      {error !== null && (
        <p role="alert">
          {words.failed} {error.message} {data !== undefined && words.stale}
        </p>
      )}
      {data === undefined
        ? error === null && <p role="status">{words.loading}</p>
        : children(data, new Date(dataUpdatedAt).toISOString())}
    </>
  );
}
