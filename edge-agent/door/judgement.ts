/**
 * Whether what an admitted request needs does hold, by what the engine has, and what of an answer an edge is told. Containers, networks and volumes that are not
 * ours show their names, because names can be taken, and nothing else. Values in, values out.
 */
import { z } from 'zod';
import { APP_LABEL, isOurs, NAMESPACE_LABEL, TENANT_LABEL } from '../clusters/docker-marks.ts';
import { EngineInfo, ListedContainer, ListedVolumes } from '../clusters/docker-objects.ts';
import type { AnswerKind, Need } from './routes.ts';

const Labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((labels) => labels ?? {});

export const HeldContainer = z.looseObject({
  Id: z.string(),
  State: z.looseObject({ Status: z.string() }),
  Config: z.looseObject({ Labels }),
});
export const HeldNetwork = z.looseObject({ Name: z.string(), Labels });
export const HeldVolume = z.looseObject({
  Name: z.string(),
  Labels,
  /** How it is mounted; a directory of the host may be hidden here. */
  Options: z.record(z.string(), z.string()).nullish(),
});

/** What the engine has of a need; undefined where there is no such thing. */
export interface Held {
  readonly container?: z.infer<typeof HeldContainer> | undefined;
  readonly network?: z.infer<typeof HeldNetwork> | undefined;
  readonly volume?: z.infer<typeof HeldVolume> | undefined;
}

/** `absent` is answered as the engine would; undefined: the need holds. */
export type Verdict = { readonly kind: 'absent' | 'refused'; readonly why: string } | undefined;

export function judge(need: Need, held: Held): Verdict {
  switch (need.kind) {
    case 'container':
      return containerVerdict(need.id, held) ?? newVerdict(need.isNew === true, held);
    case 'network':
      return networkVerdict(need.name, held);
    case 'connection':
      return containerVerdict(need.id, held) ?? networkVerdict(need.network, held) ?? tenantVerdict(held);
    case 'volume':
      return volumeVerdict(need, held);
    case 'tenant_network':
      return networkVerdict(need.name, held) ?? ownedVerdict(need.tenant, held);
  }
}

function containerVerdict(id: string, { container }: Held): Verdict {
  // A container that is not ours is not there, for an edge.
  return container?.Id === id && isOurs(container.Config.Labels)
    ? undefined
    : { kind: 'absent', why: `there is no container ${id} of Isthmus at this node` };
}

function newVerdict(isNewWanted: boolean, { container }: Held): Verdict {
  if (!isNewWanted || container?.State.Status === 'created') return undefined;
  return { kind: 'refused', why: 'files come only into containers that have not run yet' };
}

function networkVerdict(name: string, { network }: Held): Verdict {
  return network?.Name === name && isOurs(network.Labels)
    ? undefined
    : { kind: 'absent', why: `there is no network ${name} of Isthmus at this node` };
}

function tenantVerdict({ container, network }: Held): Verdict {
  const tenant = network?.Labels[TENANT_LABEL];
  if (tenant === undefined || tenant === container?.Config.Labels[TENANT_LABEL]) return undefined;
  return { kind: 'refused', why: 'the container and the network are of different tenants' };
}

function ownedVerdict(tenant: string, { network }: Held): Verdict {
  if (network?.Labels[TENANT_LABEL] === tenant) return undefined;
  return { kind: 'refused', why: `the network is not of ${tenant}` };
}

function volumeVerdict(
  { name, namespace, app }: Extract<Need, { kind: 'volume' }>,
  { volume }: Held,
): Verdict {
  if (volume === undefined) return undefined;
  const { Labels: labels, Options } = volume;
  const isOfApp = labels[NAMESPACE_LABEL] === namespace && labels[APP_LABEL] === app;
  if (!isOurs(labels) || !isOfApp)
    return { kind: 'refused', why: `the volume ${name} is there and is not of this app` };
  if (Object.keys(Options ?? {}).length > 0)
    return { kind: 'refused', why: `the volume ${name} is mounted by options of its own` };
  return undefined;
}

const Networks = z.array(z.looseObject({ Id: z.string(), Name: z.string(), Labels }));
const NOTHING = '{}';

/** An answer as the edge is told it. Throws where it is not what an engine says. */
export function cutDown(answer: AnswerKind, body: Buffer): Buffer {
  if (answer === 'own') return body;
  if (answer === 'nothing' || answer === 'ping') return Buffer.from(NOTHING);
  const value: unknown = JSON.parse(body.toString('utf8'));
  return Buffer.from(JSON.stringify(CUTS[answer](value)));
}

const CUTS = {
  info: (value: unknown) => {
    const {
      Name,
      NCPU,
      MemTotal,
      Labels: labels,
      ServerVersion,
      OSType,
      Architecture,
    } = EngineInfo.parse(value);
    return { Name, NCPU, MemTotal, Labels: labels, ServerVersion, OSType, Architecture };
  },
  containers: (value: unknown) =>
    z
      .array(ListedContainer)
      .parse(value)
      .map(({ Id, Names, Labels: labels }) => ({ Id, Names, Labels: isOurs(labels) ? labels : {} })),
  images: (value: unknown) =>
    z
      .array(z.looseObject({ RepoTags: z.array(z.string()).nullish() }))
      .parse(value)
      .map(({ RepoTags }) => ({ RepoTags })),
  volumes: (value: unknown) => ({
    Volumes: ListedVolumes.parse(value)
      .Volumes.filter(({ Labels: labels }) => isOurs(labels))
      .map(({ Name, Labels: labels }) => ({ Name, Labels: labels })),
  }),
  networks: (value: unknown) =>
    Networks.parse(value).map(({ Id, Name, Labels: labels }) => ({
      Id,
      Name,
      Labels: isOurs(labels) ? labels : {},
    })),
} as const;
