/**
 * Whether what an edge asks of an engine through the agent of its node passes: what is not in the list of `routes.ts`, letter by letter, does not. Values in,
 * values out; what only the engine knows is left to `judgement.ts`, as needs.
 */
import { VERSION_MAX, VERSION_MIN } from '../engine/client.ts';
import type { HostRules } from './bodies.ts';
import { type Admitted, ROUTES } from './routes.ts';

/** A request as it came. */
export interface Call {
  readonly method: string;
  /** With version and query, as it was sent. */
  readonly target: string;
  readonly body: Buffer;
}

export type Admission =
  | { readonly kind: 'admitted'; readonly admitted: Admitted }
  | { readonly kind: 'refused'; readonly why: string };

/** Whether the call passes, as what, and what must hold for it. */
export function admit({ method, target, body }: Call, rules: HostRules): Admission {
  if (method === 'GET' && target === '/_ping' && body.length === 0)
    return { kind: 'admitted', admitted: { request: { method, path: '/_ping' }, needs: [], answer: 'ping' } };
  const [, version = '', path = '', search = ''] =
    /^\/v(\d{1,2}\.\d{1,3})(\/[^?#\s]*)(?:\?([^?#\s]*))?$/.exec(target) ?? [];
  if (!isSpoken(version)) return refused(`${method} ${target.slice(0, 200)} is no request that passes here`);
  const route = ROUTES.find((one) => one.method === method && one.path.test(path));
  if (route === undefined) return refused(`${method} ${path.slice(0, 200)} is not among what passes here`);
  const query = queryOf(search, route.query ?? {});
  if (typeof query === 'string') return refused(`${method} ${path}: ${query}`);
  if (route.hasBody !== true && body.length > 0) return refused(`${method} ${path}: it takes no body`);
  const passing = route.pass({ name: route.path.exec(path)?.[1] ?? '', query, body, rules });
  if (typeof passing === 'string') return refused(`${method} ${path}: ${passing}`);
  const request = { ...passing.request, method: route.method };
  return { kind: 'admitted', admitted: { ...passing, request } };
}

function refused(why: string): Admission {
  return { kind: 'refused', why };
}

function isSpoken(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return (
    major === VERSION_MAX[0] && minor !== undefined && minor >= VERSION_MIN[1] && minor <= VERSION_MAX[1]
  );
}

/** Each parameter once, known, and of its form. */
function queryOf(
  search: string,
  known: Readonly<Record<string, RegExp>>,
): Readonly<Record<string, string>> | string {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) {
    const form = Object.hasOwn(known, name) ? known[name] : undefined;
    if (form === undefined) return `the parameter ${name.slice(0, 50)} does not pass`;
    if (Object.hasOwn(query, name)) return `the parameter ${name} is there twice`;
    if (!form.test(value)) return `the parameter ${name} does not pass as it is`;
    query[name] = value;
  }
  return query;
}
