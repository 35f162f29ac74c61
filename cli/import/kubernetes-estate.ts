/** The objects of the imported files, and who means whom. Values in, values out. */
import { z } from 'zod';
import type { Draft } from './draft.ts';
import { Scalar } from './quantities.ts';
import type { Place } from './source.ts';

export interface Thing {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly place: Place;
}

export interface Found {
  readonly thing: Thing;
  readonly draft: Draft;
  /** Of its pods. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface Estate {
  readonly things: readonly Thing[];
  readonly found: readonly Found[];
}

export interface Workload {
  readonly draft: Draft;
  readonly estate: Estate;
  readonly thing: Thing;
}

const Texts = z.record(z.string(), z.string());

/** The workloads whose pods have all of these labels. */
export function selected(estate: Estate, labels: Place | undefined, namespace: string | undefined): Found[] {
  const wanted = labels?.read(Texts) ?? {};
  return estate.found.filter(
    (one) =>
      one.thing.namespace === namespace &&
      Object.entries(wanted).every(([key, value]) => one.labels[key] === value),
  );
}

/** Of the same namespace. */
export function thingOf(
  estate: Estate,
  kind: string,
  wanted: Pick<Thing, 'name' | 'namespace'>,
): Thing | undefined {
  return estate.things.find(
    (one) => one.kind === kind && one.name === wanted.name && one.namespace === wanted.namespace,
  );
}

/** The texts of a ConfigMap. */
export function dataOf(thing: Thing | undefined): [string, string][] | undefined {
  return thing?.place
    .at('data')
    ?.entries()
    .map((one) => [one.key, one.read(Scalar) ?? '']);
}
