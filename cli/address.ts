/**
 * Addresses of the API, by the paths of its OpenAPI document (`client/paths.ts`, which is generated): one that there is not, or a name that is missing in
 * one, is an error of the compiler and not of a user.
 */
import type { paths } from '../client/paths.ts';

export type Template = keyof paths;
type Method = 'get' | 'post' | 'put' | 'delete';
/** The paths that take this method. */
export type Taking<M extends Method> = {
  [T in Template]: paths[T] extends { [m in M]: { responses: unknown } } ? T : never;
}[Template];

type NamesIn<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;
export type Names<T extends string> = { readonly [N in NamesIn<T>]: string };

/** `path` is ready to be sent; `template` is what it was made of. */
export interface Address<T extends Template = Template> {
  readonly template: T;
  readonly path: string;
}

export interface Query {
  readonly [name: string]: string | undefined;
}

export function at<T extends Template>(template: T, names: Names<T>, query: Query = {}): Address<T> {
  return addressOf(template, names, query);
}

/** As `at`, of a template that is known only when it runs: a missing name is an error then. */
export function addressOf<T extends Template>(
  template: T,
  names: { readonly [name: string]: string | undefined },
  query: Query = {},
): Address<T> {
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = names[name];
    if (value === undefined) throw new Error(`${template} needs ${name}`);
    return encodeURIComponent(value);
  });
  const asked = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return { template, path: [path, ...(asked.length === 0 ? [] : [asked.join('&')])].join('?') };
}
