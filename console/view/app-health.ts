/** How an app is: the worst that the API says of it, with its age. A release that was taken back is no outage, but somebody has to look. */
import { ageSeconds } from '../../protocol/time.ts';
import type { ConditionFacts } from './facts.ts';
import type { Health, Level, Statement } from './health.ts';

const ORDER: readonly Level[] = ['bad', 'unknown', 'waiting', 'good'];
/** What is yet to come, or comes by itself: no fault. */
const WAITS = new Set([
  ...['NotYet', 'NotPlaced', 'NotTold', 'NotReady', 'Waiting', 'NoAddress', 'NoPrefixes'],
  ...['NoSuchApp', 'NoSuchGroup', 'NoSuchService', 'NoSuchSite', 'NoSuchPort'],
]);

export function appLevel({ type, status, reason }: ConditionFacts): Level {
  if (type === 'RolledBack') return status === 'True' ? 'bad' : 'good';
  if (type === 'Upgrading') return 'waiting';
  if (status === 'True') return 'good';
  if (WAITS.has(reason)) return 'waiting';
  return status === 'False' ? 'bad' : 'unknown';
}

export function appHealth(name: string, conditions: readonly ConditionFacts[], now: string): Health {
  const statements = conditions.map((condition): Statement => {
    const { type, reason, message, lastTransitionTime } = condition;
    return {
      level: appLevel(condition),
      type,
      reason,
      message,
      ageSeconds: ageSeconds(lastTransitionTime, now),
    };
  });
  const [worst] = statements.sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
  return { name, level: worst?.level ?? 'waiting', statement: worst };
}
