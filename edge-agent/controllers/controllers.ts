/** The controllers of one cluster: nodes and services. It joins them; each decides for itself. */
import type { ClusterNode, Statement } from '../../protocol/cluster.ts';
import type { FoundService } from '../../protocol/cluster-report.ts';
import { Mirror } from './mirror.ts';
import { askHost } from './node-probe.ts';
import { NodeController, type NodeControllerOptions } from './nodes.ts';
import type { AppContract } from './replacement.ts';
import { chooseServices, EXPOSE_LABEL, ServiceObject } from './service-choice.ts';
import { ServiceReach } from './service-reach.ts';

const SHOWN_MAX = 3;

/** How often `pass` is due. */
export const CONTROLLERS_MS = 5_000;

export class Controllers {
  readonly #nodes: NodeController;
  readonly #services: Mirror<ServiceObject>;
  readonly #reach: ServiceReach;
  #exposed: readonly string[] = [];

  constructor(options: NodeControllerOptions) {
    const { client, log } = options;
    this.#nodes = new NodeController(options);
    this.#reach = new ServiceReach({ ask: askHost, server: client.target });
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
    this.#reach.setExposed(prefixes);
  }

  /** The range of the cluster's own service addresses, where it is known. */
  setServiceRange(range: string | undefined): void {
    this.#reach.setRange(range);
  }

  setContracts(contracts: readonly AppContract[]): void {
    this.#nodes.setContracts(contracts);
  }

  /** One look at the nodes and the range of services, and what follows from it; due every `CONTROLLERS_MS`. Never two at once. */
  async pass(): Promise<void> {
    await Promise.all([this.#nodes.pass(), this.#reach.pass()]);
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

  /** Only what there is something to say of: labelled Services, and dead nodes whose containers could not be let go. */
  statements(): readonly Statement[] {
    const { fault } = this.#nodes;
    const hindered = fault === undefined ? [] : [statement('ContainersReplaced', 'Refused', fault)];
    const [door] = this.#nodes.places().flatMap(({ addresses }) => addresses);
    return [...hindered, ...this.#reach.statements(door), ...this.#published()];
  }

  #published(): readonly Statement[] {
    const { found, refused } = this.#choice() ?? { found: [], refused: [] };
    const count = found.length + refused.length;
    if (count === 0) return [];
    if (refused.length > 0) {
      const some = refused.slice(0, SHOWN_MAX).join(' ');
      const message = `${refused.length} of ${count} labelled services can't be published. ${some}`;
      return [statement('ServicesFound', 'NotAllFit', message)];
    }
    const message = `${count} labelled services can be published.`;
    return [{ type: 'ServicesFound', status: 'True', reason: 'AllFit', message }];
  }

  #choice() {
    const services = this.#services.items();
    if (services === undefined) return undefined;
    const { unreached } = this.#reach;
    return chooseServices(services, { exposed: this.#exposed, nodes: this.#nodes.places(), unreached });
  }
}

function statement(type: string, reason: string, message: string): Statement {
  return { type, status: 'False', reason, message: message.slice(0, 500) };
}
