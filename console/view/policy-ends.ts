/** Ends and ports of policies as people choose and type them, and back. Whether a name is one is for the API to say. */
import type { PolicyEnd, PolicyPort } from '../../protocol/policy.ts';

export const END_KINDS = ['site', 'service', 'app', 'group'] as const;
export type EndKind = (typeof END_KINDS)[number];

export interface EndChosen {
  readonly kind: EndKind;
  /** Of a service `SITE/NAME`. */
  readonly name: string;
}

/** As the API takes it in a question: `app/web`. */
export function endText({ kind, name }: EndChosen): string {
  return `${kind}/${name.trim()}`;
}

/** Undefined: it names nothing yet. */
export function endOf({ kind, name }: EndChosen): PolicyEnd | undefined {
  const own = name.trim();
  if (own === '') return undefined;
  if (kind !== 'service') return { [kind]: own };
  const [site, service, more] = own.split('/');
  return site === undefined || site === '' || service === undefined || service === '' || more !== undefined
    ? undefined
    : { site, service };
}

export function chosenOf({ site, service, app, group }: Readonly<Partial<PolicyEnd>>): EndChosen {
  if (service !== undefined) return { kind: 'service', name: `${site}/${service}` };
  if (site !== undefined) return { kind: 'site', name: site };
  return app === undefined ? { kind: 'group', name: group ?? '' } : { kind: 'app', name: app };
}

/** The kind stands before the first slash; whatever is none of them is taken for a site. */
export function chosenIn(text: string): EndChosen {
  const at = text.indexOf('/');
  const kind = END_KINDS.find((one) => one === text.slice(0, Math.max(at, 0)));
  return kind === undefined ? { kind: 'app', name: text } : { kind, name: text.slice(at + 1) };
}

const PORT = /^(tcp|udp)\/(\d{1,5})$/;

/** Undefined: these are no ports. Nothing is none. */
export function portsIn(text: string): PolicyPort[] | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const ports = words.flatMap((word): PolicyPort[] => {
    const [, protocol, number] = PORT.exec(word) ?? [];
    const port = Number(number);
    if (protocol === undefined || port < 1 || port > 65_535) return [];
    return [{ protocol: protocol === 'udp' ? 'udp' : 'tcp', port }];
  });
  return ports.length === words.length ? ports : undefined;
}

/** As the API takes them: tcp need not be said. */
export function portsText(
  ports: readonly { readonly protocol?: PolicyPort['protocol']; readonly port: number }[],
): string {
  return ports.map(({ protocol = 'tcp', port }) => `${protocol}/${port}`).join(', ');
}
