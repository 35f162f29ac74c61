/** Why one named thing of a tenant may speak to another, or may not: what is allowed on each way between their sites, by what, and where nothing of ours decides. */
import { z } from 'zod';
import { Name } from './metadata.ts';
import type { PolicyEnd } from './policy.ts';
import { PolicyPort } from './policy.ts';

const ADVICE = 'Write site/NAME, service/SITE/NAME, app/NAME or group/NAME.';

/** The end of a policy in one word, as people type it. */
export const PolicyEndText = z
  .string()
  .max(80)
  .refine((text) => readPolicyEnd(text) !== undefined, { error: ADVICE })
  .meta({ id: 'PolicyEndText', description: ADVICE, examples: ['app/web'] });

/** Undefined: the text is none. */
export function readPolicyEnd(text: string): PolicyEnd | undefined {
  const [kind, ...names] = text.split('/');
  if (!names.every((name) => Name.safeParse(name).success)) return undefined;
  const [first = '', second] = names;
  if (kind === 'service' && names.length === 2) return { site: first, service: second };
  if (names.length !== 1) return undefined;
  return kind === 'site' || kind === 'app' || kind === 'group' ? { [kind]: first } : undefined;
}

export function policyEndText({ site, service, app, group }: PolicyEnd): string {
  if (service !== undefined) return `service/${site}/${service}`;
  return site !== undefined ? `site/${site}` : app !== undefined ? `app/${app}` : `group/${group}`;
}

/** `tcp/443`, as people type it. */
export const PolicyPortText = z
  .string()
  .regex(/^(tcp|udp)\/\d{1,5}$/, { error: 'Write tcp/PORT or udp/PORT.' })
  .refine((text) => readPolicyPort(text) !== undefined, { error: 'A port is 1 to 65535.' })
  .meta({ id: 'PolicyPortText', examples: ['tcp/443'] });

export function readPolicyPort(text: string): PolicyPort | undefined {
  const [protocol, port] = text.split('/');
  return PolicyPort.safeParse({ protocol, port: Number(port) }).data;
}

export const EXPLAINED_WAYS_MAX = 500;

/** Between two sites, for the ports that are alike. */
export const ExplainedWay = z
  .strictObject({
    from: z.string().meta({ description: 'Site where it begins' }),
    to: z.string().meta({ description: 'Site where it ends' }),
    verdict: z.enum(['allowed', 'denied', 'not_enforced']).meta({
      description: 'not_enforced: packets do not pass an edge or hub, and no cluster is known to filter them',
    }),
    ports: z
      .array(PolicyPort)
      .meta({ description: 'As the manifest of an app has them; empty: all (others)' }),
    why: z.string().meta({ description: 'One sentence' }),
    policy: Name.optional().meta({ description: 'That allows it' }),
  })
  .meta({ id: 'ExplainedWay' });
export type ExplainedWay = z.infer<typeof ExplainedWay>;

export const Explanation = z
  .strictObject({
    from: PolicyEndText,
    to: PolicyEndText,
    verdict: z.enum(['allowed', 'denied', 'mixed', 'not_enforced', 'nowhere']).meta({
      description: 'mixed: the ways differ. nowhere: one of the ends has no address',
    }),
    ways: z.array(ExplainedWay).max(EXPLAINED_WAYS_MAX),
    notes: z.array(z.string()).meta({ description: 'What else decides, or is not known' }),
  })
  .meta({ id: 'Explanation' });
export type Explanation = z.infer<typeof Explanation>;
