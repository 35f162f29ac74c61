/** What templates may read of a resource of theirs, by Fn::GetAtt. */
import { z } from 'zod';
import type { Answer } from './cloudformation.ts';
import type { Resource } from './resource-client.ts';
import type { Plural } from './resource-declared.ts';

const SiteStatus = z.looseObject({ prefixes: z.array(z.looseObject({ virtual: z.string() })) });
const ServiceStatus = z.looseObject({ hostname: z.string(), virtualAddress: z.string().default('') });

/** Virtual prefixes are in the order of the real ones, divided by commas. */
export function dataOf(plural: Plural, resource: Resource): Answer['data'] {
  const status = resource['status'];
  if (plural === 'sites') {
    const { prefixes } = SiteStatus.parse(status);
    return { VirtualPrefixes: prefixes.map(({ virtual }) => virtual).join(',') };
  }
  if (plural !== 'services') return {};
  const { hostname, virtualAddress } = ServiceStatus.parse(status);
  return { Hostname: hostname, VirtualAddress: virtualAddress };
}
