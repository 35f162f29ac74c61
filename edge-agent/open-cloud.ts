/**
 * Loads what speaks to a cloud account: a file of its own beside the agent, so that an edge neither downloads nor loads
 * it. Types come from `cloud/cloud.ts`; nothing else of the agent may import `cloud/aws.ts`.
 */
import type { CloudModule } from './cloud/cloud.ts';

/** In the bundle this is `./cloud.mjs`: see `bundle.ts`. */
export async function loadCloud(): Promise<CloudModule> {
  try {
    return await import('./cloud/aws.ts');
  } catch (cause) {
    throw new Error(
      'The part of the agent for cloud instances (cloud.mjs) is missing: run the installer again.',
      {
        cause,
      },
    );
  }
}
