/** An event: one line of the audit log. Append-only. */
import { z } from 'zod';
import { listOf, Timestamp } from './metadata.ts';

export const Event = z
  .strictObject({
    id: z.string(),
    time: Timestamp,
    tenant: z.string().meta({ description: '* for the deployment' }),
    actor: z.string().meta({ description: 'key:NAME, agent:ID or system' }),
    action: z.enum(['create', 'update', 'delete', 'enrol', 'refuse', 'report', 'issue']),
    kind: z.string(),
    name: z.string(),
    detail: z.string().meta({ description: 'One sentence, without secrets' }),
    request: z.string().optional().meta({ description: 'Id of the request that caused it' }),
  })
  .meta({ id: 'Event' });
export type Event = z.infer<typeof Event>;
export const EventList = listOf('EventList', Event);
