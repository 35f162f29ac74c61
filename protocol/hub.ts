/** A hub: the agent in the VPC that edges dial. It belongs to the deployment, not to a tenant. */
import { z } from 'zod';
import { Address, Endpoint } from './address.ts';
import { Condition, creation, listOf, Name, replacement, resource, Timestamp } from './metadata.ts';
import { Finding } from './report.ts';
import { Features } from './rotation.ts';
import { RouteOwner, Slot } from './slot.ts';

export const HubSpec = z
  .strictObject({
    endpoint: Endpoint.meta({ description: 'Public UDP address:port that edges dial' }),
    group: Name.default('main').meta({ description: 'Hubs of a group hold the same peers' }),
    vpc: z
      .strictObject({ tenant: Name, site: Name })
      .optional()
      .meta({ description: 'The VPC site whose hosts reach the data centers by this hub' }),
    slot: Slot.optional().meta({ description: 'Absent for a hub that is no cloud instance' }),
  })
  .meta({ id: 'HubSpec' });
export type HubSpec = z.infer<typeof HubSpec>;

export const HubStatus = z
  .strictObject({
    agent: z.string(),
    tunnelAddress: Address,
    wireguardKey: z
      .string()
      .optional()
      .meta({ description: "Absent until the hub has enrolled; of a slot, the slot's" }),
    version: z.string().optional(),
    features: Features.optional(),
    document: z.strictObject({ epoch: z.int(), generation: z.int() }).optional(),
    applied: z.strictObject({ epoch: z.int(), generation: z.int(), at: Timestamp }).optional(),
    findings: z
      .array(Finding)
      .optional()
      .meta({ description: 'What was wrong on its host when it last told; absent if it never did' }),
    certificate: z
      .string()
      .optional()
      .meta({ description: "PEM of the gateway's own certificate, to verify it by" }),
    owner: RouteOwner.optional().meta({
      description: "Who owns the routes of the VPC that the hub's slot lies in",
    }),
    conditions: z.array(Condition),
  })
  .meta({ id: 'HubStatus' });
export const Hub = resource('Hub', HubSpec, HubStatus);
export type Hub = z.infer<typeof Hub>;
export const HubList = listOf('HubList', Hub);
export const HubCreation = creation('HubCreation', HubSpec);
export const HubReplacement = replacement('HubReplacement', HubSpec);
