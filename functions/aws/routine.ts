/** What the schedule asks for, by name. What it throws ends the invocation as failed, so that an alarm sees it. */
import { z } from 'zod';

const Wanted = z.object({ do: z.enum(['sweep', 'routes']) });

export type Routines = Readonly<Record<z.infer<typeof Wanted>['do'], () => Promise<unknown>>>;

export function createRoutine(routines: Routines) {
  return async (event: unknown): Promise<void> => {
    await routines[Wanted.parse(event).do]();
  };
}
