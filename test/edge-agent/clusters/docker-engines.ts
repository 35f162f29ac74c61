/** A model of plain engines for laws of plans: it does steps as engines do, and lets time pass. It holds state and answers nothing that an engine would not know. */

import { CONTENT_LABEL, RELEASE_LABEL } from '../../../edge-agent/clusters/docker-marks.ts';
import { planDocker } from '../../../edge-agent/clusters/docker-plan.ts';
import {
  ADDRESS_LABEL,
  containerName,
  type LostNode,
  type SeenApp,
  type SeenContainer,
  type SeenNode,
  SLOT_LABEL,
} from '../../../edge-agent/clusters/docker-seen.ts';
import type { DockerStep, DockerWanted } from '../../../edge-agent/clusters/docker-step.ts';
import { AppTemplate } from '../../../protocol/app.ts';

export const NETWORK = 'isthmus_acme';
export const LIMITS = { nanoCpus: 0, memoryBytes: 0, restartPolicy: 'unless-stopped' };

export function wantedOf(
  change: Partial<Omit<DockerWanted, 'template'>> & { template?: object } = {},
): DockerWanted {
  const { template, ...rest } = change;
  return {
    base: 'acme_web',
    content: 'one',
    release: 1,
    replicas: 2,
    rules: undefined,
    pool: undefined,
    limits: LIMITS,
    network: NETWORK,
    alias: 'web',
    ...rest,
    template: AppTemplate.parse({ image: 'local/tool:1', ...template }),
  };
}

export function nodeNamed(name: string, change: Partial<SeenNode> = {}): SeenNode {
  return {
    name,
    labels: {},
    cpuMillis: 4_000,
    memoryMib: 8_000,
    foreign: [],
    promised: { cpuMillis: 0, memoryMib: 0 },
    count: 0,
    volumeSlots: [],
    hasImage: true,
    ...change,
  };
}

export class ModelEngines {
  containers: SeenContainer[] = [];
  nowMs = 1_000_000;
  lost: LostNode[] = [];
  /** Contents whose containers end at once. */
  readonly bad = new Set<string>();
  readonly #nodes: readonly SeenNode[];
  #made = 0;

  constructor(nodes: readonly SeenNode[]) {
    this.#nodes = nodes;
  }

  seen(): SeenApp {
    const silent = new Set(this.lost.map(({ name }) => name));
    const labels = this.containers.flatMap((container) => container.labels[ADDRESS_LABEL] ?? []);
    return {
      nodes: this.#nodes.filter(({ name }) => !silent.has(name)),
      lost: this.lost,
      containers: this.containers.filter(({ node }) => !silent.has(node)),
      nowMs: this.nowMs,
      addresses: new Set(labels),
    };
  }

  /** Does so many steps of the next plan, as an agent that is killed then; answers how many there were. */
  pass(wanted: DockerWanted, stepsMax = Number.POSITIVE_INFINITY): number {
    const { steps } = planDocker(wanted, this.seen());
    for (const step of steps.slice(0, stepsMax)) this.#do(step, wanted);
    return steps.length;
  }

  /** Containers that were started are good or have ended by then. */
  wait(): void {
    this.nowMs += 10_000;
  }

  /** Those that are asked, and answer. */
  serving(): SeenContainer[] {
    return this.containers.filter(({ phase, aliases }) => phase === 'running' && aliases.includes('web'));
  }

  #do(step: DockerStep, wanted: DockerWanted): void {
    if (step.kind === 'create') {
      this.#create(step, wanted);
      return;
    }
    if (step.kind === 'move_address') {
      this.#change(step.from.id, { networks: { [NETWORK]: 'x' } });
      this.#change(step.to.id, { networks: { [NETWORK]: 'x', pool: step.address } });
      return;
    }
    const { id } = step.container;
    switch (step.kind) {
      case 'start':
      case 'restart':
        this.#start(id);
        return;
      case 'stop':
        this.#change(id, { phase: 'exited' });
        return;
      case 'remove':
        if (this.#of(id)?.phase === 'running') throw new Error('an engine does not remove what runs');
        this.containers = this.containers.filter((container) => container.id !== id);
        return;
      case 'rename':
        this.#rename(id, step.name);
        return;
      case 'update':
        this.#change(id, { limits: step.limits });
        return;
      case 'introduce':
        this.#change(id, { networks: { ...this.#of(id)?.networks, [NETWORK]: 'x' }, aliases: ['web'] });
        return;
      case 'withdraw':
        this.#change(id, { aliases: [] });
    }
  }

  #create(
    { node, slot, role, address, isWithoutAddress }: Extract<DockerStep, { kind: 'create' }>,
    wanted: DockerWanted,
  ) {
    const name = containerName(wanted.base, slot, role);
    if (this.containers.some((other) => other.node === node && other.name === name))
      throw new Error(`the name ${name} is taken at ${node}`);
    this.#made += 1;
    const isOneByOne = wanted.template.volumes.length > 0;
    const container: SeenContainer = {
      id: `id${this.#made}`,
      node,
      name,
      labels: {
        [SLOT_LABEL]: String(slot),
        [CONTENT_LABEL]: wanted.content,
        [RELEASE_LABEL]: String(wanted.release),
        ...(address === undefined ? {} : { [ADDRESS_LABEL]: address }),
      },
      phase: 'created',
      health: 'none',
      exitCode: 0,
      isOutOfMemory: false,
      error: '',
      restarts: 0,
      createdMs: this.nowMs + this.#made,
      startedMs: 0,
      networks: { [NETWORK]: 'x', ...(address === undefined || isWithoutAddress ? {} : { pool: address }) },
      aliases: role === 'next' ? [] : ['web'],
      limits: { ...LIMITS, restartPolicy: role === 'next' ? 'no' : 'unless-stopped' },
    };
    this.containers = [...this.containers, container];
    if (!(role === 'next' && isOneByOne)) this.#start(container.id);
  }

  #start(id: string): void {
    const content = this.#of(id)?.labels[CONTENT_LABEL] ?? '';
    const isBad = this.bad.has(content);
    this.#change(id, { phase: isBad ? 'exited' : 'running', exitCode: isBad ? 1 : 0, startedMs: this.nowMs });
  }

  #rename(id: string, name: string): void {
    const { node } = this.#of(id) ?? {};
    if (this.containers.some((other) => other.id !== id && other.node === node && other.name === name))
      throw new Error(`the name ${name} is taken at ${node}`);
    this.#change(id, { name });
  }

  #of(id: string): SeenContainer | undefined {
    return this.containers.find((container) => container.id === id);
  }

  #change(id: string, change: Partial<SeenContainer>): void {
    this.containers = this.containers.map((one) => (one.id === id ? { ...one, ...change } : one));
  }
}
