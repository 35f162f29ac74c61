/** Conditions as the API says them, the worst first: what each is about, how it is, why, and how old the evidence is. */
import { DataTable } from './data-table.tsx';
import { useLanguage } from './language.tsx';
import type { ConditionFacts } from './view/facts.ts';
import { statementsOf } from './view/health.ts';
import { ageWords } from './view/words.ts';

export interface ConditionTableProps {
  readonly conditions: readonly ConditionFacts[];
  readonly at: string;
}

export function ConditionTable({ conditions, at }: ConditionTableProps) {
  const { language, words } = useLanguage();
  return (
    <DataTable
      label={words.conditions}
      rows={statementsOf(conditions, at)}
      keyOf={({ type }) => type}
      columns={[
        { title: words.condition, cell: ({ type }) => <bdi className="name">{type}</bdi> },
        {
          title: words.state,
          cell: ({ level }) => (
            <span className="level" data-level={level}>
              {words[level]}
            </span>
          ),
        },
        { title: words.reason, cell: ({ reason }) => reason },
        { title: words.statement, cell: ({ message }) => message },
        { title: words.age, kind: 'age', cell: (said) => ageWords(said.ageSeconds, language) },
      ]}
    />
  );
}
