/** Messages to hubs on AWS: each hub reads its own queue, so the API has none to hand out, and holds no request open. */
import type { Messages } from '../../protocol/report.ts';

const AGAIN_SECONDS = 60;

export const queuedElsewhere = {
  wait: async (): Promise<Messages> => ({ changed: [], cursor: 'queue', againSeconds: AGAIN_SECONDS }),
};
