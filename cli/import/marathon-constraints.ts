/** Marathon's placement constraints, `[field, operator, value]`. Values in, values out. */
import type { Draft } from './draft.ts';
import { Scalar } from './quantities.ts';
import type { Place } from './source.ts';

const HOSTS: readonly string[] = ['hostname', '@hostname'];

export function constraintOf(place: Place, draft: Draft): void {
  const words = place.isMapping
    ? ['fieldName', 'field', 'operator', 'value'].flatMap((key) => place.at(key)?.read(Scalar) ?? [])
    : place.items().flatMap((word) => word.read(Scalar) ?? []);
  const [field = '', operator = '', value] = words;
  const isHost = HOSTS.includes(field);
  const subject = isHost ? 'node.name' : `node.${field.replace(/^@/, '')}`;
  const add = (test: string) => draft.add(['placement', 'constraints'], `${subject} ${test}`, place);
  if (!isHost)
    place.changed(
      `It goes by the label ${subject.slice(5)} of nodes: outside of Mesos, label them as the agents' attributes say.`,
    );
  switch (operator.toUpperCase()) {
    case 'UNIQUE':
      if (isHost) return draft.put(['placement', 'uniquePerNode'], true, place);
      return place.lost(
        'At most one replica for each value of a label can only be said of nodes: groupBy keeps them even.',
      );
    case 'MAX_PER':
      if (isHost) return draft.put(['placement', 'maxPerNode'], Number(value), place);
      return place.lost('A greatest number of replicas can only be said of nodes: groupBy keeps them even.');
    case 'GROUP_BY':
      if (value !== undefined)
        place.changed('How many groups there are is not said: there are as many as values of the label.');
      return draft.put(['placement', 'groupBy'], subject, place);
    case 'CLUSTER':
      if (value === undefined || value === '') return place.lost('Say on which value: a constraint with ==.');
      return add(`== ${quoted(value)}`);
    case 'IS':
      return add(`== ${quoted(value ?? '')}`);
    case 'LIKE':
    case 'UNLIKE':
      return patternOf(place, { pattern: value ?? '', isNot: operator.toUpperCase() === 'UNLIKE', add });
    default:
      return place.lost(`The operator ${operator} is not known here.`);
  }
}

interface Pattern {
  readonly pattern: string;
  readonly isNot: boolean;
  readonly add: (test: string) => void;
}

/** A regular expression that is a list of values, or has `.*` and `.` alone, has a form here. */
function patternOf(place: Place, { pattern, isNot, add }: Pattern): void {
  const not = isNot ? 'not ' : '';
  const choices = pattern
    .replace(/^\^?\(?|\)?\$?$/g, '')
    .split('|')
    .map((one) => one.replace(/\\\./g, '\0'));
  if (choices.some((one) => one === '' || !/^[A-Za-z0-9_\0.*/:@ -]+$/.test(one) || /(^|[^.])\*/.test(one)))
    return place.lost('Only * and ? are taken in patterns: say constraints with like or in.');
  const globs = choices.map((one) => one.replace(/\.\*/g, '*').replace(/\./g, '?').replaceAll('\0', '.'));
  if (globs.every((one) => !/[*?]/.test(one))) return add(`${not}in (${globs.map(quoted).join(', ')})`);
  if (globs.length === 1) return add(`${not}like ${quoted(globs[0] ?? '')}`);
  if (isNot) for (const one of globs) add(`not like ${quoted(one)}`);
  else place.lost('Of several patterns none can be chosen here: say the values with in.');
}

function quoted(value: string): string {
  return /^[A-Za-z0-9._/:*?-]+$/.test(value) ? value : `"${value}"`;
}
