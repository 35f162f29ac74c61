/**
 * The driver of Mesos, over a framework of our own: it says what is wanted, the framework sees to it. So that silence is told from a refusal, every call asks the
 * master something.
 */
import { createHash } from 'node:crypto';
import type { AppInstance } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { keyOf } from '../mesos/app.ts';
import { MesosError, type MesosFault } from '../mesos/client.ts';
import type { MesosFramework } from '../mesos/framework.ts';
import { sandboxLines } from '../mesos/sandbox.ts';
import { taskCpus } from '../mesos/statistics.ts';
import { isReady } from '../mesos/tasks.ts';
import { Agents, addressOf, agentInfos, isTerminal, Tasks } from '../mesos/wire.ts';
import type { CpuReading } from '../usage/meter.ts';
import { type AppRef, type Done, type Driver, DriverError, type DriverFault } from './driver.ts';
import { mesosAppOf } from './mesos-objects.ts';
import { mesosInstance } from './mesos-status.ts';
import { named } from './track.ts';

/** The framework is started, and ended, by whoever made it. */
export function createMesosDriver(framework: MesosFramework): Driver {
  return {
    tracks: true,
    apply: (workload) => translated(() => apply(framework, named(workload))),
    remove: (ref) => translated(() => remove(framework, ref)),
    list: () => translated(() => list(framework)),
    status: (workload) => translated(() => status(framework, named(workload))),
    usage: (workload) => translated(() => usage(framework, named(workload))),
  };
}

async function apply(framework: MesosFramework, workload: WorkloadLeaf): Promise<Done> {
  const app = mesosAppOf(workload, sha256);
  await framework.ready();
  await checkName(framework, workload);
  return framework.set(app) ? [`asked for ${app.instances} of ${keyOf(app)}, release ${app.release}`] : [];
}

/** Names of tasks are what service discovery goes by: two frameworks with tasks of one name would be one service. */
async function checkName({ client, frameworkId }: MesosFramework, { app, namespace }: AppRef): Promise<void> {
  const { get_tasks: told } = await client.operator(Tasks, 'GET_TASKS');
  const foreign = [...told.pending_tasks, ...told.tasks].find(
    (task) =>
      task.name === `${app}.${namespace}` &&
      task.framework_id.value !== frameworkId &&
      !isTerminal(task.state),
  );
  if (foreign !== undefined)
    throw new DriverError(
      'driver.conflict',
      `The framework ${foreign.framework_id.value} has a task ${foreign.name} already: end it, or choose another name.`,
    );
}

async function remove(framework: MesosFramework, ref: AppRef): Promise<Done> {
  await framework.ready();
  await framework.client.operator(Tasks, 'GET_TASKS');
  return framework.unset(keyOf(ref)) ? [`ended ${keyOf(ref)}`] : [];
}

async function list(framework: MesosFramework): Promise<readonly AppRef[]> {
  await framework.ready();
  return framework.apps().map(({ app, namespace }) => ({ app, namespace }));
}

async function status(framework: MesosFramework, workload: WorkloadLeaf): Promise<AppInstance> {
  await framework.ready();
  const view = framework.view(keyOf(workload));
  const { get_agents: told } = await framework.client.operator(Agents, 'GET_AGENTS');
  const hostnames = new Map(agentInfos(told).map(({ id, hostname }) => [id.value, hostname]));
  const addresses = new Map(
    told.agents.flatMap(({ agent_info: info, pid }) => {
      const address = addressOf(pid);
      return address === undefined ? [] : [[info.id.value, address] as const];
    }),
  );
  const { ended } = view;
  const agent = told.agents.find(({ agent_info: info }) => info.id.value === ended?.agent);
  const lastLines =
    ended === undefined || agent === undefined
      ? []
      : await sandboxLines(framework, { pid: agent.pid, task: ended.id }).catch(() => []);
  return mesosInstance({ workload, view, hostnames, addresses, lastLines });
}

/** Of its tasks that are ready. */
async function usage(framework: MesosFramework, workload: WorkloadLeaf): Promise<CpuReading[]> {
  await framework.ready();
  const { app, tasks } = framework.view(keyOf(workload));
  const ready = tasks.filter((task) => isReady(task, app?.isChecked ?? false));
  const cpus = await taskCpus(framework.client, ready);
  return cpus.map(({ task, usedMs, atMs }) => ({ kind: 'counter', container: task, usedMs, atMs }));
}

const FAULTS: Readonly<Record<MesosFault, DriverFault>> = {
  'mesos.unreachable': 'driver.unreachable',
  'mesos.malformed': 'driver.unreachable',
  'mesos.forbidden': 'driver.forbidden',
  'mesos.refused': 'driver.refused',
  'mesos.not_found': 'driver.refused',
};

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof MesosError) throw new DriverError(FAULTS[cause.code], cause.message, { cause });
    throw cause;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
