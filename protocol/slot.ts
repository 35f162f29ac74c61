/**
 * A hub's slot in a cloud account: what outlives the instance that fills it. A replaced instance takes the same network
 * interface, public address and WireGuard key, so that no edge's document changes.
 */
import { z } from 'zod';
import { Address } from './address.ts';
import { WireguardKey } from './wireguard-key.ts';

export const InterfaceId = z.string().regex(/^eni-[0-9a-f]{8,17}$/, {
  message: 'Write the id of a network interface: eni- and 8 to 17 hexadecimal digits.',
});
export const VpcId = z.string().regex(/^vpc-[0-9a-f]{8,17}$/, {
  message: 'Write the id of a VPC: vpc- and 8 to 17 hexadecimal digits.',
});
const PrefixListId = z.string().regex(/^pl-[0-9a-f]{8,17}$/, {
  message: 'Write the id of a managed prefix list: pl- and 8 to 17 hexadecimal digits.',
});

/** An entry of Cloud Map by which the ingress finds the hub. */
export const Discovery = z
  .strictObject({
    service: z.string().regex(/^srv-[a-z0-9]{1,60}$/),
    instance: z.string().min(1).max(64),
  })
  .meta({ id: 'Discovery' });

export const Slot = z
  .strictObject({
    account: z
      .string()
      .regex(/^\d{12}$/)
      .meta({ description: 'AWS account of the instance role' }),
    role: z
      .string()
      .regex(/^[A-Za-z0-9+=,.@_-]{1,64}$/)
      .meta({ description: 'Name of the instance role; who holds it may enrol as this hub' }),
    vpc: VpcId,
    interface: InterfaceId,
    address: Address.meta({ description: 'Private address of the interface' }),
    publicKey: WireguardKey.meta({ description: 'Of the WireGuard key that is kept for the slot' }),
    secret: z.string().min(1).max(300).meta({ description: 'Id of the secret that keeps the WireGuard key' }),
    queue: z.url().max(300).meta({ description: 'Queue with the messages to this hub' }),
    table: z.string().min(3).max(255).meta({ description: 'Table that says which hub owns the routes' }),
    prefixList: PrefixListId.optional().meta({
      description: 'Managed prefix list for native prefixes; ours alone',
    }),
    discovery: Discovery.optional(),
  })
  .meta({ id: 'Slot' });
export type Slot = z.infer<typeof Slot>;

/** Who owns the routes of a VPC. `epoch` rises by one with every change of owner, and only by compare-and-set. */
export const RouteOwner = z
  .strictObject({
    vpc: VpcId,
    hub: z.string().meta({ description: 'Name of the hub' }),
    epoch: z.int().min(1),
    since: z.iso.datetime(),
    reason: z.string().max(300).meta({ description: 'Why ownership moved there' }),
  })
  .meta({ id: 'RouteOwner' });
export type RouteOwner = z.infer<typeof RouteOwner>;

/** What the last look at a VPC's route tables found. `tables` in all; the rest by id. */
export const RoutesReport = z
  .strictObject({
    at: z.iso.datetime(),
    epoch: z.int().min(1),
    tables: z.int(),
    moved: z.int().meta({ description: 'Routes that were made or moved' }),
    conflicts: z
      .array(z.strictObject({ table: z.string(), destination: z.string(), target: z.string() }))
      .max(200)
      .meta({ description: 'Foreign routes that stand where ours should; they are never touched' }),
    failures: z
      .array(z.strictObject({ table: z.string(), destination: z.string(), reason: z.string().max(300) }))
      .max(200),
  })
  .meta({ id: 'RoutesReport' });
export type RoutesReport = z.infer<typeof RoutesReport>;
