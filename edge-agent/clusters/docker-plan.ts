/**
 * From an app and what of it is at plain engines to the next steps. A container that comes in the place of another is made beside it, tried, and then takes over
 * its name, so that whatever is cut off in the middle is finished by the next pass; one that failed its trial stays, stopped, as the mark that its release
 * was given up. Values in, values out.
 */
import type { AppTemplate } from '../../protocol/app.ts';
import { place } from './docker-place.ts';
import {
  ADDRESS_LABEL,
  type ContainerRole,
  containerName,
  contentIn,
  releaseIn,
  roleOf,
  type SeenApp,
  type SeenContainer,
  type SeenLimits,
  slotOf,
} from './docker-seen.ts';
import type { DockerPlan, DockerStep, DockerWanted, Waiting } from './docker-step.ts';
import { hasFailed, isGood, refusedOf } from './docker-trial.ts';

interface Slot {
  readonly slot: number;
  readonly main?: SeenContainer | undefined;
  readonly next?: SeenContainer | undefined;
  readonly old?: SeenContainer | undefined;
}

interface Draft {
  readonly wanted: DockerWanted;
  readonly seen: SeenApp;
  readonly slots: readonly Slot[];
  readonly steps: DockerStep[];
  readonly waiting: Waiting[];
  /** Node of each replica, those of this plan among them. */
  readonly nodeOf: Map<number, string>;
  readonly taken: Set<string>;
}

export function planDocker(wanted: DockerWanted, seen: SeenApp): DockerPlan {
  const { kept, doubled } = chooseOfDoubles(wanted, seen);
  const slots = slotsOf(wanted, kept);
  const draft: Draft = {
    wanted,
    seen,
    slots,
    steps: doubled.flatMap(endOf),
    waiting: [],
    nodeOf: new Map(
      slots.flatMap(({ slot, main, next }) => {
        const node = (main ?? next)?.node;
        return node === undefined ? [] : [[slot, node] as const];
      }),
    ),
    taken: new Set(seen.addresses),
  };
  for (const slot of slots) planSlot(slot, draft);
  for (const slot of slots) beginChange(slot, draft);
  return { steps: draft.steps, waiting: draft.waiting };
}

/** Two in one place, after a node that was given up came back: which stays is the app's contract. */
function chooseOfDoubles({ template }: DockerWanted, { containers }: SeenApp) {
  const sorted = containers.toSorted((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1));
  const order = template.disconnect.reconcile === 'keep_oldest' ? sorted : sorted.toReversed();
  const first = new Map<string, SeenContainer>();
  const doubled: SeenContainer[] = [];
  for (const container of order) {
    const key = `${slotOf(container)} ${roleOf(container)}`;
    if (first.has(key)) doubled.push(container);
    else first.set(key, container);
  }
  return { kept: [...first.values()], doubled };
}

function slotsOf({ replicas }: DockerWanted, containers: readonly SeenContainer[]): Slot[] {
  const numbers = new Set([
    ...Array.from({ length: replicas }, (_, index) => index + 1),
    ...containers.map(slotOf),
  ]);
  return [...numbers]
    .sort((a, b) => a - b)
    .map((slot) => {
      const of = (role: ContainerRole) =>
        containers.find((container) => slotOf(container) === slot && roleOf(container) === role);
      return { slot, main: of('main'), next: of('next'), old: of('old') };
    });
}

/** Stopped first, so that it may end in order; removed once it is. */
function endOf(container: SeenContainer): DockerStep[] {
  const isOver = container.phase === 'exited' || container.phase === 'created';
  return [{ kind: isOver ? 'remove' : 'stop', container }];
}

