/** CPU that an app's tasks have used. Marathon does not know it: the agents of its Mesos do, which its masters name. It changes nothing. */
import type { MarathonClient } from '../marathon/client.ts';
import { OneApp } from '../marathon/wire.ts';
import type { MesosClient } from '../mesos/client.ts';
import { taskCpus } from '../mesos/statistics.ts';
import type { CpuReading } from '../usage/meter.ts';
import { DriverError } from './driver.ts';
import { isReady } from './marathon-status.ts';

interface Reach {
  readonly client: MarathonClient;
  readonly mesos: MesosClient | undefined;
}

/** Of its tasks that are ready. `id` is the app's. */
export async function marathonUsage({ client, mesos }: Reach, id: string): Promise<CpuReading[]> {
  if (mesos === undefined)
    throw new DriverError(
      'driver.unsupported',
      'Marathon does not tell CPU, and this host does not reach the masters of its Mesos: give --master.',
    );
  const query = [['embed', 'app.tasks']] as const;
  const { app } = await client.json(OneApp, { method: 'GET', path: `/v2/apps${id}`, query });
  const ready = app.tasks.filter((task) => isReady(task, app));
  const cpus = await taskCpus(
    mesos,
    ready.map(({ id: task, slaveId }) => ({ id: task, agent: slaveId ?? '' })),
  );
  return cpus.map(({ task, usedMs, atMs }) => ({ kind: 'counter', container: task, usedMs, atMs }));
}
