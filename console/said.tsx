/** What is said of a thing, in one cell: how it is, the sentence, and how old that is. */
import { useLanguage } from './language.tsx';
import type { Health } from './view/health.ts';
import { ageWords } from './view/words.ts';

export function Said({ level, statement }: Pick<Health, 'level' | 'statement'>) {
  const { language, words } = useLanguage();
  return (
    <>
      <span className="level" data-level={level}>
        {words[level]}
      </span>{' '}
      {statement?.message}{' '}
      {statement !== undefined && <span className="age">{ageWords(statement.ageSeconds, language)}</span>}
    </>
  );
}
