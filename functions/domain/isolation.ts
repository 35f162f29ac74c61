/**
 * Whether a tenant's isolation holds, by those who have to hold it: each of its edges, and each hub. One holds it if its newest document says so, if it has
 * applied that document, and if it is heard; nobody's word is taken for another's. `Isolated` is true only if it holds at all of them.
 */
import type { Condition } from '../../protocol/metadata.ts';
import { condition } from './status.ts';

const NAMED_MAX = 5;

export interface Holder {
  readonly role: 'edge' | 'hub';
  readonly name: string;
  /** Its newest document has the rules that follow from what the tenant is now. */
  readonly isTold: boolean;
  /** `Applied` of the agent. */
  readonly applied: Condition;
  /** `Connected` of an edge, `Reporting` of a hub. */
  readonly heard: Condition;
}

export interface IsolationEvidence {
  readonly isolation: 'open' | 'isolated';
  readonly holders: readonly Holder[];
  /** When the tenant last changed. */
  readonly updatedAt: string;
}

/** `Isolated`, and of an isolated tenant an `Isolated/edge/NAME` or `Isolated/hub/NAME` for each that has to hold it. */
export function isolationConditions({ isolation, holders, updatedAt }: IsolationEvidence): Condition[] {
  if (isolation === 'open')
    return [condition(['Isolated', 'False', 'Open'], 'The sites of the tenant reach each other.', updatedAt)];
  const each = holders.map(holds);
  return [
    together(
      each,
      holders.some(({ role }) => role === 'edge'),
      updatedAt,
    ),
    ...each,
  ];
}

function holds({ role, name, isTold, applied, heard }: Holder): Condition {
  const say = (status: Condition['status'], reason: string, message: string) =>
    condition([`Isolated/${role}/${name}`, status, reason], message, applied.lastTransitionTime);
  if (!isTold) return say('Unknown', 'Compiling', 'Its newest document does not say it yet.');
  if (applied.reason === 'Refused')
    return say('False', 'Refused', `${applied.message} See \`edge-agent doctor\` on its host.`);
  if (applied.status !== 'True') return say('Unknown', 'Applying', applied.message);
  if (heard.status === 'True') return say('True', 'Applied', applied.message);
  return say(
    'Unknown',
    'Silent',
    `It said that it applied it, and keeps it while it runs; it is not heard now. ${heard.message}`,
  );
}

function together(each: readonly Condition[], hasEdges: boolean, updatedAt: string): Condition {
  if (!hasEdges)
    return condition(
      ['Isolated', 'True', 'NothingJoined'],
      'No site of the tenant is joined, so nothing flows; whoever joins is told first.',
      updatedAt,
    );
  const newest =
    each
      .map(({ lastTransitionTime }) => lastTransitionTime)
      .sort()
      .at(-1) ?? updatedAt;
  const of = (status: Condition['status']) => each.filter((one) => one.status === status);
  const refused = of('False');
  const waiting = of('Unknown');
  if (refused.length > 0)
    return condition(['Isolated', 'False', 'NotHeld'], `It does not hold at ${namesOf(refused)}.`, newest);
  if (waiting.length > 0)
    return condition(
      ['Isolated', 'Unknown', 'NotSeen'],
      `Not seen to hold yet at ${namesOf(waiting)}.`,
      newest,
    );
  return condition(
    ['Isolated', 'True', 'OnlyPolicies'],
    `Only what a policy allows flows between sites; applied at all ${each.length} edges and hubs.`,
    newest,
  );
}

function namesOf(list: readonly Condition[]): string {
  const names = list.slice(0, NAMED_MAX).map(({ type }) => type.split('/').slice(1).join(' '));
  const more = list.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
