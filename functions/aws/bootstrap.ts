/** What the deployment's own custom resources ask for, by name: its keys, and the estate that it begins with. */
import { z } from 'zod';
import { Slot, VpcId } from '../../protocol/slot.ts';
import type { VpcKeeper } from '../reconcile/vpc.ts';
import { EstateWanted } from './bootstrap-estate.ts';
import { KeysWanted } from './bootstrap-keys.ts';
import type { Order } from './custom-resource.ts';

const Wanted = z.discriminatedUnion('what', [KeysWanted, EstateWanted]);
/** What a deletion of the estate needs to know. What can't be read was never made. */
const Deleted = z.object({
  what: z.literal('estate'),
  vpc: z.object({ id: VpcId }),
  hubs: z.array(z.object({ slot: z.object(Slot.pick({ interface: true, prefixList: true }).shape) })),
});

export interface BootstrapSteps {
  readonly makeKeys: (wanted: KeysWanted) => Promise<Record<string, string>>;
  readonly makeEstate: (wanted: EstateWanted) => Promise<void>;
  readonly keeper: Pick<VpcKeeper, 'clear'>;
}

/** On deletion, keys stay with their secrets, and the estate with its table; only routes would be left behind in a foreign VPC. */
export function createBootstrap(steps: BootstrapSteps) {
  return async ({ type, properties }: Order): Promise<Record<string, string>> => {
    if (type === 'Delete') {
      const deleted = Deleted.safeParse(properties);
      if (deleted.success) await clearRoutes(steps, deleted.data);
      return {};
    }
    const wanted = Wanted.parse(properties);
    if (wanted.what === 'keys') return steps.makeKeys(wanted);
    await steps.makeEstate(wanted);
    return {};
  };
}

/** A route that stays would lead nowhere for ever, so that a failure is told, and the deletion can be repeated. */
async function clearRoutes(
  { keeper }: BootstrapSteps,
  { vpc, hubs }: z.infer<typeof Deleted>,
): Promise<void> {
  const slots = hubs.map(({ slot }) => slot);
  const [failure] = (await keeper.clear(vpc.id, slots)).failures;
  if (failure !== undefined)
    throw new Error(`The route ${failure.destination} in ${failure.table} stays: ${failure.reason}`);
}
