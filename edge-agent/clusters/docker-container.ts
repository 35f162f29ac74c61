/** From an app to a container at a plain engine, and to the networks that it is in. Values in, values out. */
import type { AppTemplate } from '../../protocol/app.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { appOfTrack } from '../../protocol/track.ts';
import {
  appName,
  askedOf,
  CONTENT_LABEL,
  checkResources,
  contentOf,
  type Hash,
  healthcheckOf,
  MANAGED_BY,
  MANAGER,
  marksOf,
  networkName,
  RELEASE_LABEL,
  refuseIf,
  TENANT_LABEL,
  variablesOf,
} from './docker-marks.ts';
import { ADDRESS_LABEL, CPU_LABEL, MEMORY_LABEL, type SeenLimits, SLOT_LABEL } from './docker-seen.ts';

const MIB = 1024 * 1024;
const NANO_CPUS_A_MILLI = 1_000_000;

/** Its containers come back after a restart of the host, whether or not anybody of us is there. */
const RESTARTS = 'unless-stopped';
const NO_RESTARTS = 'no';

/** Throws `driver.unsupported` or `driver.refused` for what a plain engine can't do, or takes and then fails at. */
export function checkDocker({ template }: WorkloadLeaf): void {
  refuseIf([
    [
      template.secrets.length > 0,
      'A plain engine keeps no secrets: use a swarm or a Kubernetes cluster, or bake a file into a volume of the app by hand.',
    ],
    [
      template.files.length > 0 && template.onFileChange.kind !== 'restart',
      'Files of a container at a plain engine change with a new container only: use onFileChange restart.',
    ],
  ]);
  checkResources(template);
}

export interface ContainerWanted {
  readonly workload: WorkloadLeaf;
  readonly slot: number;
  readonly isOnTrial: boolean;
  readonly address: string | undefined;
}

/** Body of its creation. One on trial is not started again by the engine, so that its end is seen. */
export function containerOf({ workload, slot, isOnTrial, address }: ContainerWanted, hash: Hash) {
  const { template, app, tenant } = workload;
  const { nanoCpus, memoryBytes } = limitsOf(template);
  const isAsked = !isOnTrial && askedOf(workload) === 'always';
  return {
    Image: template.image,
    ...(template.command === undefined ? {} : { Entrypoint: template.command }),
    ...(template.arguments === undefined ? {} : { Cmd: template.arguments }),
    Env: variablesOf(template),
    Labels: labelsOf({ workload, slot, address }, hash),
    Healthcheck: healthcheckOf(template),
    StopTimeout: template.stopSeconds,
    ExposedPorts: Object.fromEntries(template.ports.map((port) => [portKey(port), {}])),
    HostConfig: {
      RestartPolicy: { Name: isOnTrial ? NO_RESTARTS : RESTARTS },
      NanoCpus: nanoCpus,
      Memory: memoryBytes,
      MemoryReservation: (template.resources.memoryMib ?? 0) * MIB,
      NetworkMode: networkName(tenant),
      PortBindings: portBindings(template),
      Mounts: template.volumes.map((volume) => mountOf({ workload, volume, slot }, hash)),
    },
    // One on trial is asked by nobody yet.
    NetworkingConfig: {
      EndpointsConfig: { [networkName(tenant)]: isAsked ? { Aliases: [appOfTrack(app)] } : {} },
    },
  };
}

function labelsOf({ workload, slot, address }: Omit<ContainerWanted, 'isOnTrial'>, hash: Hash) {
  const { template, tenant, release } = workload;
  const { cpuMillis, memoryMib } = template.resources;
  return {
    ...marksOf(workload),
    [TENANT_LABEL]: tenant,
    [SLOT_LABEL]: String(slot),
    [RELEASE_LABEL]: String(release),
    [CONTENT_LABEL]: contentOf(template, hash),
    ...(address === undefined ? {} : { [ADDRESS_LABEL]: address }),
    ...(cpuMillis === undefined ? {} : { [CPU_LABEL]: String(cpuMillis) }),
    ...(memoryMib === undefined ? {} : { [MEMORY_LABEL]: String(memoryMib) }),
  };
}

/** What can be changed while it runs, and is put back. */
export function limitsOf({ resources }: AppTemplate): SeenLimits {
  return {
    nanoCpus: (resources.cpuMillisMax ?? 0) * NANO_CPUS_A_MILLI,
    memoryBytes: (resources.memoryMibMax ?? 0) * MIB,
    restartPolicy: RESTARTS,
  };
}

function portKey({ port, protocol }: AppTemplate['ports'][number]): string {
  return `${port}/${protocol}`;
}

function portBindings({ ports }: AppTemplate) {
  return Object.fromEntries(
    ports.flatMap((port) =>
      port.hostPort === undefined ? [] : [[portKey(port), [{ HostPort: String(port.hostPort) }]]],
    ),
  );
}

interface Mounting {
  readonly workload: WorkloadLeaf;
  readonly volume: AppTemplate['volumes'][number];
  readonly slot: number;
}

function mountOf({ workload, volume, slot }: Mounting, hash: Hash) {
  const { name, path, class: driver } = volume;
  return {
    Type: 'volume',
    Source: `${appName(workload, hash)}_${name}_${slot}`,
    Target: path,
    VolumeOptions: {
      Labels: { ...marksOf(workload), [SLOT_LABEL]: String(slot) },
      ...(driver === undefined ? {} : { DriverConfig: { Name: driver } }),
    },
  };
}

/** Where containers of a pool are, as the site's LAN has it; without one they are behind their engine alone. */
export interface Lan {
  /** Interface of the engines' hosts. */
  readonly parent: string;
  readonly subnet: string;
  /** The first address of the subnet unless given. */
  readonly gateway?: string;
}

export interface PoolNetwork {
  readonly name: string;
  readonly prefix: string;
  readonly lan: Lan | undefined;
}

/** Of one range of a pool. */
export function poolNetworkName(pool: string, prefix: string): string {
  return `isthmus-pool-${pool}-${prefix.replace('/', '-')}`;
}

/** The tenant's own: engines keep such networks apart from one another. */
export function tenantNetwork(tenant: string) {
  return { Name: networkName(tenant), Driver: 'bridge', CheckDuplicate: true, Labels: labelled(tenant) };
}

/** A LAN has one network at an engine, for all pools and tenants: its parent takes no second one. */
const LAN_NETWORK = 'isthmus-lan';

export function poolNetwork(tenant: string, { name, prefix, lan }: PoolNetwork) {
  if (lan === undefined)
    return {
      Name: name,
      Driver: 'bridge',
      CheckDuplicate: true,
      Labels: labelled(tenant),
      IPAM: { Config: [{ Subnet: prefix }] },
    };
  const gateway = lan.gateway === undefined ? {} : { Gateway: lan.gateway };
  return {
    Name: LAN_NETWORK,
    Driver: 'macvlan',
    CheckDuplicate: true,
    Labels: { [MANAGED_BY]: MANAGER },
    Options: { parent: lan.parent },
    IPAM: { Config: [{ Subnet: lan.subnet, ...gateway }] },
  };
}

function labelled(tenant: string) {
  return { [MANAGED_BY]: MANAGER, [TENANT_LABEL]: tenant };
}
