/** Where on nodes the pods of a Kubernetes workload may go. Values in, values out. */
import { z } from 'zod';
import type { Draft } from './draft.ts';
import type { Workload } from './kubernetes-estate.ts';
import { Scalar } from './quantities.ts';
import type { Place } from './source.ts';

const HOSTNAME = 'kubernetes.io/hostname';

function subjectOf(label: string): string {
  return label === HOSTNAME ? 'node.name' : `node.${label}`;
}

function quoted(value: string): string {
  return /^[A-Za-z0-9._/:-]+$/.test(value) ? value : `"${value}"`;
}

export function nodeSelectorOf(place: Place, { draft }: Workload): void {
  for (const one of place.entries())
    draft.add(
      ['placement', 'constraints'],
      `${subjectOf(one.key)} == ${quoted(one.read(Scalar) ?? '')}`,
      one,
    );
}

export function affinityOf(place: Place, { draft }: Workload): void {
  const nodes = place.at('nodeAffinity');
  const terms =
    nodes?.at('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms')?.items() ?? [];
  for (const term of terms) {
    if (terms.length > 1) term.lost('Constraints all hold, and none is an alternative: say one with in.');
    else for (const test of testsOf(term)) draft.add(['placement', 'constraints'], test.text, test.from);
  }
  for (const one of nodes?.at('preferredDuringSchedulingIgnoredDuringExecution')?.items() ?? []) {
    const weight = one.at('weight')?.read(z.number()) ?? 50;
    const preference = one.at('preference');
    for (const test of preference === undefined ? [] : testsOf(preference))
      draft.add(['placement', 'preferences'], { constraint: test.text, weight }, test.from);
  }
  for (const one of place.at('podAntiAffinity', 'requiredDuringSchedulingIgnoredDuringExecution')?.items() ??
    [])
    if (one.at('topologyKey')?.value === HOSTNAME) {
      one.at('topologyKey')?.settle();
      one.at('labelSelector')?.settle();
      draft.put(['placement', 'uniquePerNode'], true, one);
      one.changed('It is kept apart from its own replicas alone.');
    } else one.lost('Apart can only be said of nodes: groupBy keeps replicas even over a label.');
}

function testsOf(term: Place): { readonly text: string; readonly from: Place }[] {
  term.at('matchFields')?.lost('Say it as a constraint: node.name == NAME.');
  return (term.at('matchExpressions')?.items() ?? []).flatMap((from) => {
    const subject = subjectOf(from.at('key')?.read(Scalar) ?? '');
    const operator = from.at('operator')?.read(Scalar);
    const values =
      from
        .at('values')
        ?.items()
        .map((one) => quoted(one.read(Scalar) ?? '')) ?? [];
    const list = `(${values.join(', ')})`;
    const forms: Readonly<Record<string, string>> = {
      In: `${subject} in ${list}`,
      NotIn: `${subject} not in ${list}`,
      Exists: subject,
      DoesNotExist: `!${subject}`,
    };
    const text = forms[operator ?? ''];
    if (text === undefined)
      from.lost(`${operator} has no place in constraints: give the nodes a label for it.`);
    return text === undefined ? [] : [{ text, from }];
  });
}

export function spreadOf(place: Place, draft: Draft): void {
  const key = place.at('topologyKey')?.read(Scalar) ?? '';
  place.at('labelSelector')?.note('meaningless', 'An app is spread by its own replicas.');
  if (place.at('maxSkew')?.read(z.number()) !== 1) place.at('maxSkew')?.lost('As even as can be, always.');
  if (place.at('whenUnsatisfiable')?.read(Scalar) === 'DoNotSchedule')
    place.at('whenUnsatisfiable')?.changed('A replica runs rather than waits.');
  if (draft.has('placement', 'groupBy'))
    return place.lost('Replicas are grouped by one label: the first is taken.');
  draft.put(['placement', 'groupBy'], subjectOf(key), place);
}
