/** Compose's `deploy`: replicas, resources, placement, upgrades. Values in, values out. */
import { z } from 'zod';
import type { Draft } from './draft.ts';
import { CpuMillis, DockerMib, Scalar } from './quantities.ts';
import { each, lost, type Place, type Rules, within } from './source.ts';

const DEVICES = lost(
  'Say it as a constraint on labels of nodes; devices and numbers of processes are not counted.',
);

export const DEPLOY: Rules<Draft> = {
  mode: modeOf,
  replicas: (place, draft) => draft.put(['replicas'], place.read(z.coerce.number()), place),
  resources: within({
    limits: within({
      cpus: (place, draft) => draft.put(['resources', 'cpuMillisMax'], place.read(CpuMillis), place),
      memory: (place, draft) => draft.put(['resources', 'memoryMibMax'], place.read(DockerMib), place),
      ...each(['pids', 'devices'], DEVICES),
    }),
    reservations: within({
      cpus: (place, draft) => draft.put(['resources', 'cpuMillis'], place.read(CpuMillis), place),
      memory: (place, draft) => draft.put(['resources', 'memoryMib'], place.read(DockerMib), place),
      ...each(['devices', 'generic_resources'], DEVICES),
    }),
  }),
  placement: within({
    constraints: (place, draft) => {
      for (const one of place.items()) constraintOf(one, draft);
    },
    preferences: (place, draft) => {
      for (const one of place.items()) preferenceOf(one, draft);
    },
    max_replicas_per_node: (place, draft) =>
      draft.put(['placement', 'maxPerNode'], place.read(z.coerce.number()), place),
  }),
  update_config: within({
    parallelism: parallelismOf,
    order: (place) => {
      if (place.read(Scalar) !== 'start-first')
        place.changed(
          'New containers come first; rebuildInPlace (onChange) is what stops the old one first.',
        );
    },
    failure_action: (place, draft) => {
      kindOfUpgrade(place, draft);
      const action = place.read(Scalar);
      draft.put(['upgrade', 'rollback'], action === 'rollback', place);
      if (action === 'continue') place.changed('A failed release goes no further.');
    },
    ...each(
      ['delay', 'monitor', 'max_failure_ratio'],
      lost('An upgrade goes by probes: say health.ready, and upgrade.deadlineSeconds.'),
    ),
  }),
  rollback_config: lost('A release is taken back in the way that it came: say upgrade.'),
  restart_policy: within({
    condition: (place) => {
      if (place.read(Scalar) !== 'any')
        place.lost('An app runs until it is deleted: what ends is brought up again.');
    },
    ...each(
      ['delay', 'max_attempts', 'window'],
      lost('Each cluster waits in its own way, and never gives up.'),
    ),
  }),
  labels: lost('Apps have no labels; what reads them must be told otherwise.'),
  endpoint_mode: lost("How a name leads to containers is the cluster's own affair."),
};

function modeOf(place: Place, draft: Draft): void {
  const mode = place.read(Scalar);
  if (mode === 'replicated') return;
  if (mode !== 'global') return place.lost('An app runs until it is deleted: start jobs by other means.');
  draft.put(['placement', 'division'], { kind: 'each' }, place);
  draft.put(['placement', 'uniquePerNode'], true, place);
  place.changed(
    'There is no count of nodes: at most one replica a node, in each cluster; set replicas to the number of nodes.',
  );
}

function constraintOf(place: Place, draft: Draft): void {
  const text = place.read(z.string()) ?? '';
  const parts = /^\s*([A-Za-z0-9._/-]+)\s*(==|!=)\s*(.*?)\s*$/.exec(text);
  if (parts === null) return place.lost('This is no constraint such as node.role == manager.');
  const [, name = '', operator, value = ''] = parts;
  const subject = name.replace(/^node\.labels\./, 'node.').replace(/^node\.hostname$/, 'node.name');
  const isAttribute = name.startsWith('node.labels.') && ['node.name', 'node.role'].includes(subject);
  const quoted = /^[A-Za-z0-9._/:*-]+$/.test(value) ? value : `"${value}"`;
  draft.add(['placement', 'constraints'], `${isAttribute ? name : subject} ${operator} ${quoted}`, place);
  if (name === 'node.id' || name.startsWith('node.platform') || name.startsWith('engine.labels'))
    place.changed(`Only swarms and engines have ${name}: label nodes of other clusters alike.`);
}

function preferenceOf(place: Place, draft: Draft): void {
  const spread = place.at('spread');
  const subject = spread?.read(z.string())?.replace(/^node\.labels\./, 'node.');
  if (spread === undefined || subject === undefined) return;
  if (draft.has('placement', 'groupBy'))
    return spread.lost('Replicas are grouped by one label: the first is taken.');
  draft.put(['placement', 'groupBy'], subject.replace(/^node\.hostname$/, 'node.name'), spread);
}

function kindOfUpgrade(place: Place, draft: Draft): void {
  draft.put(['upgrade', 'kind'], 'rolling', place);
}

function parallelismOf(place: Place, draft: Draft): void {
  const count = place.read(z.coerce.number().int()) ?? 1;
  kindOfUpgrade(place, draft);
  if (count === 0) return place.lost('All at once: say upgrade.maxSurge as many as there are replicas.');
  draft.put(['upgrade', 'maxSurge'], count, place);
}
