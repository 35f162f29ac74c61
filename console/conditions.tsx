/** What is said of a thing, each statement with how it is meant and how old it is. */
import { Age } from './age.tsx';
import { useLanguage } from './language.tsx';
import { appLevel } from './view/app-health.ts';
import type { ConditionFacts } from './view/facts.ts';

export interface ConditionListProps {
  readonly conditions: readonly ConditionFacts[];
  readonly at: string;
}

export function ConditionList({ conditions, at }: ConditionListProps) {
  const { words } = useLanguage();
  if (conditions.length === 0) return <p>{words.none}</p>;
  return (
    <ul className="said">
      {conditions.map((condition) => (
        <li key={condition.type}>
          <span className="level" data-level={appLevel(condition)}>
            {condition.type}
          </span>{' '}
          <bdi>{condition.message}</bdi> <Age since={condition.lastTransitionTime} at={at} />
        </li>
      ))}
    </ul>
  );
}
