/** What is done on a schedule as a function: everything again from scratch, and the routes of VPCs. Composition only. */
import { readEnvironment } from './aws/environment.ts';
import { openPlane, PLANE_KEYS } from './aws/plane.ts';
import { createRoutine } from './aws/routine.ts';

const { reconciler, keeper } = openPlane(readEnvironment(process.env, PLANE_KEYS));

export const handler = createRoutine({ sweep: reconciler.sweep, routes: keeper.keep });