/** Everything of a slot but the beginning of a change. */
function planSlot({ slot, main, next, old }: Slot, draft: Draft): void {
  const { wanted, steps } = draft;
  const add = (...more: readonly DockerStep[]) => steps.push(...more);
  const named = (container: SeenContainer, role: ContainerRole) =>
    add({ kind: 'rename', container, name: containerName(wanted.base, slot, role) });
  if (slot > wanted.replicas) {
    for (const container of [next, old, main]) if (container !== undefined) add(...endOf(container));
    return;
  }
  if (main === undefined) {
    const heir = next ?? old;
    if (heir === undefined) createMain(slot, draft);
    else named(heir, 'main');
    return;
  }
  if (main.name !== containerName(wanted.base, slot, 'main')) named(main, 'main');
  if (contentIn(main) !== wanted.content) {
    if (old !== undefined) add(...endOf(old));
    if (next !== undefined) goOn({ slot, main, next }, draft);
    return;
  }
  if (next !== undefined) add(...endOf(next));
  keepRunning(main, draft);
  if (old === undefined) return;
  // Nobody new comes to it, while those that it serves are served to the end.
  if (old.phase === 'running' && isKnown(old, wanted)) add({ kind: 'withdraw', container: old });
  add(...endOf(old));
}

function keepRunning(main: SeenContainer, { wanted, steps, seen: { nowMs } }: Draft): void {
  const { restart, health } = wanted.template;
  const isRunning = main.phase === 'running' || main.phase === 'restarting';
  if (!isAsWanted(main.limits, wanted.limits))
    steps.push({ kind: 'update', container: main, limits: wanted.limits });
  if (isRunning) steps.push(...acquaint(main, wanted, nowMs));
  if (main.phase === 'created') steps.push({ kind: 'start', container: main });
  if (main.phase === 'exited')
    steps.push({ kind: restart === 'reuse' ? 'start' : 'remove', container: main });
  if (main.phase === 'running' && main.health === 'unhealthy' && health.live !== undefined)
    steps.push({ kind: 'restart', container: main });
}

/** Known by the app's name while it is to be asked, and not while it is not. */
function acquaint(main: SeenContainer, wanted: DockerWanted, nowMs: number): DockerStep[] {
  const { asked = 'always', alias } = wanted;
  const isAsked = asked === 'always' || (asked === 'when_good' && isGood(main, nowMs));
  if (isAsked) return isKnown(main, wanted) ? [] : [{ kind: 'introduce', container: main }];
  return main.aliases.includes(alias) ? [{ kind: 'withdraw', container: main }] : [];
}

function isKnown({ networks, aliases }: SeenContainer, { network, alias }: DockerWanted): boolean {
  return networks[network] !== undefined && aliases.includes(alias);
}

/** A limit that the app does not have is nobody's business of ours. */
function isAsWanted(there: SeenLimits, { nanoCpus, memoryBytes, restartPolicy }: SeenLimits): boolean {
  const isSame = (has: number, wants: number) => wants === 0 || has === wants;
  return (
    isSame(there.nanoCpus, nanoCpus) &&
    isSame(there.memoryBytes, memoryBytes) &&
    there.restartPolicy === restartPolicy
  );
}

function createMain(slot: number, draft: Draft): void {
  const { wanted, seen, waiting } = draft;
  const holder = seen.lost.find((node) => mayHold(node, slot, wanted.template));
  if (holder !== undefined) {
    waiting.push({
      slot,
      role: 'main',
      node: holder.name,
      reason: 'node_lost',
      why: `The engine at ${holder.name} does not answer, and it may run there. It is made elsewhere only where the app says disconnect.replace; if the engine is gone for good, take it out of the cluster.`,
    });
    return;
  }
  create({ slot, role: 'main', home: undefined, inherited: undefined, isWithoutAddress: false }, draft);
}

/** Silence is not death: a replica that was there, or may have been, is not made twice before its time. */
function mayHold({ slots, silentMs }: SeenApp['lost'][number], slot: number, template: AppTemplate): boolean {
  const { replace, lostAfterSeconds } = template.disconnect;
  if (slots !== undefined && !slots.includes(slot)) return false;
  return !replace || silentMs < lostAfterSeconds * 1_000;
}

interface Creating {
  readonly slot: number;
  readonly role: ContainerRole;
  readonly home: string | undefined;
  /** The slot's address, if it has one already. */
  readonly inherited: string | undefined;
  readonly isWithoutAddress: boolean;
}

