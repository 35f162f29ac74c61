/** Agent ids. They name the item that keeps the agent, so that no lookup stands between the two. Nothing else is decided here. */

export type AgentId =
  | { readonly role: 'edge'; readonly tenant: string; readonly name: string }
  | { readonly role: 'hub'; readonly name: string };

export function edgeId(tenant: string, name: string): string {
  return `edge.${tenant}.${name}`;
}

export function hubId(name: string): string {
  return `hub.${name}`;
}

/** The parts of an id; undefined if it is none. Names have no dot, so there is one way to read it. */
export function readAgentId(id: string): AgentId | undefined {
  const [role, first = '', second = '', ...rest] = id.split('.');
  if (rest.length > 0 || first === '') return undefined;
  if (role === 'hub' && second === '' && id === hubId(first)) return { role, name: first };
  return role === 'edge' && second !== '' ? { role, tenant: first, name: second } : undefined;
}

/** The name of a new edge of a site: the site's own, or SITE-2, SITE-3, ... */
export function freeEdgeName(site: string, taken: readonly string[]): string {
  const used = new Set(taken);
  if (!used.has(site)) return site;
  let number = 2;
  while (used.has(`${site}-${number}`)) number += 1;
  return `${site}-${number}`;
}
