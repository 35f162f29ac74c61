/**
 * Whether a tenant's isolation holds, by those who have to hold it: each of its edges, and each hub. One holds it if its newest document says so, if it has
 * applied that document, if it is heard, and, of an edge, if packets that it sent to other sites were refused and counted while a control probe was answered
 * (`protocol/proof.ts`). Nobody's word is taken for another's. `Isolated` is true only if it holds at all of them.
 */
import type { Condition } from '../../protocol/metadata.ts';
import type { Proof } from '../../protocol/report.ts';
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
  /** Of an edge: what its trials towards those whom it is to ask show, the newest report's; none were told of those who are missing. */
  readonly proofs: readonly Proof[];
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

function holds({ role, name, isTold, applied, heard, proofs }: Holder): Condition {
  const say = (status: Condition['status'], reason: string, message: string) =>
    condition([`Isolated/${role}/${name}`, status, reason], message, applied.lastTransitionTime);
  if (!isTold) return say('Unknown', 'Compiling', 'Its newest document does not say it yet.');
  if (applied.reason === 'Refused')
    return say('False', 'Refused', `${applied.message} See \`edge-agent doctor\` on its host.`);
  if (applied.status !== 'True') return say('Unknown', 'Applying', applied.message);
  const shown = shownBy(proofs);
  // What passed is known, whoever is silent now.
  if (heard.status !== 'True' && shown?.[0] !== 'False')
    return say(
      'Unknown',
      'Silent',
      `It said that it applied it, and keeps it while it runs; it is not heard now. ${heard.message}`,
    );
  const [status, reason, message] = shown ?? ['True', 'Applied', applied.message];
  return say(status, reason, message);
}

type Shown = readonly [status: Condition['status'], reason: string, message: string];

/** The worst of what the trials of an edge show; undefined: it has nobody to ask. */
function shownBy(proofs: readonly Proof[]): Shown | undefined {
  const of = (verdict: Proof['verdict']) =>
    proofs.filter((proof) => proof.verdict === verdict).map(({ site, edge }) => `${site} (edge ${edge})`);
  const listed = (names: readonly string[]) => names.join(', ');
  if (proofs.length === 0) return undefined;
  const [passed, unreached] = [of('passed'), of('unreached')];
  const [uncounted, pending] = [of('uncounted'), of('pending')];
  if (passed.length > 0)
    return [
      'False',
      'Passed',
      `It sent packets to ${listed(passed)} that no policy allows, and they were answered. See \`edge-agent doctor\` on both hosts and on the hubs'.`,
    ];
  if (unreached.length > 0)
    return [
      'Unknown',
      'Unreached',
      `The control probe to ${listed(unreached)} is not answered, so it is not shown that anything is refused. See whether that edge is up.`,
    ];
  if (uncounted.length > 0)
    return [
      'Unknown',
      'Uncounted',
      `Packets to ${listed(uncounted)} are not answered, and no firewall counts them as refused. See \`edge-agent doctor\` on both hosts and on the hubs'.`,
    ];
  if (pending.length > 0)
    return ['Unknown', 'Proving', `It is trying whether ${listed(pending)} can be reached.`];
  const cut = proofs.some((proof) => proof.cut) ? ' What ran before was cut.' : '';
  return [
    'True',
    'Proved',
    `Packets to ${listed(of('refused'))} are refused and counted, while a control probe is answered; tried every minute.${cut}`,
  ];
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
  const proved = each.filter(({ reason }) => reason === 'Proved').length;
  const proof = proved === 0 ? 'no two sites to prove it between' : `proved by packets at ${proved}`;
  return condition(
    ['Isolated', 'True', 'OnlyPolicies'],
    `Only what a policy allows flows between sites; applied at all ${each.length} edges and hubs, ${proof}.`,
    newest,
  );
}

function namesOf(list: readonly Condition[]): string {
  const names = list.slice(0, NAMED_MAX).map(({ type }) => type.split('/').slice(1).join(' '));
  const more = list.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
