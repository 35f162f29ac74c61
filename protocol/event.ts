/** An event: one line of the audit log. Append-only. What is optional was not told by earlier versions. */
import { z } from 'zod';
import { listOf, Timestamp } from './metadata.ts';

/** Who did it, in more words than `actor`. `tenant` is where a key belongs. */
export const EventActor = z
  .strictObject({
    kind: z.enum(['key', 'person', 'machine', 'nobody']),
    name: z.string(),
    tenant: z.string().optional(),
    issuer: z.string().optional(),
    subject: z.string().optional(),
  })
  .meta({ id: 'EventActor' });
export type EventActor = z.infer<typeof EventActor>;

/** A value of the spec that differs, as shortened JSON; what may be a secret is `(hidden)`. */
export const Difference = z
  .strictObject({
    path: z.string().meta({ description: 'JSON pointer into the spec' }),
    before: z.string().optional(),
    after: z.string().optional(),
  })
  .meta({ id: 'Difference' });
export type Difference = z.infer<typeof Difference>;

export const EventAction = z.enum(['create', 'update', 'delete', 'enrol', 'refuse', 'report', 'issue']);

export const Event = z
  .strictObject({
    id: z.string(),
    time: Timestamp,
    tenant: z.string().meta({ description: '* for the deployment' }),
    actor: z
      .string()
      .meta({ description: 'key:NAME, person:SUBJECT, machine:SUBJECT, agent:ID, nobody or system' }),
    action: EventAction,
    kind: z.string(),
    name: z.string(),
    detail: z.string().meta({ description: 'One sentence, without secrets' }),
    request: z.string().optional().meta({ description: 'Id of the request that caused it' }),
    by: EventActor.optional(),
    from: z
      .string()
      .optional()
      .meta({ description: 'Address that the request came from, as the platform saw it' }),
    result: z.enum(['done', 'refused']).optional(),
    changes: z.array(Difference).optional(),
    omitted: z.int().optional().meta({ description: 'How many more changes there were' }),
  })
  .meta({ id: 'Event' });
export type Event = z.infer<typeof Event>;
export const EventList = listOf('EventList', Event);
