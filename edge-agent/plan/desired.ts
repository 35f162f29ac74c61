/** What should be on this host, whatever its role. A document that the guard refuses is not applied at all. */
import type { Finding } from '../../protocol/report.ts';
import { desiredEdge } from './desired-edge.ts';
import { desiredHub } from './desired-hub.ts';
import type { DesiredInput } from './desired-input.ts';
import { guard } from './guard.ts';
import { type Cleared, withoutClashingNative } from './guard-native.ts';
import type { DesiredState } from './state.ts';

export type Desired =
  | { readonly kind: 'wanted'; readonly state: DesiredState; readonly findings: readonly Finding[] }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

export function desired(input: DesiredInput): Desired {
  const { document, findings: dropped } = clearedOf(input);
  const cleared = { ...input, document };
  const findings = [...dropped, ...guard(document, input.facts)];
  if (findings.some((finding) => finding.level === 'error')) return { kind: 'refused', findings };
  const { state, findings: more } = input.facts.role === 'edge' ? desiredEdge(cleared) : desiredHub(cleared);
  return { kind: 'wanted', state, findings: [...findings, ...more] };
}

function clearedOf({ document, facts }: DesiredInput): Cleared {
  return facts.role === 'hub' ? withoutClashingNative(document, facts) : { document, findings: [] };
}
