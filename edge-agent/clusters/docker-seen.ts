/** What is at plain Docker engines, as values that plans are made from: nodes, containers of ours, and what their labels say. Values in, values out. */
import { APP_LABEL, CONTENT_LABEL, NAMESPACE_LABEL, RELEASE_LABEL } from './docker-marks.ts';
import type { AppRef } from './driver.ts';

/** Number of the replica, from 1: it keeps its name, volumes and address whatever container it is. */
export const SLOT_LABEL = 'isthmus.dev/slot';
/** Of the app's pool; it belongs to the slot. */
export const ADDRESS_LABEL = 'isthmus.dev/address';
/** What the container was promised, for sums. */
export const CPU_LABEL = 'isthmus.dev/cpu-millis';
export const MEMORY_LABEL = 'isthmus.dev/memory-mib';

/** `next` comes in the place of `main`, `old` was there before it; names say which is which, because labels can't change. */
export type ContainerRole = 'main' | 'next' | 'old';

export interface SeenContainer {
  readonly id: string;
  readonly node: string;
  /** Without the slash. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: 'created' | 'running' | 'restarting' | 'exited';
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly exitCode: number;
  readonly isOutOfMemory: boolean;
  /** What the engine said when it could not start it. */
  readonly error: string;
  readonly restarts: number;
  /** Milliseconds since 1970; 0 if never. */
  readonly createdMs: number;
  readonly startedMs: number;
  /** By name of the network: its address there, empty while it does not run. */
  readonly networks: Readonly<Record<string, string>>;
  /** Names that others in these networks know it by. */
  readonly aliases: readonly string[];
  readonly limits: SeenLimits;
}

/** What can be changed of a container while it runs. */
export interface SeenLimits {
  readonly nanoCpus: number;
  readonly memoryBytes: number;
  readonly restartPolicy: string;
}

export interface SeenNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpuMillis: number;
  readonly memoryMib: number;
  /** Names of containers that are not ours. */
  readonly foreign: readonly string[];
  /** Everything of ours there, of all apps. */
  readonly promised: { readonly cpuMillis: number; readonly memoryMib: number };
  /** Containers of ours there, of all apps. */
  readonly count: number;
  /** Slots of this app that have a volume there, which stays where it is. */
  readonly volumeSlots: readonly number[];
  /** Whether the app's image is there. */
  readonly hasImage: boolean;
}

/** A node whose engine does not answer. */
export interface LostNode {
  readonly name: string;
  /** How long it has not answered. */
  readonly silentMs: number;
  /** Slots of the app that were there when it was last seen; undefined if it was never seen. */
  readonly slots: readonly number[] | undefined;
}

export interface SeenApp {
  readonly nodes: readonly SeenNode[];
  readonly lost: readonly LostNode[];
  readonly containers: readonly SeenContainer[];
  readonly nowMs: number;
  /** Addresses of the pool that containers of any app have or are to have. */
  readonly addresses: ReadonlySet<string>;
}

export function slotOf({ labels }: SeenContainer): number {
  return Number(labels[SLOT_LABEL] ?? 0);
}

export function contentIn({ labels }: SeenContainer): string | undefined {
  return labels[CONTENT_LABEL];
}

export function releaseIn({ labels }: SeenContainer): string | undefined {
  return labels[RELEASE_LABEL];
}

export function isOfApp(labels: Readonly<Record<string, string>>, { app, namespace }: AppRef): boolean {
  return labels[APP_LABEL] === app && labels[NAMESPACE_LABEL] === namespace;
}

/** `base` is the app's name. */
export function containerName(base: string, slot: number, role: ContainerRole): string {
  return role === 'main' ? `${base}.${slot}` : `${base}.${slot}.${role}`;
}

/** A container that somebody gave another name counts as `main`, and gets its name back. */
export function roleOf({ name }: SeenContainer): ContainerRole {
  if (name.endsWith('.next')) return 'next';
  return name.endsWith('.old') ? 'old' : 'main';
}
