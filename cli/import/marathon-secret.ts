/** An app of Marathon on its way, and its secrets. Values in, values out. */
import { z } from 'zod';
import { type Draft, nameOf } from './draft.ts';
import type { Place } from './source.ts';

export interface Service {
  readonly draft: Draft;
  /** All of the app, for what refers to other parts of it. */
  readonly app: Place;
}

interface Secret extends Service {
  readonly name: string;
}

/** Marathon's secrets have a path: what is last is the key. */
export function secretAs(
  place: Place,
  as: Readonly<Record<string, string>>,
  { draft, app, name }: Secret,
): void {
  const source = app.at('secrets', name, 'source')?.read(z.string()) ?? name;
  const parts = source.split('/').filter((part) => part !== '');
  const key = parts.at(-1) ?? name;
  const secret = nameOf(parts.slice(0, -1).join('-') || key);
  draft.add(['secrets'], { secret, key, as }, place);
  place.changed(`Make the secret ${secret} with the key ${key} in each cluster: Isthmus never sees values.`);
}
