/** A site: a data center or a VPC with the prefixes that it exposes. */
import { z } from 'zod';
import { Cidr } from './address.ts';
import { Labels } from './labels.ts';
import { Condition, creation, listOf, Name, replacement, resource } from './metadata.ts';

const PREFIXES_MAX = 64;

export const SiteSpec = z
  .strictObject({
    kind: z.enum(['datacenter', 'vpc']).default('datacenter'),
    allotment: z.array(Cidr).min(1).max(PREFIXES_MAX).meta({
      description: 'Real prefixes that this site may ever expose; what an edge advertises outside is refused',
    }),
    prefixes: z.array(Cidr).max(PREFIXES_MAX).default([]).meta({
      description: 'Real prefixes exposed now; each lies in the allotment, and they are disjoint',
    }),
    lan: z.enum(['routed', 'masquerade']).default('routed').meta({
      description:
        'routed: LAN hosts have a route for the virtual pools to the edge. masquerade: they need none, and see the edge as source.',
    }),
    native: z.array(Name).max(PREFIXES_MAX).default([]).meta({
      description:
        'Sites of the tenant to reach by real addresses, without translation; takes effect when both ask',
    }),
    labels: Labels.default({}).meta({
      description: 'What placements go by as site.KEY',
      examples: [{ region: 'eu' }],
    }),
    costPerCpu: z.number().min(0).max(1_000_000).default(0).meta({
      description: 'Of a CPU an hour, in any one currency; 0 for what is paid anyway',
    }),
  })
  .meta({ id: 'SiteSpec' });
export type SiteSpec = z.infer<typeof SiteSpec>;

/** A real prefix and the virtual one of the same length that is its own for life. */
export const Mapping = z.strictObject({ real: Cidr, virtual: Cidr }).meta({ id: 'Mapping' });
export type Mapping = z.infer<typeof Mapping>;

export const SiteStatus = z
  .strictObject({ prefixes: z.array(Mapping), conditions: z.array(Condition) })
  .meta({ id: 'SiteStatus' });
export const Site = resource('Site', SiteSpec, SiteStatus);
export type Site = z.infer<typeof Site>;
export const SiteList = listOf('SiteList', Site);
export const SiteCreation = creation('SiteCreation', SiteSpec);
export const SiteReplacement = replacement('SiteReplacement', SiteSpec);
