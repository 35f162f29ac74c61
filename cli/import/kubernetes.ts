/** From Kubernetes' objects to apps: one a Deployment, StatefulSet or DaemonSet, with what stands around it in the same file. Values in, values out. */
import { z } from 'zod';
import { Draft, newName } from './draft.ts';
import { AROUND } from './kubernetes-around.ts';
import { type Estate, type Found, type Thing, type Workload } from './kubernetes-estate.ts';
import { POD } from './kubernetes-pod.ts';
import { QuantityMib, Scalar } from './quantities.ts';
import { each, follow, lost, meaningless, type Place, type Rules, within } from './source.ts';

const WORKLOADS: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];
const Texts = z.record(z.string(), z.string());
const LABELS = meaningless('Isthmus labels what it makes by itself.');

export function kubernetesApps(roots: readonly Place[]): Draft[] {
  const things = roots.flatMap((root) => root.items()).flatMap(thingsIn);
  const taken = new Set<string>();
  const found: Found[] = things
    .filter(({ kind }) => WORKLOADS.includes(kind))
    .map((thing) => {
      const draft = new Draft(
        newName(thing.name, taken, thing.place.at('metadata', 'name') ?? thing.place),
        thing.place,
      );
      thing.place.belongsTo(draft.name);
      const labels = thing.place.at('spec', 'template', 'metadata', 'labels')?.value;
      return { thing, draft, labels: Texts.safeParse(labels).data ?? {} };
    });
  const estate: Estate = { things, found };
  for (const { thing, draft } of found) workloadOf(thing, { draft, estate, thing });
  for (const thing of things) if (!WORKLOADS.includes(thing.kind)) aroundOf(thing, estate);
  return found.map(({ draft }) => draft);
}

/** An object, or those of a list. */
function thingsIn(place: Place): Thing[] {
  const kind = place.at('kind')?.read(Scalar) ?? '';
  place.at('apiVersion')?.settle();
  if (kind === 'List') {
    place.at('metadata')?.settle();
    return (place.at('items')?.items() ?? []).flatMap(thingsIn);
  }
  const name = place.at('metadata', 'name')?.read(Scalar) ?? '';
  const namespace = z.string().safeParse(place.at('metadata', 'namespace')?.value).data;
  place.at('status')?.note('meaningless', 'It tells what is, not what is wanted.');
  return place.isMapping ? [{ kind, name, namespace, place }] : [];
}

const METADATA: Rules<unknown> = {
  namespace: (place) => place.settle(),
  labels: LABELS,
  annotations: lost('Apps have no annotations; what reads them must be told otherwise.'),
  ...each(
    ['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'],
    meaningless('Kubernetes keeps it.'),
  ),
  ...each(['ownerReferences', 'finalizers'], meaningless('Isthmus deletes what it made by itself.')),
};

function aroundOf(thing: Thing, estate: Estate): void {
  const handle = Object.hasOwn(AROUND, thing.kind) ? AROUND[thing.kind] : undefined;
  if (handle === undefined)
    return thing.place.lost(
      `Isthmus has no ${thing.kind || 'object without a kind'}: keep it beside the app, in each cluster that needs it.`,
    );
  const metadata = thing.place.at('metadata');
  if (metadata !== undefined) follow(metadata, METADATA, undefined);
  handle(thing, estate);
}

function workloadOf({ kind, namespace, place }: Thing, workload: Workload): void {
  const metadata = place.at('metadata');
  if (metadata !== undefined) follow(metadata, METADATA, undefined);
  if (namespace !== undefined && metadata !== undefined)
    workload.draft.put(['namespace'], namespace, metadata);
  const spec = place.at('spec');
  if (spec !== undefined) follow(spec, SPEC, workload);
  if (kind !== 'DaemonSet') return;
  workload.draft.put(['placement', 'division'], { kind: 'each' }, place);
  workload.draft.put(['placement', 'uniquePerNode'], true, place);
  place
    .at('kind')
    ?.changed(
      'There is no count of nodes: at most one replica a node, in each cluster; set replicas to the number of nodes.',
    );
}

