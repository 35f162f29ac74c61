/** Does the steps of a plan at plain engines, one executor a kind. What takes long (a pull, an orderly stop) goes on behind the pass that began it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { appOfTrack } from '../../protocol/track.ts';
import { archiveOf } from '../engine/archive.ts';
import type { EngineClient } from '../engine/client.ts';
import { EngineError, type EngineFault, undefinedOn } from '../engine/errors.ts';
import { containerOf, tenantNetwork } from './docker-container.ts';
import { sha256 } from './docker-faults.ts';
import { DockerImages } from './docker-images.ts';
import { APP_LABEL, appName, networkName, TENANT_LABEL } from './docker-marks.ts';
import { networkAt, networkBody, provideNetwork, type Work } from './docker-networks.ts';
import { MadeContainer } from './docker-objects.ts';
import { isOneByOne } from './docker-plan.ts';
import { type ContainerRole, containerName, type SeenContainer } from './docker-seen.ts';
import type { DockerNode } from './docker-sight.ts';
import type { DockerStep } from './docker-step.ts';
import { DriverError } from './driver.ts';

/** As long as an app may ask for, and some more. */
const STOP_MS_MAX = 3_700_000;
/** Most containers have stopped by then, and one pass is enough. */
const STOP_WAIT_MS = 1_500;
/** Whoever had the address when its container was withdrawn may have to knock once more, which TCP does after a second. */
const DRAIN_MS = 2_000;

type Step<Kind extends DockerStep['kind']> = Extract<DockerStep, { kind: Kind }>;

export class DockerHands {
  readonly #nodes: readonly DockerNode[];
  readonly #stopping = new Map<string, Promise<void>>();
  /** Containers that nobody new comes to, each with when those on their way to it are through. */
  readonly #draining = new Map<string, Promise<void>>();
  readonly images: DockerImages;
  /** Why a step at a container failed, until one succeeds. */
  readonly #faults = new Map<string, string>();

  constructor(nodes: readonly DockerNode[]) {
    this.#nodes = nodes;
    this.images = new DockerImages((node) => this.#at(node));
  }

  faultOf(key: string): string | undefined {
    return this.#faults.get(key);
  }

  /** True if something changed. What the engine refuses of one container is kept as its fault, and does not hold up the others. */
  async execute(step: DockerStep, work: Work): Promise<boolean> {
    switch (step.kind) {
      case 'create':
        return this.#create(step, work);
      case 'start':
        return this.#try(step.container, 'start');
      case 'restart':
        return this.#try(step.container, 'restart');
      case 'stop':
        return this.#stop(step.container);
      case 'remove':
        return this.#remove(step.container);
      case 'rename':
        return this.#try(step.container, 'rename', { name: step.name });
      case 'update':
        return this.#update(step);
      case 'introduce':
        return this.#introduce(step, work);
      case 'withdraw':
        return this.#withdraw(step, work);
      case 'move_address':
        return this.#moveAddress(step, work);
    }
  }

  #at(node: string): EngineClient {
    const client = this.#nodes.find(({ name }) => name === node)?.client;
    if (client === undefined)
      throw new DriverError('driver.unreachable', `There is no engine called ${node}.`);
    return client;
  }

