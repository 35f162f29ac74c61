/** What a screen asks for again and again: the newest answer with the time it came, and a word when there is none or it is old. */
import { type UseQueryOptions, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ApiProblem } from './answer.ts';
import { useLanguage } from './language.tsx';

const POLL_MS = 4_000;
const NOT_FOUND = 404;

export interface Told<Data> {
  readonly data: Data;
  /** When the answer came, in this browser's time. */
  readonly at: string;
}

type Query<Data> = UseQueryOptions<Told<Data>, Error, Told<Data>, readonly string[]>;

/** The key begins with what a change of it makes stale. */
export function pollOf<Data>(key: readonly string[], ask: () => Promise<Data>): Query<Data> {
  return {
    queryKey: key,
    queryFn: async () => ({ data: await ask(), at: new Date().toISOString() }),
    refetchInterval: POLL_MS,
    refetchIntervalInBackground: false,
    retry: (failures, error) => failures < 1 && !(error instanceof ApiProblem),
  };
}

export interface PolledProps<Data> {
  readonly query: Query<Data>;
  readonly children: (data: Data, at: string) => ReactNode;
  /** Instead of words, where the API knows no such thing. */
  readonly absent?: ReactNode;
}

export function Polled<Data>({ query, children, absent }: PolledProps<Data>) {
  const { words } = useLanguage();
  const { data: told, error } = useQuery(query);
  const isAbsent = error instanceof ApiProblem && error.status === NOT_FOUND;
  if (isAbsent) return absent ?? <p>{words.notThere}</p>;
  return (
    <>
      {error !== null && (
        <p role="alert">
          {words.failed} {error.message} {told !== undefined && words.stale}
        </p>
      )}
      {told === undefined
        ? error === null && <p role="status">{words.loading}</p>
        : children(told.data, told.at)}
    </>
  );
}
