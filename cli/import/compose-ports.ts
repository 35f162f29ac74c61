/** Ports of a Compose service. Values in, values out. */
import { z } from 'zod';
import type { Draft } from './draft.ts';
import { Scalar } from './quantities.ts';
import type { Place } from './source.ts';

const Short = z.string().max(4_096);

export function portOf(place: Place, draft: Draft): void {
  if (place.isMapping) return longPort(place, draft);
  const [ports = '', protocol] = (place.read(Scalar) ?? '').split('/');
  const parts = /^(?:(\[[^\]]*\]|[0-9.]+):)?(?:([0-9-]*):)?([0-9-]+)$/.exec(ports);
  if (parts === null) return place.lost('This is no port such as 8080:80: say ports by hand.');
  exposedPort(place, { number: parts[3] ?? '', draft, protocol });
  if (parts[2] !== undefined || parts[1] !== undefined)
    place.changed(
      `It is port ${parts[3]} of the app, and opened on no host: reach it by a service of the site, or say hostPort.`,
    );
}

export function exposedPort(
  place: Place,
  { number, draft, protocol = 'tcp' }: { number: string; draft: Draft; protocol?: string | undefined },
): void {
  const [first = '', second] = number.split('/');
  if (first.includes('-')) return place.lost('A port is one number: list them one by one.');
  const named = { name: `port-${first}`, port: Number(first), protocol: second ?? protocol };
  if (draft.elements('ports').some(({ port }) => port === named.port))
    named.name = `port-${first}-${named.protocol}`;
  if (draft.elements('ports').some(({ port, protocol: is }) => port === named.port && is === named.protocol))
    return;
  draft.add(['ports'], named.protocol === 'tcp' ? { name: named.name, port: named.port } : named, place);
}

function longPort(place: Place, draft: Draft): void {
  const port = place.at('target')?.read(z.coerce.number());
  const protocol = place.at('protocol')?.read(Scalar) ?? 'tcp';
  const mode = place.at('mode')?.read(Scalar);
  const published = place.at('published');
  const hostPort = mode === 'host' ? published?.read(z.coerce.number()) : undefined;
  if (mode !== 'host')
    published?.changed('It is opened on no host: reach it by a service of the site, or say hostPort.');
  place.at('host_ip')?.lost('A port of a host is open on all of its addresses.');
  place.at('app_protocol')?.note('meaningless', 'Isthmus carries bytes, whatever they mean.');
  const name = place.at('name')?.read(Short) ?? `port-${port}`;
  const tcp = protocol === 'tcp' ? {} : { protocol };
  draft.add(['ports'], { name, port, ...tcp, ...(hostPort === undefined ? {} : { hostPort }) }, place);
}