  async #create(
    { node, slot, role, address, isWithoutAddress }: Step<'create'>,
    work: Work,
  ): Promise<boolean> {
    const client = this.#at(node);
    const { workload } = work;
    if (!(await this.images.has(node, workload))) return false;
    await provideNetwork(client, workload, tenantNetwork(workload.tenant));
    const name = containerName(appName(workload, sha256), slot, role);
    const body = containerOf({ workload, slot, isOnTrial: role === 'next', address }, sha256);
    const made = await undefinedOn(
      client.json(MadeContainer, { method: 'POST', path: '/containers/create', query: { name }, body }),
      // The image went meanwhile.
      ['engine.not_found'],
    );
    if (made === undefined) return false;
    if (workload.template.files.length > 0)
      await client.ask({
        method: 'PUT',
        path: `/containers/${made.Id}/archive`,
        query: { path: '/' },
        body: archiveOf(workload.template.files),
      });
    if (address !== undefined && !isWithoutAddress)
      await this.#give(client, { container: made.Id, address }, work);
    if (!isHeldBack(role, workload)) await this.#start(client, made.Id);
    return true;
  }

  async #start(client: EngineClient, id: string): Promise<boolean> {
    return this.#tried(id, client.ask({ method: 'POST', path: `/containers/${id}/start` }));
  }

  #try(container: SeenContainer, verb: string, query: Record<string, string> = {}): Promise<boolean> {
    const path = `/containers/${container.id}/${verb}`;
    return this.#tried(container.id, this.#at(container.node).ask({ method: 'POST', path, query }));
  }

  async #tried(key: string, work: Promise<void>): Promise<boolean> {
    try {
      await work;
      this.#faults.delete(key);
      return true;
    } catch (cause) {
      if (!(cause instanceof EngineError) || !OF_ONE.includes(cause.code)) throw cause;
      this.#faults.set(key, cause.message);
      return false;
    }
  }

  /** In its own time: the engine knows from its making how long it may take. */
  async #stop(container: SeenContainer): Promise<boolean> {
    return this.#end(container, (stopped) => stopped);
  }

  /** Takes the app's name from one that is to go while others go on serving. */
  async leave(container: SeenContainer): Promise<void> {
    const { networks, labels, phase, aliases } = container;
    const network = networkName(labels[TENANT_LABEL] ?? '');
    const address = networks[network];
    if (phase !== 'running' || address === undefined) return;
    if (aliases.includes(appOfTrack(labels[APP_LABEL] ?? '')))
      await this.#reconnect(container, { network, endpoint: atSame(address) });
  }

  /** Stops it and takes it away, behind the pass if that takes long. */
  async end(container: SeenContainer): Promise<boolean> {
    return this.#end(container, async (stopped) => {
      await stopped;
      await this.#remove(container);
    });
  }

  async #end({ id, node }: SeenContainer, then: (stopped: Promise<void>) => Promise<void>): Promise<boolean> {
    const isNew = !this.#stopping.has(id);
    if (isNew) {
      const call = { method: 'POST', path: `/containers/${id}/stop`, timeoutMs: STOP_MS_MAX } as const;
      const drained = this.#draining.get(id);
      const stopped =
        drained === undefined ? this.#at(node).ask(call) : drained.then(() => this.#at(node).ask(call));
      const work = then(stopped)
        .catch(() => undefined)
        .finally(() => this.#stopping.delete(id));
      this.#stopping.set(id, work);
    }
    await Promise.race([this.#stopping.get(id), pause(STOP_WAIT_MS)]);
    return isNew;
  }

  /** Its volumes have names, and stay. */
  async #remove({ id, node }: SeenContainer): Promise<boolean> {
    this.#faults.delete(id);
    const call = { method: 'DELETE', path: `/containers/${id}` } as const;
    // Going already, or started meanwhile: the next pass looks again.
    const gone = await undefinedOn(this.#at(node).bytes(call), ['engine.not_found', 'engine.conflict']);
    return gone !== undefined;
  }

  async #update({ container, limits }: Step<'update'>): Promise<boolean> {
    const { nanoCpus, memoryBytes, restartPolicy } = limits;
    // Zero means: as it is. Swap is as much again, as at its making.
    const memory = { Memory: memoryBytes, MemorySwap: 2 * memoryBytes };
    const body = { NanoCpus: nanoCpus, ...memory, RestartPolicy: { Name: restartPolicy } };
    const path = `/containers/${container.id}/update`;
    return this.#tried(container.id, this.#at(container.node).ask({ method: 'POST', path, body }));
  }

  /** A name can be had only by a new connection; nobody asks it yet, so its address may be another one. */
  async #introduce({ container }: Step<'introduce'>, work: Work): Promise<boolean> {
    return this.#connectAnew(container, { Aliases: [appOfTrack(work.workload.app)] }, work);
  }

  /** At the same address, so that what is under way goes on after a moment. */
  async #withdraw({ container }: Step<'withdraw'>, work: Work): Promise<boolean> {
    const address = container.networks[networkName(work.workload.tenant)];
    const isDone = await this.#connectAnew(container, atSame(address), work);
    const { id } = container;
    this.#draining.set(
      id,
      pause(DRAIN_MS).then(() => {
        this.#draining.delete(id);
      }),
    );
    return isDone;
  }

  async #connectAnew(container: SeenContainer, endpoint: object, { workload }: Work): Promise<boolean> {
    const network = networkName(workload.tenant);
    await provideNetwork(this.#at(container.node), workload, tenantNetwork(workload.tenant));
    return this.#reconnect(container, { network, endpoint });
  }

  async #reconnect(
    { id, node, networks }: SeenContainer,
    { network, endpoint }: { readonly network: string; readonly endpoint: object },
  ): Promise<boolean> {
    const client = this.#at(node);
    if (networks[network] !== undefined) {
      const body = { Container: id, Force: true };
      await this.#tried(id, client.ask({ method: 'POST', path: `/networks/${network}/disconnect`, body }));
    }
    const body = { Container: id, EndpointConfig: endpoint };
    return this.#tried(id, client.ask({ method: 'POST', path: `/networks/${network}/connect`, body }));
  }

  /** First away from the one, then to the other: an engine, and a LAN, has an address once. */
  async #moveAddress({ address, from, to }: Step<'move_address'>, work: Work): Promise<boolean> {
    const network = networkAt(address, work);
    const client = this.#at(to.node);
    await provideNetwork(client, work.workload, networkBody(address, work));
    const body = { Container: from.id, Force: true };
    await undefinedOn(
      this.#at(from.node).bytes({ method: 'POST', path: `/networks/${network}/disconnect`, body }),
      ['engine.not_found', 'engine.forbidden', 'engine.failed'],
    );
    return this.#tried(to.id, this.#connect(client, { container: to.id, address }, work));
  }

  async #give(client: EngineClient, given: Given, work: Work): Promise<void> {
    await provideNetwork(client, work.workload, networkBody(given.address, work));
    await this.#connect(client, given, work);
  }

  #connect(client: EngineClient, { container, address }: Given, work: Work): Promise<void> {
    const body = { Container: container, EndpointConfig: { IPAMConfig: { IPv4Address: address } } };
    return client.ask({ method: 'POST', path: `/networks/${networkAt(address, work)}/connect`, body });
  }
}

function atSame(address: string | undefined): object {
  return { IPAMConfig: { IPv4Address: address } };
}

interface Given {
  readonly container: string;
  readonly address: string;
}

/** It may not run beside the one that it replaces: that one is stopped first. */
function isHeldBack(role: ContainerRole, { template }: WorkloadLeaf): boolean {
  return role === 'next' && isOneByOne(template);
}

/** Faults that are of this container and say nothing of the others. */
const OF_ONE: readonly EngineFault[] = [
  'engine.forbidden',
  'engine.invalid',
  'engine.conflict',
  'engine.not_found',
  'engine.failed',
];
