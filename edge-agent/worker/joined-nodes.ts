/** The nodes of a cluster of plain engines: those that are named in its file, and those that joined, which come and go while it runs. A silent one stays among them. */
import type { DockerFile } from '../cluster-files.ts';
import type { DockerNode } from '../clusters/docker-sight.ts';
import { type Certifier, NodeDoor } from '../door/door.ts';
import { NodeRegistry } from '../door/registry.ts';
import { addressesAt } from '../engine/addresses.ts';
import { EngineClient } from '../engine/client.ts';
import { Poll } from '../poll.ts';

const LOOK_MS = 2_000;

export interface JoinedNodesOptions {
  readonly file: DockerFile;
  /** Of the registry. */
  readonly nodes: string;
  readonly certifier: Certifier;
  readonly fixed: readonly DockerNode[];
  readonly now: () => number;
  readonly wallNow: () => number;
  readonly log: (line: string) => void;
}

export class JoinedNodes {
  readonly #options: JoinedNodesOptions;
  readonly #registry: NodeRegistry;
  readonly #looks = new Poll(() => this.#look());
  readonly #all: DockerNode[];
  #door: NodeDoor | undefined;
  #fault: string | undefined;

  constructor(options: JoinedNodesOptions) {
    this.#options = options;
    this.#registry = new NodeRegistry(options.nodes);
    this.#all = [...options.fixed];
    // Who was there before a restart is silent until it comes back, and not gone.
    this.#matchNodes();
  }

  /** The very list, as it is now. */
  get nodes(): readonly DockerNode[] {
    return this.#all;
  }

  /** Why nodes can't connect, if they can't. */
  get fault(): string | undefined {
    return this.#fault;
  }

  start(): void {
    if (this.#options.file.door !== undefined) this.#looks.wake();
  }

  stop(): void {
    this.#looks.stop();
    void this.#door?.close();
  }

  /** Never rejects. */
  async #look(): Promise<number> {
    this.#matchNodes();
    try {
      await this.#open();
      await this.#door?.match();
      this.#fault = undefined;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      if (why !== this.#fault) this.#options.log(`nodes can't connect to ${this.#options.file.name}: ${why}`);
      this.#fault = why;
    }
    return LOOK_MS;
  }

  async #open(): Promise<void> {
    const { file, certifier, fixed, now, wallNow, log } = this.#options;
    if (this.#door !== undefined || file.door === undefined) return;
    const door = new NodeDoor({
      registry: this.#registry,
      certifier,
      taken: fixed.map(({ name }) => name),
      now,
      wallNow,
      log: (line) => log(`${file.name}: ${line}`),
    });
    await door.listen(file.door.address, file.door.port);
    this.#door = door;
  }

  #matchNodes(): void {
    const fixed = this.#options.fixed.length;
    const wanted = this.#options.file.door === undefined ? [] : this.#registry.nodes();
    const names = new Set(wanted.map(({ name }) => name));
    for (let index = this.#all.length - 1; index >= fixed; index -= 1)
      if (!names.has(this.#all[index]?.name ?? '')) this.#all.splice(index, 1);
    for (const { name } of wanted)
      if (!this.#all.some((node) => node.name === name)) this.#all.push(this.#nodeOf(name));
  }

  #nodeOf(name: string): DockerNode {
    const session = () => this.#door?.sessionOf(name);
    const endpoint = { kind: 'node', name, session } as const;
    return {
      name,
      client: new EngineClient(endpoint),
      addresses: () => addressesAt(endpoint, undefined),
    };
  }
}
