/**
 * The estate that a deployment begins with: the first admin key, what groups of its user pool may do, one tenant, the VPC as its site, and the hubs. All but the
 * key goes through the API, in the process: its rules hold, its audit log tells. What users changed since stays,
 * but for what the deployment itself says.
 */
import { z } from 'zod';
import { Cidr, Endpoint } from '../../protocol/address.ts';
import type { HubSpec } from '../../protocol/hub.ts';
import { ROLES } from '../../protocol/key.ts';
import { Name } from '../../protocol/metadata.ts';
import type { SiteSpec } from '../../protocol/site.ts';
import { Slot, VpcId } from '../../protocol/slot.ts';
import { ensureAdminKey, replaceAdminKey } from '../api/admin-key.ts';
import type { Clock } from '../reconcile/ports.ts';
import type { Store } from '../store/port.ts';
import { type Client, createClient, type ResourceAt } from './estate-client.ts';
import type { Secrets } from './secrets.ts';

const TENANT = 'main';
const SITE = 'cloud';

export const EstateWanted = z.object({
  what: z.literal('estate'),
  /** Id of the secret that the admin key's text is put into. */
  adminSecret: z.string().min(1),
  /** Origin of the API. */
  url: z.url(),
  vpc: z.object({ id: VpcId, prefixes: z.array(Cidr).min(1) }),
  /** Of the deployment's own user pool, whose groups are called as the roles that they get. */
  issuer: z.url().optional(),
  hubs: z.array(z.object({ name: Name, endpoint: Endpoint, slot: Slot })),
});
export type EstateWanted = z.infer<typeof EstateWanted>;

export interface EstateDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly api: { request(path: string, init: RequestInit): Response | Promise<Response> };
}

export async function makeEstate(dependencies: EstateDependencies, wanted: EstateWanted): Promise<void> {
  const key = await ensureKey(dependencies, wanted.adminSecret);
  const client = createClient(dependencies.api, { url: wanted.url, key });
  await requireAdmitted(client, wanted.adminSecret);
  await client.ensure({ collection: '/v1/tenants', name: TENANT }, (spec) => spec ?? {});
  await client.ensure(
    { collection: `/v1/tenants/${TENANT}/sites`, name: SITE },
    (spec): SiteWanted => ({
      ...spec,
      kind: 'vpc',
      allotment: wanted.vpc.prefixes,
      prefixes: wanted.vpc.prefixes,
    }),
  );
  if (wanted.issuer !== undefined) await bindGroups(client, wanted.issuer);
  for (const { name, endpoint, slot } of wanted.hubs)
    await client.ensure(
      hubAt(name),
      (spec): HubWanted => ({
        ...spec,
        endpoint,
        slot,
        vpc: { tenant: TENANT, site: SITE },
      }),
    );
}

/** What a group may do can be changed by its binding; which group it is, the deployment says. */
async function bindGroups(client: Client, issuer: string): Promise<void> {
  for (const role of ROLES)
    await client.ensure({ collection: '/v1/bindings', name: `pool-${role}` }, (spec) => ({
      role,
      ...spec,
      who: { kind: 'group', issuer, group: role },
    }));
}

type SiteWanted = Pick<SiteSpec, 'kind' | 'allotment' | 'prefixes'>;
type HubWanted = Pick<HubSpec, 'endpoint' | 'slot' | 'vpc'>;

function hubAt(name: string): ResourceAt {
  return { collection: '/v1/hubs', name };
}

/** The key's text is in the table as a hash only, so a secret without a value means that nobody has ever seen the key. */
async function ensureKey(
  { store, clock, secrets }: EstateDependencies,
  adminSecret: string,
): Promise<string> {
  const kept = await secrets.read(adminSecret);
  const made = kept === undefined ? await replaceAdminKey(store, clock) : await ensureAdminKey(store, clock);
  if (made !== undefined) await secrets.write(adminSecret, made);
  const key = made ?? kept;
  if (key === undefined) throw new Error(`The secret ${adminSecret} has no admin key.`);
  return key;
}

async function requireAdmitted(client: Client, adminSecret: string): Promise<void> {
  if (!(await client.isAdmitted()))
    throw new Error(
      `The key in the secret ${adminSecret} is no admin key any more: put a valid one in there, and deploy again.`,
    );
}
