/**
 * Bodies that pass to an engine: exactly what the driver of plain engines writes. Objects are closed, so whatever else an engine would take (privileges, mounts
 * of the host, its namespaces and devices, options of volume drivers) has no name here. Values in, values out.
 */
import { z } from 'zod';
import { Address, Cidr, overlaps, parsePrefix } from '../../protocol/address.ts';
import { Name } from '../../protocol/metadata.ts';
import {
  APP_LABEL,
  isOurs,
  MANAGED_BY,
  MANAGER,
  NAMESPACE_LABEL,
  networkName,
  TENANT_LABEL,
} from '../clusters/docker-marks.ts';

/** What its own host lets an edge do there; nobody but root of the host changes it. */
export interface HostRules {
  /** Interfaces on which containers may have addresses of the LAN. */
  readonly lanParents: readonly string[];
  /** Networks that the host itself is in, without those of its engine. */
  readonly hostPrefixes: readonly string[];
  /** Drivers of volumes beside the engine's own. */
  readonly volumeDrivers: readonly string[];
}

const LIST_MAX = 256;
const LABELS_MAX = 32;
const TEXT_MAX = 100_000;
/** A wider range could take the place of the host's own routes. */
const RANGE_BITS_MIN = 16;

const Text = z.string().max(TEXT_MAX);
const Count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const Words = z.array(Text).max(LIST_MAX);
const PortKey = z.string().regex(/^\d{1,5}\/(?:tcp|udp|sctp)$/);
const HostPort = z.string().regex(/^[1-9]\d{0,4}$/);
const Id = z.string().regex(/^[0-9a-f]{64}$/);
const Alias = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,62}$/);
const Label = z.string().regex(/^isthmus\.dev\/[a-z0-9.-]{1,60}$/);
const Labels = z
  .record(Label, z.string().max(253))
  .refine((labels) => Object.keys(labels).length <= LABELS_MAX);
const VolumeName = z.string().regex(/^[a-z0-9][a-z0-9_.-]{1,200}$/);
const RestartPolicy = z.strictObject({ Name: z.enum(['no', 'unless-stopped', 'always', 'on-failure']) });

const Mount = z.strictObject({
  Type: z.literal('volume'),
  Source: VolumeName,
  Target: z.string().startsWith('/').max(4_096),
  VolumeOptions: z.strictObject({
    Labels,
    DriverConfig: z.strictObject({ Name: z.string().max(253) }).optional(),
  }),
});

const NewContainer = z.strictObject({
  Image: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]*$/),
  Entrypoint: Words.optional(),
  Cmd: Words.optional(),
  Env: Words,
  Labels,
  Healthcheck: z.strictObject({
    Test: Words,
    Interval: Count.optional(),
    Timeout: Count.optional(),
    Retries: Count.optional(),
    StartPeriod: Count.optional(),
  }),
  StopTimeout: Count.optional(),
  ExposedPorts: z.record(PortKey, z.strictObject({})),
  HostConfig: z.strictObject({
    RestartPolicy,
    NanoCpus: Count,
    Memory: Count,
    MemoryReservation: Count,
    NetworkMode: z.string().max(100),
    PortBindings: z.record(PortKey, z.array(z.strictObject({ HostPort })).max(1)),
    Mounts: z.array(Mount).max(LIST_MAX),
  }),
  NetworkingConfig: z.strictObject({
    EndpointsConfig: z.record(
      z.string().max(100),
      z.strictObject({ Aliases: z.array(Alias).max(LABELS_MAX).optional() }),
    ),
  }),
});
type NewContainer = z.infer<typeof NewContainer>;

interface Owner {
  readonly tenant: string;
  readonly namespace: string;
  readonly app: string;
  /** The tenant's. */
  readonly network: string;
}

/** A new container, with whose it is and the volumes that it is to have. */
export function createdBody({ volumeDrivers }: HostRules) {
  return NewContainer.transform((body, context) => {
    const why = refusalOf(body, volumeDrivers);
    const owner = ownerOf(body);
    if (why !== undefined || owner === undefined) {
      context.addIssue({ code: 'custom', message: why ?? 'its labels do not say whose it is' });
      return z.NEVER;
    }
    return { body, owner, volumes: body.HostConfig.Mounts.map(({ Source }) => Source) };
  });
}