const SPEC: Rules<Workload> = {
  replicas: (place, { draft }) => draft.put(['replicas'], place.read(z.number()), place),
  selector: meaningless('An app has its own containers and no others.'),
  template: within({
    metadata: within({
      labels: LABELS,
      name: LABELS,
      creationTimestamp: LABELS,
      annotations: lost('Containers have no annotations; what reads them must be told otherwise.'),
    }),
    spec: within(POD),
  }),
  strategy: within({
    type: (place) => {
      if (place.read(Scalar) === 'Recreate')
        place.changed(
          'New containers come first: if two must never run at once, say onChange: rebuildInPlace.',
        );
    },
    rollingUpdate: within({ maxSurge: surgeOf, maxUnavailable: unavailableOf }),
  }),
  updateStrategy: within({
    type: (place) => {
      if (place.read(Scalar) !== 'RollingUpdate')
        place.lost('A change of the manifest is carried out at once.');
    },
    rollingUpdate: within({
      maxSurge: surgeOf,
      maxUnavailable: unavailableOf,
      partition: lost('A release is for all replicas.'),
    }),
  }),
  progressDeadlineSeconds: (place, { draft }) => {
    draft.put(['upgrade', 'kind'], 'rolling', place);
    draft.put(['upgrade', 'deadlineSeconds'], place.read(z.number()), place);
  },
  revisionHistoryLimit: meaningless('Isthmus keeps the last release that was up.'),
  minReadySeconds: lost('A release is up when its containers are ready: let health.ready tell.'),
  paused: lost('An app that is applied runs.'),
  serviceName: meaningless('The app makes its own.'),
  podManagementPolicy: lost('The cluster decides in which order replicas come up.'),
  ordinals: lost('Replicas are counted from 0.'),
  persistentVolumeClaimRetentionPolicy: lost('Data in volumes stays when an app is deleted.'),
  volumeClaimTemplates: (place, workload) => {
    for (const one of place.items()) claimOf(one, workload);
  },
};

function surgeOf(place: Place, { draft, thing }: Workload): void {
  const count = countOf(place, thing);
  draft.put(['upgrade', 'kind'], 'rolling', place);
  draft.put(['upgrade', 'maxSurge'], Math.max(1, Math.ceil(count)), place);
  if (count < 1) place.changed('New containers come first, so one beyond the replicas is needed.');
}

function unavailableOf(place: Place, { draft, thing }: Workload): void {
  const count = Math.floor(countOf(place, thing));
  if (!draft.has('maxUnavailable')) draft.put(['maxUnavailable'], Math.max(1, count), place);
  if (count > 0)
    place.changed(
      'An upgrade takes no container away before a new one is ready: this bounds other causes alone.',
    );
}

/** A number, or a percentage of the replicas. */
function countOf(place: Place, { place: workload }: Thing): number {
  const text = place.read(Scalar) ?? '1';
  const replicas = z.number().safeParse(workload.at('spec', 'replicas')?.value).data ?? 1;
  const count = text.endsWith('%') ? (replicas * Number(text.slice(0, -1))) / 100 : Number(text);
  return Number.isFinite(count) ? count : 1;
}

/** A template of claims is mounted by its name. */
function claimOf(place: Place, { draft, thing }: Workload): void {
  place.at('kind')?.settle();
  place.at('apiVersion')?.settle();
  const name = place.at('metadata', 'name')?.read(Scalar) ?? '';
  place.at('metadata', 'labels')?.note('meaningless', LABELS.message);
  const size = place.at('spec', 'resources', 'requests', 'storage')?.read(QuantityMib);
  const storageClass = place.at('spec', 'storageClassName')?.read(Scalar);
  place.at('spec', 'volumeMode')?.lost('A volume is a directory.');
  for (const mode of place.at('spec', 'accessModes')?.items() ?? [])
    if (mode.read(Scalar) !== 'ReadWriteOnce') mode.lost('Each replica has a volume of its own.');
  const containers = thing.place.at('spec', 'template', 'spec', 'containers')?.items() ?? [];
  const mounts = containers[0]?.at('volumeMounts')?.items() ?? [];
  const path = mounts
    .find((mount) => mount.at('name')?.value === name)
    ?.at('mountPath')
    ?.read(Scalar);
  if (path === undefined) return place.lost('No container of the app mounts it.');
  const rest = storageClass === undefined ? {} : { class: storageClass };
  draft.add(['volumes'], { name, path, sizeMib: size ?? 1_024, ...rest }, place);
}
