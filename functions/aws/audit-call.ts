/** What the function that copies the audit log is asked: records of the table's stream, or a span of time by whoever wants what was missed. */
import { z } from 'zod';
import type { createAuditExport } from '../reconcile/audit.ts';

const Asked = z.union([
  z.object({ Records: z.array(z.unknown()) }),
  z.strictObject({ since: z.iso.datetime(), until: z.iso.datetime() }),
]);

export function createAuditHandler({ records, span }: ReturnType<typeof createAuditExport>) {
  return async (event: unknown) => {
    const asked = Asked.parse(event);
    return 'Records' in asked ? records(asked.Records) : span(asked.since, asked.until);
  };
}
