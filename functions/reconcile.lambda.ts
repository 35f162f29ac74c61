/** The table's stream as a function: composition only. */
import { readEnvironment } from './aws/environment.ts';
import { logFailure } from './aws/log.ts';
import { openPlane, PLANE_KEYS } from './aws/plane.ts';
import { createStreamHandler } from './reconcile/stream.ts';

const { reconciler, keeper } = openPlane(readEnvironment(process.env, PLANE_KEYS));

export const handler = createStreamHandler({
  onChange: reconciler.onChange,
  keepRoutes: keeper.keep,
  onFailure: logFailure,
});
