/** What a route may lead to, as one choice of a list: a port of an app, or a service of a site. HTTPS needs TCP, so nothing else is offered. */

export type Target =
  | { readonly app: { readonly name: string; readonly port: string } }
  | { readonly service: { readonly site: string; readonly name: string } };

export interface AppPorts {
  readonly name: string;
  readonly ports: readonly { readonly name: string; readonly protocol?: 'tcp' | 'udp' | undefined }[];
}

export interface ServiceFacts {
  readonly site: string;
  readonly name: string;
  readonly protocol?: 'tcp' | 'udp' | undefined;
}

export function appTargets(apps: readonly AppPorts[]): Target[] {
  return apps.flatMap(({ name, ports }) =>
    ports.filter(isTcp).map((port) => ({ app: { name, port: port.name } })),
  );
}

export function serviceTargets(services: readonly ServiceFacts[]): Target[] {
  return services.filter(isTcp).map(({ site, name }) => ({ service: { site, name } }));
}

function isTcp({ protocol = 'tcp' }: { readonly protocol?: 'tcp' | 'udp' | undefined }): boolean {
  return protocol === 'tcp';
}

/** Names have no slash. */
export function targetText(target: Target): string {
  return 'app' in target
    ? `app/${target.app.name}/${target.app.port}`
    : `service/${target.service.site}/${target.service.name}`;
}

export function targetIn(text: string): Target | undefined {
  const [kind, first, second, ...more] = text.split('/');
  if (first === undefined || second === undefined || more.length > 0) return undefined;
  if (kind === 'app') return { app: { name: first, port: second } };
  return kind === 'service' ? { service: { site: first, name: second } } : undefined;
}
