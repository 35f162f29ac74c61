/**
 * Which nodes of a cluster have an agent, and which of these fell silent: by their signs (`node/sign.ts`). The age of a sign is counted on this host's own
 * clock, from when it was seen to change, so that a node whose clock is wrong is not taken for silent.
 */
import type { ClusterNode, Statement } from '../../protocol/cluster.ts';
import type { KubeClient } from '../kube/client.ts';
import { undefinedOn } from '../kube/errors.ts';
import { listAll } from '../kube/list.ts';
import { LEASES_PATH } from '../node/holding.ts';
import { SIGN_LABEL, SIGN_ROLE, SignObject } from '../node/sign.ts';

/** Four renewals are missed by then. */
export const SILENT_MS = 90_000;
const NODES_MAX = 5_000;
const SHOWN_MAX = 5;

interface Seen {
  readonly renewed: string;
  readonly atMs: number;
}

export class NodeAgents {
  readonly #client: KubeClient;
  readonly #now: () => number;
  #seen: ReadonlyMap<string, Seen> | undefined;

  /** `now`: monotonic milliseconds. */
  constructor(client: KubeClient, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** Rejects if the API server does not answer; without the right to read signs nothing is known. */
  async pass(): Promise<void> {
    const query = { path: LEASES_PATH, labelSelector: `${SIGN_LABEL}=${SIGN_ROLE}`, max: NODES_MAX };
    const signs = await undefinedOn(listAll(this.#client, SignObject, query), ['kube.forbidden']);
    this.#seen = signs && seenNow(signs, this.#seen, this.#now());
  }

  /** Nodes whose agent is there; undefined while nothing is known of it. */
  present(): ReadonlySet<string> | undefined {
    const nowMs = this.#now();
    return this.#seen && new Set(namesOf(this.#seen, ({ atMs }) => nowMs - atMs < SILENT_MS));
  }

  /** Nothing in a cluster that has no agents. */
  statements(nodes: readonly ClusterNode[]): readonly Statement[] {
    return this.#seen === undefined ? [] : agentsStatement(this.#seen, nodes, this.#now());
  }
}

function seenNow(
  signs: readonly SignObject[],
  before: ReadonlyMap<string, Seen> | undefined,
  nowMs: number,
): ReadonlyMap<string, Seen> {
  return new Map(
    signs.map(({ spec: { holderIdentity: node, renewTime: renewed } }) => {
      const known = before?.get(node);
      return [node, known?.renewed === renewed ? known : { renewed, atMs: nowMs }];
    }),
  );
}

/** A node that is gone or down has no agent to miss. */
export function agentsStatement(
  seen: ReadonlyMap<string, Seen>,
  nodes: readonly ClusterNode[],
  nowMs: number,
): readonly Statement[] {
  const up = new Set(nodes.filter(({ ready }) => ready === 'True').map(({ name }) => name));
  const expected = [...seen.keys()].filter((node) => up.has(node));
  if (expected.length === 0) return [];
  const silent = namesOf(seen, ({ atMs }) => nowMs - atMs >= SILENT_MS).filter((node) => up.has(node));
  if (silent.length === 0) {
    const message = `The agents on nodes are there: ${expected.length} of ${nodes.length} nodes have one.`;
    return [{ type: 'NodeAgents', status: 'True', reason: 'Heard', message }];
  }
  const shown = silent.slice(0, SHOWN_MAX).join(', ');
  const more = silent.length > SHOWN_MAX ? ` and ${silent.length - SHOWN_MAX} more` : '';
  const message = `Not heard for ${SILENT_MS / 1_000} s or longer: the agents of ${shown}${more}. They do not run, or the API server refuses their credentials; new pods there may wait for it. See what edge-agent node run says on them; give them a new kubeconfig of isthmus-node, or take them off with uninstall-cni.`;
  return [{ type: 'NodeAgents', status: 'False', reason: 'Silent', message: message.slice(0, 500) }];
}

function namesOf(seen: ReadonlyMap<string, Seen>, is: (one: Seen) => boolean): readonly string[] {
  return [...seen].filter(([, one]) => is(one)).map(([node]) => node);
}