function create({ slot, role, home, inherited, isWithoutAddress }: Creating, draft: Draft): void {
  const { wanted, seen, steps, waiting, nodeOf, taken } = draft;
  const { template, rules, pool } = wanted;
  const others = [...nodeOf].filter(([other]) => other !== slot).map(([, node]) => node);
  const placed = place({ template, rules, slot, nodes: seen.nodes, others, home });
  if ('why' in placed) {
    waiting.push({ slot, role, node: '', reason: 'unschedulable', why: `No node takes it: ${placed.why}.` });
    return;
  }
  const address = pool === undefined ? undefined : (inherited ?? pool.find((one) => !taken.has(one)));
  if (pool !== undefined && address === undefined) {
    const why = `All ${pool.length} addresses of the pool ${template.pool} are taken: add a range to it.`;
    waiting.push({ slot, role, node: placed.node, reason: 'address_pending', why });
    return;
  }
  if (address !== undefined) taken.add(address);
  nodeOf.set(slot, placed.node);
  steps.push({ kind: 'create', node: placed.node, slot, role, address, isWithoutAddress });
}

/** Two can have neither one volume nor one port of a node. */
export function isOneByOne({ volumes, ports }: AppTemplate): boolean {
  return volumes.length > 0 || ports.some(({ hostPort }) => hostPort !== undefined);
}

/** A change that has begun: a container of the newest release is there beside the one that it replaces. */
function goOn(
  { slot, main, next }: { slot: number; main: SeenContainer; next: SeenContainer },
  { wanted, seen, steps }: Draft,
): void {
  const isMine = contentIn(next) === wanted.content && releaseIn(next) === String(wanted.release);
  if (!isMine) {
    // What it interrupts goes on as it was.
    if (main.phase === 'exited') steps.push({ kind: 'start', container: main });
    steps.push(...endOf(next));
    return;
  }
  if (hasFailed(next)) {
    if (next.phase === 'running' || next.phase === 'restarting')
      steps.push({ kind: 'stop', container: next });
    else if (main.phase === 'exited') steps.push({ kind: 'start', container: main });
    return;
  }
  if (next.phase === 'created') {
    const mustWait = isOneByOne(wanted.template) && main.phase !== 'exited' && main.phase !== 'created';
    steps.push(mustWait ? { kind: 'stop', container: main } : { kind: 'start', container: next });
    return;
  }
  if (!isGood(next, seen.nowMs)) return;
  const address = next.labels[ADDRESS_LABEL];
  if (address !== undefined && !isOneByOne(wanted.template))
    steps.push({ kind: 'move_address', address, from: main, to: next });
  if (wanted.asked !== 'never' && !isKnown(next, wanted)) steps.push({ kind: 'introduce', container: next });
  steps.push(
    { kind: 'rename', container: main, name: containerName(wanted.base, slot, 'old') },
    { kind: 'rename', container: next, name: containerName(wanted.base, slot, 'main') },
  );
}

/** No more at once than the app allows, and none at all once the release was given up somewhere. What is down already takes nobody away: a release that never came up must not stop the one that mends it. */
function beginChange({ slot, main, next }: Slot, draft: Draft): void {
  const { wanted, seen, slots, steps } = draft;
  if (slot > wanted.replicas || main === undefined || next !== undefined) return;
  if (contentIn(main) === wanted.content || refusedOf(wanted, seen.containers) !== undefined) return;
  const begun = steps.filter((step) => step.kind === 'create' && step.role === 'next').length;
  const away = slots.filter((other) => other.slot !== slot && isAway(other, seen.nowMs)).length;
  if (!isDown(main) && begun + away >= wanted.template.maxUnavailable) return;
  const isInPlace = wanted.template.onChange === 'rebuildInPlace' || isOneByOne(wanted.template);
  const inherited = main.labels[ADDRESS_LABEL];
  create(
    {
      slot,
      role: 'next',
      home: isInPlace ? main.node : undefined,
      inherited,
      isWithoutAddress: inherited !== undefined && !isOneByOne(wanted.template),
    },
    draft,
  );
}

function isDown({ phase, health }: SeenContainer): boolean {
  return phase !== 'running' || health === 'unhealthy';
}

/** Of a slot: it is being changed, or has nobody who answers. */
function isAway({ main, next, old }: Slot, nowMs: number): boolean {
  return next !== undefined || old !== undefined || main === undefined || !isGood(main, nowMs);
}
