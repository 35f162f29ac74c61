/** What an agent found wrong on its host when it last told, and how to mend it. */
import type { Schemas } from '../client/client.ts';
import { useLanguage } from './language.tsx';

const LEVELS = { ok: 'good', warning: 'unknown', error: 'bad' } as const;

/** Undefined: it never told. */
export function FindingList({ findings }: { readonly findings: readonly Schemas['Finding'][] | undefined }) {
  const { words } = useLanguage();
  if (findings === undefined) return <p>{words.notTold}</p>;
  if (findings.length === 0) return <p>{words.nothingFound}</p>;
  return (
    <ul className="said">
      {findings.map(({ code, level, message, fix }) => (
        <li key={code}>
          <span className="level" data-level={LEVELS[level]}>
            {code}
          </span>{' '}
          <bdi>{message}</bdi>{' '}
          <small>
            <bdi>{fix}</bdi>
          </small>
        </li>
      ))}
    </ul>
  );
}
