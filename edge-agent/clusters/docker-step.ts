/** The closed vocabulary of what is done at plain engines, and what plans are made from. */
import type { AppTemplate } from '../../protocol/app.ts';
import type { NodeRules } from '../../protocol/placement.ts';
import { type ContainerRole, containerName, type SeenContainer, type SeenLimits } from './docker-seen.ts';

export interface DockerWanted {
  /** Name of the app at an engine. */
  readonly base: string;
  readonly content: string;
  readonly release: number;
  readonly replicas: number;
  readonly template: AppTemplate;
  readonly rules: NodeRules | undefined;
  /** Of the app's pool, free or not; undefined if it has no pool. */
  readonly pool: readonly string[] | undefined;
  /** What a container has that is no more on trial. */
  readonly limits: SeenLimits;
  /** Of the tenant. */
  readonly network: string;
  /** By which others in it ask for the app. */
  readonly alias: string;
  /** Whether it is asked by it: from its making if absent. */
  readonly asked?: Asked;
}

/** `when_good`: beside others that serve, so it may cost nobody a request while it comes up, or once it fails. */
export type Asked = 'always' | 'when_good' | 'never';

export type DockerStep =
  | {
      readonly kind: 'create';
      readonly node: string;
      readonly slot: number;
      readonly role: ContainerRole;
      readonly address: string | undefined;
      /** Another container has the address for now. */
      readonly isWithoutAddress: boolean;
    }
  | { readonly kind: 'start'; readonly container: SeenContainer }
  | { readonly kind: 'restart'; readonly container: SeenContainer }
  | { readonly kind: 'stop'; readonly container: SeenContainer }
  | { readonly kind: 'remove'; readonly container: SeenContainer }
  | { readonly kind: 'update'; readonly container: SeenContainer; readonly limits: SeenLimits }
  /** Into the tenant's network, or anew: with the app's name, so that it is asked, or without. */
  | { readonly kind: 'introduce'; readonly container: SeenContainer }
  | { readonly kind: 'withdraw'; readonly container: SeenContainer }
  | { readonly kind: 'rename'; readonly container: SeenContainer; readonly name: string }
  /** From one container to the other; they may be at different nodes. */
  | {
      readonly kind: 'move_address';
      readonly address: string;
      readonly from: SeenContainer;
      readonly to: SeenContainer;
    };

/** Why a replica has no container. */
export interface Waiting {
  readonly slot: number;
  readonly role: ContainerRole;
  readonly node: string;
  readonly reason: 'unschedulable' | 'address_pending' | 'node_lost';
  readonly why: string;
}

export interface DockerPlan {
  readonly steps: readonly DockerStep[];
  readonly waiting: readonly Waiting[];
}

export function describeDockerStep(step: DockerStep, base: string): string {
  switch (step.kind) {
    case 'create':
      return `create ${containerName(base, step.slot, step.role)} at ${step.node}`;
    case 'rename':
      return `rename ${step.container.name} to ${step.name} at ${step.container.node}`;
    case 'move_address':
      return `move ${step.address} from ${step.from.name} to ${step.to.name}`;
    case 'start':
    case 'restart':
    case 'stop':
    case 'remove':
    case 'update':
    case 'introduce':
    case 'withdraw':
      return `${step.kind} ${step.container.name} at ${step.container.node}`;
  }
}
