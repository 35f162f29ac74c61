/** `isthmus policy explain FROM TO`: who may speak to whom in the tenant, way by way, in the API's own words. */
import { Explanation, PolicyEndText, PolicyPortText } from '../protocol/explanation.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { Fault } from './fault.ts';
import { tableOf } from './table.ts';

export interface ExplanationAsked {
  readonly from: string;
  readonly to: string;
  readonly port?: string | undefined;
}

/** Throws before it asks if the words are none that could be meant. */
export async function askExplanation(
  api: Pick<Api, 'get' | 'tenant'>,
  { from, to, port }: ExplanationAsked,
): Promise<Explanation> {
  const query = {
    from: checked(PolicyEndText, from),
    to: checked(PolicyEndText, to),
    port: port === undefined ? undefined : checked(PolicyPortText, port),
  };
  const own = { tenant: await api.tenant() };
  return api.get(at('/v1/tenants/{tenant}/explanation', own, query), Explanation);
}

function checked(schema: typeof PolicyEndText | typeof PolicyPortText, text: string): string {
  const parsed = schema.safeParse(text);
  if (parsed.success) return text;
  throw new Fault('usage', `${text}: ${parsed.error.issues[0]?.message ?? 'not understood'}`);
}

export function explanationText({ from, to, verdict, ways, notes }: Explanation): string {
  const rows = ways.map((way) => [
    `${way.from} -> ${way.to}`,
    way.verdict,
    way.ports.map(({ protocol, port }) => `${protocol}/${port}`).join(',') || 'any',
    way.why,
  ]);
  return [
    `${from} -> ${to}: ${verdict}`,
    ...(rows.length === 0 ? [] : [tableOf(['SITES', 'VERDICT', 'PORTS', 'WHY'], rows)]),
    ...notes,
  ].join('\n');
}
