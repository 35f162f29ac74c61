/** The copy of the audit log as a function: composition only. */
import { openAuditBucket } from './aws/audit-bucket.ts';
import { createAuditHandler } from './aws/audit-call.ts';
import { readEnvironment } from './aws/environment.ts';
import { logFailure } from './aws/log.ts';
import { openTable } from './aws/table.ts';
import { createAuditExport } from './reconcile/audit.ts';

const { table, audit } = readEnvironment(process.env, ['table', 'audit']);

export const handler = createAuditHandler(
  createAuditExport({ store: openTable(table).store, put: openAuditBucket(audit), onFailure: logFailure }),
);
