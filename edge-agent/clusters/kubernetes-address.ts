/** Why a pod has no address of its pool yet: what the plugin on its node said, out of the kubelet's events. Values in, values out. */
import { z } from 'zod';

/** As the plugin begins what it says; the runtime puts its own words before it. */
const PLUGIN = 'isthmus-ipam: ';

export const EventObject = z.looseObject({
  involvedObject: z.looseObject({ uid: z.string().default('') }),
  message: z.string().default(''),
  lastTimestamp: z.string().nullish(),
  eventTime: z.string().nullish(),
});
export type EventObject = z.infer<typeof EventObject>;

/** The newest word on each pod, by its UID. */
export function addressFaultsOf(events: readonly EventObject[]): ReadonlyMap<string, string> {
  const sorted = [...events].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
  return new Map(
    sorted.flatMap(({ involvedObject, message }) => {
      const begin = message.indexOf(PLUGIN);
      return begin < 0 ? [] : [[involvedObject.uid, message.slice(begin + PLUGIN.length)] as const];
    }),
  );
}

function timeOf({ lastTimestamp, eventTime }: EventObject): string {
  return lastTimestamp ?? eventTime ?? '';
}
