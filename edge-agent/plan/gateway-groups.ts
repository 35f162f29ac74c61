/**
 * Groups of the gateway: which server of an app's group serves which of its containers. A container keeps the server that has its address; a new one takes
 * the lowest that is closed; without a closed one the group doubles, which needs a reload, as a new group does.
 */
import type { GatewayStep, GatewayTarget } from './gateway.ts';

/** What an app's port should lead to. `name` says which app and port it is, so it never leads to another one. */
export interface WantedGroup {
  readonly name: string;
  readonly targets: readonly GatewayTarget[];
}

/** `server` counts from 1. */
export interface GroupServer extends GatewayTarget {
  readonly server: number;
}

/** A group as it comes up after a restart: `size` servers, those not in `used` closed. */
export interface FileGroup {
  readonly name: string;
  readonly size: number;
  readonly used: readonly GroupServer[];
}

export interface ObservedGroup {
  readonly name: string;
  readonly servers: readonly (GroupServer & { readonly state: 'ready' | 'closed' })[];
}

export interface GroupAssignment {
  /** By name: those that are wanted, and those that a map still points at, as they are. */
  readonly groups: readonly FileGroup[];
  /** Some are not there yet, or are too small: only a reload makes them. */
  readonly isGrown: boolean;
}

/** Servers of a new group. */
export const GROUP_SIZE_MIN = 8;

/** `held` are the names that a map points at, running or on disk. */
export function assignGroups(
  wanted: readonly WantedGroup[],
  observed: readonly ObservedGroup[],
  held: ReadonlySet<string>,
): GroupAssignment {
  const known = new Map(observed.map((group) => [group.name, group]));
  const assigned = wanted.map((group) => assign(group, known.get(group.name)));
  const names = new Set(wanted.map(({ name }) => name));
  const kept = observed.filter(({ name }) => held.has(name) && !names.has(name)).map(asItIs);
  return {
    groups: [...assigned, ...kept].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))),
    isGrown: assigned.some(({ name, size }) => size > (known.get(name)?.servers.length ?? 0)),
  };
}

function assign({ name, targets }: WantedGroup, observed: ObservedGroup | undefined): FileGroup {
  const servers = observed?.servers ?? [];
  const wanted = new Map(targets.map((target) => [nameOf(target), target]));
  const serverOf = new Map<string, number>();
  // An open one before a closed one that happens to have the address still.
  for (const found of [...servers].sort(openFirst)) {
    const name = nameOf(found);
    if (wanted.has(name) && !serverOf.has(name)) serverOf.set(name, found.server);
  }
  const taken = new Set(serverOf.values());
  // Those that are still open for others are taken last: they finish what they have.
  const free = [...servers].sort(closedFirst).filter(({ server }) => !taken.has(server));
  let next = servers.length;
  const used = [...wanted].map(([key, { address, port }]): GroupServer => {
    const server = serverOf.get(key) ?? free.shift()?.server ?? (next += 1);
    return { server, address, port };
  });
  used.sort((a, b) => a.server - b.server);
  return { name, size: sizeFor(servers.length, next), used };
}

function openFirst(a: ObservedGroup['servers'][number], b: ObservedGroup['servers'][number]): number {
  return Number(a.state === 'closed') - Number(b.state === 'closed') || a.server - b.server;
}

function closedFirst(a: ObservedGroup['servers'][number], b: ObservedGroup['servers'][number]): number {
  return Number(a.state === 'ready') - Number(b.state === 'ready') || a.server - b.server;
}

function sizeFor(size: number, needed: number): number {
  if (size > 0 && needed <= size) return size;
  let grown = Math.max(size, GROUP_SIZE_MIN);
  while (grown < needed * 2) grown *= 2;
  return grown;
}

function asItIs({ name, servers }: ObservedGroup): FileGroup {
  const used = servers.filter(({ state }) => state === 'ready');
  return {
    name,
    size: servers.length,
    used: used.map(({ server, address, port }) => ({ server, address, port })),
  };
}

/** As if they ran as the file says. */
export function filedGroups(groups: readonly FileGroup[]): ObservedGroup[] {
  return groups.map(({ name, size, used }) => {
    const known = new Map(used.map((one) => [one.server, one]));
    const servers = Array.from({ length: size }, (_, index) => {
      const found = known.get(index + 1);
      return found === undefined
        ? { server: index + 1, address: '', port: 0, state: 'closed' as const }
        : { ...found, state: 'ready' as const };
    });
    return { name, servers };
  });
}

type Servers = readonly FileGroup[];

/** Servers that open, or move to another container. */
export function openSteps(groups: Servers, observed: readonly ObservedGroup[]): GatewayStep[] {
  return eachServer(groups, observed).flatMap(({ group, found, wanted }): GatewayStep[] => {
    const isSame = wanted !== undefined && found.state === 'ready' && nameOf(found) === nameOf(wanted);
    return wanted === undefined || isSame ? [] : [{ kind: 'gateway.open-server', group, ...wanted }];
  });
}

/** Servers that close: once whatever leads elsewhere instead does so. */
export function closeSteps(groups: Servers, observed: readonly ObservedGroup[]): GatewayStep[] {
  return eachServer(groups, observed).flatMap(({ group, found, wanted }): GatewayStep[] =>
    wanted !== undefined || found.state === 'closed'
      ? []
      : [{ kind: 'gateway.close-server', group, server: found.server }],
  );
}

function eachServer(groups: Servers, observed: readonly ObservedGroup[]) {
  const wanted = new Map(
    groups.map(({ name, used }) => [name, new Map(used.map((one) => [one.server, one]))]),
  );
  return observed.flatMap(({ name, servers }) =>
    servers.map((found) => ({ group: name, found, wanted: wanted.get(name)?.get(found.server) })),
  );
}

/** What to reload with while routes may still lead to a group that is to have nothing: as it is. */
export function beforeGroups(groups: Servers, observed: readonly ObservedGroup[]): FileGroup[] {
  const known = new Map(observed.map((group) => [group.name, group]));
  return groups.map((group) => {
    const found = known.get(group.name);
    return group.used.length > 0 || found === undefined ? group : { ...asItIs(found), size: group.size };
  });
}

export function groupText({ name, size, used }: FileGroup): string {
  return [name, size, ...used.map(({ server, address, port }) => `${server}=${address}:${port}`)].join(' ');
}

function nameOf({ address, port }: GatewayTarget): string {
  return `${address}:${port}`;
}
