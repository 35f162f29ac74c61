/** An answer of the API on a screen: what was heard last with when, and a word when nothing is heard, or nothing any more. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useLanguage } from './language.tsx';

export interface AskedProps<Data> {
  readonly answer: UseQueryResult<Data>;
  /** `at`: when the answer came, in this browser's time. */
  readonly children: (data: Data, at: string) => ReactNode;
}

export function Asked<Data>({ answer, children }: AskedProps<Data>) {
  const { words } = useLanguage();
  const { data, error, dataUpdatedAt } = answer;
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
