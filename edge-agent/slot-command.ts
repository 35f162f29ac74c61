/** `edge-agent slot FILE`: puts together what taking a slot needs: account, metadata, host. It holds no rule. */
import { run } from './apply/command.ts';
import { openMetadata } from './cloud/metadata.ts';
import { loadCloud } from './open-cloud.ts';
import { pause } from './pause.ts';
import type { Environment, Paths } from './settings.ts';
import { readSlotFile, type TakenSlot } from './slot-file.ts';
import { takeSlot } from './take-slot.ts';

export async function takeSlotOf(path: string, paths: Paths, environment: Environment): Promise<TakenSlot> {
  const file = readSlotFile(path);
  const { openSlots } = await loadCloud();
  return takeSlot(file, paths, {
    slots: await openSlots(file.region),
    metadata: openMetadata(environment.metadataEndpoint),
    run,
    pause,
    now: () => performance.now(),
    log: (line) => console.log(line),
  });
}
