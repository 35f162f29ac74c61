/** What is said of a thing, the worst first, each statement with how it is meant and how old it is: as a table where there is room, as lines in a cell. */
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import type { ConditionFacts } from './view/facts.ts';
import { type Level, statementsOf } from './view/health.ts';
import { ageWords } from './view/words.ts';

export interface ConditionsProps {
  readonly conditions: readonly ConditionFacts[];
  readonly at: string;
}

export function ConditionTable({ conditions, at }: ConditionsProps) {
  const { language, words } = useLanguage();
  return (
    <DataTable
      label={words.conditions}
      rows={statementsOf(conditions, at)}
      keyOf={({ type }) => type}
      columns={[
        { title: words.condition, cell: ({ type }) => <bdi className="name">{type}</bdi> },
        { title: words.state, cell: ({ level }) => <LevelWord level={level} /> },
        { title: words.reason, cell: ({ reason }) => <span className="reason">{reason}</span> },
        { title: words.statement, cell: ({ message }) => <bdi>{message}</bdi> },
        { title: words.age, kind: 'age', cell: (said) => ageWords(said.ageSeconds, language) },
      ]}
    />
  );
}

export function ConditionList({ conditions, at }: ConditionsProps) {
  const { language, words } = useLanguage();
  if (conditions.length === 0) return words.none;
  return (
    <ul className="said">
      {statementsOf(conditions, at).map(({ type, level, message, ageSeconds }) => (
        <li key={type}>
          <span className="level" data-level={level}>
            {type}
          </span>{' '}
          <bdi>{message}</bdi> <span className="age">{ageWords(ageSeconds, language)}</span>
        </li>
      ))}
    </ul>
  );
}

export function LevelWord({ level }: { readonly level: Level }) {
  const { words } = useLanguage();
  return (
    <span className="level" data-level={level}>
      {words[level]}
    </span>
  );
}
