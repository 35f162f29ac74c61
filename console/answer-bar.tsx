/** Requests by answer as one bar, with the figures beside it: the bar is for a glance, the words are for everybody. */
import { useLanguage } from './language.tsx';
import { countWords } from './view/amounts.ts';
import type { AnswerShare } from './view/answers.ts';

export interface AnswerBarProps {
  readonly answers: readonly AnswerShare[];
  /** For a cell of a table. */
  readonly isSmall?: boolean;
}

export function AnswerBar({ answers, isSmall = false }: AnswerBarProps) {
  const { words } = useLanguage();
  const starts = answers.map((_, index) =>
    answers.slice(0, index).reduce((sum, { percent }) => sum + percent, 0),
  );
  return (
    <div className={isSmall ? 'answers small' : 'answers'}>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        {answers.map(({ kind, percent }, index) => (
          <rect key={kind} data-answer={kind} x={starts[index]} y={0} width={percent} height={10} />
        ))}
      </svg>
      <ul className="plain">
        {answers.map(({ kind, count, percent }) => (
          <li key={kind}>
            <svg viewBox="0 0 10 10" aria-hidden="true">
              <rect data-answer={kind} width={10} height={10} />
            </svg>
            {words[kind]} {isSmall ? `${percent} %` : `${countWords(count)} (${percent} %)`}
          </li>
        ))}
      </ul>
    </div>
  );
}
