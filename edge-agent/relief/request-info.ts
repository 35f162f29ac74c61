/**
 * What a path of the Kubernetes API is about: verb, type, namespace, name. It follows what the API server itself makes of a path, so that
 * the access that is reviewed is the access that is asked for. It judges nothing.
 */

export interface TypeName {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Lower-case plural. */
  readonly resource: string;
}

export interface RequestInfo extends TypeName {
  readonly verb: 'get' | 'list' | 'watch' | 'other';
  /** Empty: cluster-scoped, or all namespaces. */
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Undefined: not a path of an object or a collection (`/version`, discovery, the deprecated `/watch/` paths). */
export function requestInfoOf(
  method: string,
  path: string,
  more: { readonly isWatch: boolean; readonly selectedName: string },
): RequestInfo | undefined {
  const parts = decodedParts(path);
  const rooted = parts === undefined ? undefined : typeParts(parts);
  if (rooted === undefined) return undefined;
  const place = placeOf(rooted.rest);
  if (place === undefined) return undefined;
  return {
    group: rooted.group,
    version: rooted.version,
    ...place,
    ...(place.name === '' ? { name: more.selectedName } : {}),
    verb: verbOf({ method, isNamed: place.name !== '', isWatch: more.isWatch }),
  };
}

/** `pods`, `deployments.apps`: as Kubernetes prints a type. */
export function resourceText({ group, resource }: Pick<TypeName, 'group' | 'resource'>): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** The path of all objects of a type. */
export function collectionPath({ group, version, resource }: TypeName): string {
  const root = group === '' ? `/api/${version}` : `/apis/${encodeURIComponent(group)}/${version}`;
  return `${root}/${resource}`;
}

function decodedParts(path: string): readonly string[] | undefined {
  const parts = path.split('/').slice(1);
  if (parts.some((part) => part === '')) return undefined;
  try {
    return parts.map((part) => decodeURIComponent(part));
  } catch {
    return undefined;
  }
}

function typeParts(
  parts: readonly string[],
): { readonly group: string; readonly version: string; readonly rest: readonly string[] } | undefined {
  const [root, first = '', second = ''] = parts;
  if (root === 'api') return { group: '', version: first, rest: parts.slice(2) };
  if (root === 'apis') return { group: first, version: second, rest: parts.slice(3) };
  return undefined;
}

function placeOf(
  rest: readonly string[],
): Pick<RequestInfo, 'namespace' | 'resource' | 'name' | 'subresource'> | undefined {
  const [first = '', second = '', third = '', fourth = '', fifth = ''] = rest;
  if (first === '' || first === 'watch' || first === 'proxy') return undefined;
  const isInside = first === 'namespaces' && rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(third);
  if (isInside)
    return rest.length > 5
      ? undefined
      : { namespace: second, resource: third, name: fourth, subresource: fifth };
  if (rest.length > 3) return undefined;
  // A namespace lies, for authorization, within itself.
  const namespace = first === 'namespaces' ? second : '';
  return { namespace, resource: first, name: second, subresource: third };
}

function verbOf(asked: {
  readonly method: string;
  readonly isNamed: boolean;
  readonly isWatch: boolean;
}): RequestInfo['verb'] {
  if (asked.method !== 'GET') return 'other';
  if (asked.isNamed) return asked.isWatch ? 'other' : 'get';
  return asked.isWatch ? 'watch' : 'list';
}
