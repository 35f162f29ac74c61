/**
 * What to do in a VPC's route tables so that they lead to the owner. Ours is a route whose target is the interface of
 * one of our slots, also while that is a black hole; a route of anybody else is never a step, only a conflict.
 */
import type { RouteTableView, RouteView } from '../port.ts';

/** A table with this tag and value is left alone, and what is ours in it goes. */
export const ROUTES_TAG = 'isthmus:routes';
export const ROUTES_TAG_OFF = 'off';

export interface RoutesWanted {
  /** Interface of the owner; undefined: routes lead nowhere, and what is ours goes. */
  readonly target: string | undefined;
  /** Interfaces of every slot in the VPC, the owner's included. */
  readonly interfaces: readonly string[];
  /** CIDRs of pools, ids of prefix lists. */
  readonly destinations: readonly string[];
  /**
   * What we may have made before and want no longer. A route to one of our interfaces with any other destination is a
   * user's own, and stays.
   */
  readonly former: readonly string[];
}

export interface RouteKey {
  readonly table: string;
  readonly destination: string;
}

export type RouteStep =
  | (RouteKey & { readonly do: 'create' | 'replace'; readonly interface: string })
  | (RouteKey & { readonly do: 'remove' });

export interface RoutesPlan {
  /** By table, then destination; what is taken away comes last. */
  readonly steps: readonly RouteStep[];
  readonly conflicts: readonly (RouteKey & { readonly target: string })[];
  /** Wanted routes that are there and ours, whichever slot they lead to. */
  readonly ours: readonly RouteKey[];
}

export function planRoutes(tables: readonly RouteTableView[], wanted: RoutesWanted): RoutesPlan {
  const ordered = [...tables].sort((a, b) => compareText(a.id, b.id));
  const plans = ordered.map((table) => planTable(table, wanted));
  const steps = plans.flatMap((plan) => plan.steps);
  return {
    steps: [...steps.filter((step) => step.do !== 'remove'), ...steps.filter((step) => step.do === 'remove')],
    conflicts: plans.flatMap((plan) => plan.conflicts),
    ours: plans.flatMap((plan) => plan.ours),
  };
}

function planTable(table: RouteTableView, wanted: RoutesWanted): RoutesPlan {
  const isOff = table.tags[ROUTES_TAG] === ROUTES_TAG_OFF;
  const { target } = wanted;
  const destinations = isOff || target === undefined ? [] : sortedSet(wanted.destinations);
  const unwanted = sortedSet([...wanted.destinations, ...wanted.former]).filter(
    (destination) => !destinations.includes(destination),
  );
  const found = destinations.map((destination) => ({ destination, ...look(table, destination, wanted) }));
  return {
    steps: [
      ...found.flatMap(({ destination, mine, foreign }): RouteStep[] => {
        if (target === undefined || mine?.interface === target || (!mine && foreign)) return [];
        return [{ do: mine ? 'replace' : 'create', table: table.id, destination, interface: target }];
      }),
      ...unwanted
        .filter((destination) => look(table, destination, wanted).mine)
        .map((destination): RouteStep => ({ do: 'remove', table: table.id, destination })),
    ],
    conflicts: found.flatMap(({ destination, mine, foreign }) =>
      !mine && foreign ? [{ table: table.id, destination, target: foreign.target }] : [],
    ),
    ours: found.flatMap(({ destination, mine }) => (mine ? [{ table: table.id, destination }] : [])),
  };
}

interface Found {
  readonly mine: RouteView | undefined;
  readonly foreign: RouteView | undefined;
}

/** Beside a route of ours there may be a propagated one of the same destination; ours then wins in EC2 too. */
function look(table: RouteTableView, destination: string, { interfaces }: RoutesWanted): Found {
  const there = table.routes.filter((route) => route.destination === destination);
  const isMine = (route: RouteView) => route.interface !== undefined && interfaces.includes(route.interface);
  return { mine: there.find(isMine), foreign: there.find((route) => !isMine(route)) };
}

function sortedSet(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort(compareText);
}

/** By code units, in every locale the same. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
