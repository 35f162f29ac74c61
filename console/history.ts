/** Keeps what was told of a thing for as long as the tab is open, so that a curve goes on when somebody comes back to its page. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { millisecondsOf } from '../protocol/time.ts';
import { nextHistory, type Point } from './view/history.ts';

/** `at`: when it was looked, as an ISO time; `values` undefined: nothing was told of it. */
export function useHistory(
  key: readonly string[],
  values: readonly number[] | undefined,
  at: string,
): readonly Point[] {
  const queries = useQueryClient();
  const kept = ['history', ...key];
  const name = kept.join('/');
  const [points, setPoints] = useState<readonly Point[]>([]);
  const written = values?.join(' ');
  useEffect(() => {
    const before = queries.getQueryData<readonly Point[]>(['history', name]) ?? [];
    const told = written?.split(' ').map(Number);
    const after =
      told === undefined ? before : nextHistory(before, { atMs: millisecondsOf(at), values: told });
    queries.setQueryData(['history', name], after);
    setPoints(after);
  }, [queries, name, written, at]);
  return points;
}
