/** What the page of the audit log asks of the API. */
import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../client/client.ts';
import { ApiProblem, dataOf } from './answer.ts';
import { POLLED } from './pace.ts';
import type { AuditFilter } from './view/audit-filter.ts';

const LISTED = 200;
const EXPORTED = 500;
/** 100,000 entries: more are for a program. */
const PARTS_MAX = 200;

type Tenant = { readonly api: ApiClient; readonly tenant: string };

export const auditQuery = ({ api, tenant }: Tenant, filter: AuditFilter) =>
  queryOptions({
    queryKey: ['audit', tenant, filter],
    queryFn: () =>
      dataOf(
        api.GET('/v1/tenants/{tenant}/events', {
          params: { path: { tenant }, query: { ...filter, limit: LISTED } },
        }),
      ),
    ...POLLED,
  });

/** All that the filter finds, part by part. */
export async function exportAudit({ api, tenant }: Tenant, filter: AuditFilter): Promise<string> {
  let text = '';
  let page: string | undefined;
  for (let parts = 0; parts < PARTS_MAX; parts += 1) {
    const query = { ...filter, limit: EXPORTED, ...(page === undefined ? {} : { page }) };
    const asked = api.GET('/v1/tenants/{tenant}/events/export', {
      params: { path: { tenant }, query },
      parseAs: 'text',
    });
    const { response } = await asked;
    text += await dataOf(asked);
    page = nextPage(response.headers.get('link'));
    if (page === undefined) return text;
  }
  throw new ApiProblem(0, 'too_many', `There are more than ${PARTS_MAX * EXPORTED}: choose a time.`);
}

function nextPage(link: string | null): string | undefined {
  const target = /<([^>]*)>; rel="next"/.exec(link ?? '')?.[1];
  return target === undefined
    ? undefined
    : (new URL(target, location.origin).searchParams.get('page') ?? undefined);
}