function ownerOf({ Labels: labels }: NewContainer): Owner | undefined {
  const { [TENANT_LABEL]: tenant, [NAMESPACE_LABEL]: namespace, [APP_LABEL]: app } = labels;
  const isWhole = isOurs(labels) && Name.safeParse(tenant).success;
  if (!isWhole || tenant === undefined || namespace === undefined || app === undefined) return undefined;
  return { tenant, namespace, app, network: networkName(tenant) };
}

function refusalOf(body: NewContainer, volumeDrivers: readonly string[]): string | undefined {
  const { HostConfig, NetworkingConfig } = body;
  const owner = ownerOf(body);
  if (owner === undefined) return undefined;
  if (HostConfig.NetworkMode !== owner.network) return `its network is to be ${owner.network}, its tenant's`;
  if (Object.keys(NetworkingConfig.EndpointsConfig).some((name) => name !== owner.network))
    return "it is to be in its tenant's network alone";
  for (const { VolumeOptions } of HostConfig.Mounts) {
    const { Labels: labels, DriverConfig } = VolumeOptions;
    const isOfApp = labels[NAMESPACE_LABEL] === owner.namespace && labels[APP_LABEL] === owner.app;
    if (!isOurs(labels) || !isOfApp) return 'the marks of a volume are not those of its container';
    const driver = DriverConfig?.Name ?? 'local';
    if (driver !== 'local' && !volumeDrivers.includes(driver))
      return `this host does not let the volume driver ${driver} be used: say it there with --volume-driver`;
  }
  return undefined;
}

export const Limits = z.strictObject({
  NanoCpus: Count,
  Memory: Count,
  MemorySwap: Count,
  RestartPolicy,
});

export const Connection = {
  connect: z.strictObject({
    Container: Id,
    EndpointConfig: z.strictObject({
      Aliases: z.array(Alias).max(LABELS_MAX).optional(),
      IPAMConfig: z.strictObject({ IPv4Address: Address.optional() }).optional(),
    }),
  }),
  disconnect: z.strictObject({ Container: Id, Force: z.boolean().optional() }),
} as const;

const Range = z.strictObject({ Subnet: Cidr, Gateway: Address.optional() });

export const NewNetwork = z.strictObject({
  Name: z.string().regex(/^isthmus[_-][a-z0-9][a-z0-9._-]{0,100}$/),
  Driver: z.enum(['bridge', 'macvlan']),
  CheckDuplicate: z.literal(true),
  Labels: z.strictObject({ [MANAGED_BY]: z.literal(MANAGER), [TENANT_LABEL]: Name.optional() }),
  Options: z.strictObject({ parent: z.string().max(15) }).optional(),
  IPAM: z.strictObject({ Config: z.array(Range).max(1) }).optional(),
});

/** Why a network is not made; a LAN has no tenant, every other network has one. */
export function networkRefusal(
  { Driver, Labels: labels, Options, IPAM }: z.infer<typeof NewNetwork>,
  { lanParents, hostPrefixes }: HostRules,
): string | undefined {
  if (Driver === 'macvlan') {
    if (Options === undefined || !lanParents.includes(Options.parent))
      return `this host does not let containers onto the LAN of ${Options?.parent ?? 'no interface'}: say it there with --lan`;
    return undefined;
  }
  if (Options !== undefined) return 'a bridge has no parent';
  if (labels[TENANT_LABEL] === undefined) return "it is no tenant's";
  for (const { Subnet } of IPAM?.Config ?? []) {
    const range = parsePrefix(Subnet);
    if (range.length < RANGE_BITS_MIN) return `${Subnet} is too wide`;
    const own = hostPrefixes.find((prefix) => overlaps(parsePrefix(prefix), range));
    if (own !== undefined) return `${Subnet} is in ${own}, a network of this host`;
  }
  return undefined;
}
