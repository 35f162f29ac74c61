/** Where a replica goes at plain engines, which have nobody to decide it. First what rules nodes out, then what speaks for one. Values in, values out. */
import type { AppTemplate } from '../../protocol/app.ts';
import type { NodeRules } from '../../protocol/placement.ts';
import type { SeenNode } from './docker-seen.ts';
import { allowsNode, preferenceOf, valueOn } from './node-rules.ts';

export interface Placing {
  readonly template: AppTemplate;
  readonly rules: NodeRules | undefined;
  readonly slot: number;
  readonly nodes: readonly SeenNode[];
  /** Nodes of the app's other replicas, one entry each. */
  readonly others: readonly string[];
  /** Stay there if it is possible. */
  readonly home?: string | undefined;
}

export type Placed =
  | { readonly node: string }
  /** Nobody takes it; the words say what each node lacks. */
  | { readonly why: string };

export function place(placing: Placing): Placed {
  const { nodes, home } = placing;
  const looked = nodes.map((node) => ({ node, lack: lackOf(node, placing) }));
  const fit = looked.filter(({ lack }) => lack === undefined).map(({ node }) => node);
  const stay = fit.find(({ name }) => name === home);
  const [best] = fit.toSorted((a, b) => compare(scoreOf(a, placing), scoreOf(b, placing)));
  const chosen = stay ?? best;
  if (chosen !== undefined) return { node: chosen.name };
  if (nodes.length === 0) return { why: 'no engine answers' };
  return { why: looked.map(({ node, lack }) => `${node.name}: ${lack}`).join('; ') };
}

/** What a node lacks for this replica; undefined if nothing. */
function lackOf(node: SeenNode, placing: Placing): string | undefined {
  const { template, rules, slot, nodes, others } = placing;
  const { cpuMillis = 0, memoryMib = 0 } = template.resources;
  const freeCpu = node.cpuMillis - node.promised.cpuMillis;
  const freeMemory = node.memoryMib - node.promised.memoryMib;
  if (rules !== undefined && !allowsNode(rules, node)) return 'its labels are not those asked for';
  const volumeAt = nodes.find(({ volumeSlots }) => volumeSlots.includes(slot));
  if (volumeAt !== undefined && volumeAt !== node && hasLocalVolume(template))
    return `the volume is at ${volumeAt.name}`;
  if (others.filter((name) => name === node.name).length >= perNodeMax(template, rules))
    return 'it has as many of this app as it may have';
  if (cpuMillis > freeCpu) return `${cpuMillis - freeCpu} CPU millis short`;
  if (memoryMib > freeMemory) return `${memoryMib - freeMemory} MiB of memory short`;
  return undefined;
}

function hasLocalVolume({ volumes }: AppTemplate): boolean {
  return volumes.some((volume) => volume.class === undefined);
}

function perNodeMax({ ports }: AppTemplate, rules: NodeRules | undefined): number {
  if (ports.some(({ hostPort }) => hostPort !== undefined)) return 1;
  return rules?.maxPerNode ?? Number.POSITIVE_INFINITY;
}

/** Less is better: few of the app in its group, what is preferred, few of it there, the image there, little promised, the name. */
function scoreOf(node: SeenNode, { rules, nodes, others }: Placing): readonly (number | string)[] {
  const groupBy = rules?.groupBy;
  const groupOf = (one: SeenNode | undefined) =>
    one === undefined || groupBy === undefined ? undefined : valueOn(groupBy, one);
  const inGroup = others.filter(
    (name) => groupOf(nodes.find((one) => one.name === name)) === groupOf(node),
  ).length;
  const share = node.promised.cpuMillis / Math.max(1, node.cpuMillis);
  return [
    groupBy === undefined ? 0 : inGroup,
    rules === undefined ? 0 : -preferenceOf(rules, node),
    others.filter((name) => name === node.name).length,
    node.hasImage ? 0 : 1,
    share,
    node.count,
    node.name,
  ];
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [index, one] of a.entries()) {
    const other = b[index] ?? 0;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
