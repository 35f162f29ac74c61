/** One server, one cache before it, and those who follow it, for the length of a test. */
import { KubeServer } from '../../fakes/kube-server.ts';
import type { Follower } from './follower.ts';
import { type Front, openFront } from './front.ts';

export const PATH = '/api/v1/configmaps';

export interface Scene {
  readonly server: KubeServer;
  readonly front: Front;
  readonly followers: Follower[];
}

export interface Listed {
  readonly version: number;
  readonly state: Map<string, number>;
  readonly next: string;
}

interface Item {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
}

export async function scene(play: (scene: Scene) => Promise<void>, budgetBytes?: number): Promise<void> {
  const server = new KubeServer();
  const front = await openFront(server, budgetBytes);
  try {
    await play({ server, front, followers: [] });
  } finally {
    await front.close();
  }
}

export function listed(body: string): Listed {
  const list: { metadata: { resourceVersion: string; continue?: string }; items: Item[] } = JSON.parse(body);
  return {
    version: Number(list.metadata.resourceVersion),
    state: new Map(
      list.items.map(({ metadata }) => [
        `${metadata.namespace}/${metadata.name}`,
        Number(metadata.resourceVersion),
      ]),
    ),
    next: list.metadata.continue ?? '',
  };
}
