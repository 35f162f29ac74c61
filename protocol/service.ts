/** A service: a name for an address at a site, `SERVICE.SITE.TENANT.isthmus.internal`. */
import { z } from 'zod';
import { Address } from './address.ts';
import { Condition, creation, listOf, Name, replacement, resource } from './metadata.ts';

/** The DNS suffix of every Isthmus name; `.internal` is reserved for private use (ICANN, 2024). */
export const DOMAIN = 'isthmus.internal';

export const Port = z.int().min(1).max(65535).meta({ id: 'Port' });
export const Protocol = z.enum(['tcp', 'udp']).meta({ id: 'Protocol' });

export const ServiceSpec = z
  .strictObject({
    address: Address.meta({ description: 'Real address, inside an exposed prefix of the site' }),
    port: Port,
    protocol: Protocol.default('tcp'),
  })
  .meta({ id: 'ServiceSpec' });
export type ServiceSpec = z.infer<typeof ServiceSpec>;

export const FoundIn = Name.optional().meta({
  description: 'The cluster that it was found in and goes with; once a person has replaced it, it is theirs',
});

export const ServiceStatus = z
  .strictObject({
    site: z.string(),
    hostname: z.string(),
    virtualAddress: Address.optional(),
    cluster: FoundIn,
    conditions: z.array(Condition),
  })
  .meta({ id: 'ServiceStatus' });
export const Service = resource('Service', ServiceSpec, ServiceStatus);
export type Service = z.infer<typeof Service>;
export const ServiceList = listOf('ServiceList', Service);
export const ServiceCreation = creation('ServiceCreation', ServiceSpec);
export const ServiceReplacement = replacement('ServiceReplacement', ServiceSpec);
