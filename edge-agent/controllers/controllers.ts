/** The controllers of one cluster: nodes and services. It joins them; each decides for itself. */
import type { ClusterNode, Statement } from '../../protocol/cluster.ts';
import type { FoundService } from '../../protocol/cluster-report.ts';
import { Mirror } from './mirror.ts';
import { NodeController, type NodeControllerOptions } from './nodes.ts';
import type { AppContract } from './replacement.ts';
import { chooseServices, EXPOSE_LABEL, ServiceObject } from './service-choice.ts';

const SHOWN_MAX = 3;

/** How often `pass` is due. */
export const CONTROLLERS_MS = 5_000;

export class Controllers {
  readonly #nodes: NodeController;
  readonly #services: Mirror<ServiceObject>;
  #exposed: readonly string[] = [];

  constructor(options: NodeControllerOptions) {
    const { client, log } = options;
    this.#nodes = new NodeController(options);
    const labelSelector = `${EXPOSE_LABEL}=true`;
    this.#services = new Mirror({
      client,
      path: '/api/v1/services',
      schema: ServiceObject,
      labelSelector,
      log,
    });
  }

  start(): void {
    this.#nodes.start();
    this.#services.start();
  }

  close(): void {
    this.#nodes.close();
    this.#services.close();
  }

  /** Prefixes that the site exposes, as they are in the site. */
  setExposed(prefixes: readonly string[]): void {
    this.#exposed = prefixes;
  }

  setContracts(contracts: readonly AppContract[]): void {
    this.#nodes.setContracts(contracts);
  }

  /** One look at the nodes, and what follows from it; due every `CONTROLLERS_MS`. Never two at once. */
  pass(): Promise<void> {
    return this.#nodes.pass();
  }

  /** What is known of a node; undefined until it was looked at. */
  verdict(node: string): Pick<ClusterNode, 'verdict' | 'evidence'> | undefined {
    const judgement = this.#nodes.judgement(node);
    return judgement && { verdict: judgement.verdict, evidence: judgement.evidence };
  }

  /** Services that ask to be published and can be; undefined until they were listed. */
  services(): readonly FoundService[] | undefined {
    return this.#choice()?.found;
  }

  /** Nothing while no Service asks. */
  statements(): readonly Statement[] {
    const choice = this.#choice();
    if (choice === undefined || choice.found.length + choice.refused.length === 0) return [];
    const { found, refused } = choice;
    if (refused.length === 0)
      return [published('True', 'AllPublished', `${found.length} labelled services are published.`)];
    const some = refused.slice(0, SHOWN_MAX).join(' ');
    return [
      published(
        'False',
        'NotPublished',
        `${refused.length} of ${found.length + refused.length} labelled services can't be published. ${some}`,
      ),
    ];
  }

  #choice() {
    const services = this.#services.items();
    return services && chooseServices(services, { exposed: this.#exposed, nodes: this.#nodes.places() });
  }
}

function published(status: Statement['status'], reason: string, message: string): Statement {
  return { type: 'ServicesPublished', status, reason, message: message.slice(0, 500) };
}
