/** `isthmus routes explain ADDRESS`: whose an address is, what stands for it elsewhere, and by which edges and hubs it is reached. The control plane's word, not a packet's. */
import {
  containsAddress,
  formatAddress,
  parseAddress,
  parsePrefix,
  translate,
} from '../../protocol/address.ts';
import type { Edge } from '../../protocol/edge.ts';
import type { Service } from '../../protocol/service.ts';
import type { Site } from '../../protocol/site.ts';

export interface Map {
  readonly sites: readonly Site[];
  readonly edges: readonly Edge[];
  readonly services: readonly Service[];
  /** Of the deployment; absent if the caller may not read them. */
  readonly pools?: readonly string[] | undefined;
}

/** One meaning of an address: several sites may have the same real one. */
export interface Meaning {
  readonly site: string;
  /** How the address was meant. */
  readonly as: 'virtual' | 'real';
  readonly real: string;
  readonly virtual: string;
  readonly realPrefix: string;
  readonly virtualPrefix: string;
  /** Sites that reach it by its real address, without translation. */
  readonly nativeTo: readonly string[];
  /** Of the site, approved and not quarantined. */
  readonly edges: readonly {
    readonly name: string;
    readonly hubs: readonly string[];
    readonly activeHub?: string | undefined;
  }[];
  /** `NAME:PORT/PROTOCOL` there. */
  readonly services: readonly string[];
}

export interface AddressExplained {
  readonly address: string;
  readonly meanings: readonly Meaning[];
  /** Why it means nothing, or what else is to be known. */
  readonly notes: readonly string[];
}

/** `address` is a valid one. */
export function explainAddress(address: string, map: Map): AddressExplained {
  const number = parseAddress(address);
  const within = (prefix: string) => containsAddress(parsePrefix(prefix), number);
  const meanings = map.sites.flatMap((site) =>
    site.status.prefixes.flatMap((mapping) =>
      (['virtual', 'real'] as const)
        .filter((as) => within(mapping[as]))
        .map((as) => meaningOf({ address, as, site, mapping }, map)),
    ),
  );
  if (meanings.length > 0) return { address, meanings, notes: notesOn(meanings) };
  const reserved = map.sites
    .filter(({ spec }) => spec.allotment.some(within))
    .map(({ metadata }) => metadata.name);
  const pool = map.pools?.find(within);
  const notes =
    reserved.length > 0
      ? [
          `${address} is in the allotment of ${reserved.join(', ')}, which does not expose it: add a prefix to the site, or let its edge advertise one.`,
        ]
      : pool === undefined
        ? [`No site of the tenant has ${address}. It takes the way that it would take without Isthmus.`]
        : [
            `${address} is in the virtual pool ${pool}, and no site of the tenant has it: packets to it are dropped.`,
          ];
  return { address, meanings, notes };
}

interface Place {
  readonly address: string;
  readonly as: 'virtual' | 'real';
  readonly site: Site;
  readonly mapping: Site['status']['prefixes'][number];
}

function meaningOf({ address, as, site, mapping }: Place, { edges, services }: Map): Meaning {
  const { name } = site.metadata;
  const [from, to] = as === 'virtual' ? [mapping.virtual, mapping.real] : [mapping.real, mapping.virtual];
  const other = formatAddress(translate(parseAddress(address), parsePrefix(from), parsePrefix(to)));
  const real = as === 'real' ? address : other;
  return {
    ...{ site: name, as, real, virtual: as === 'virtual' ? address : other },
    ...{ realPrefix: mapping.real, virtualPrefix: mapping.virtual },
    nativeTo: site.status.conditions
      .filter(({ type, status }) => type.startsWith('Native/') && status === 'True')
      .map(({ type }) => type.slice('Native/'.length)),
    edges: edges
      .filter(({ spec }) => spec.site === name && spec.approved && !spec.quarantined)
      .map(({ metadata, status }) => ({
        name: metadata.name,
        hubs: status.links.filter(({ up }) => up).map(({ hub }) => hub),
        activeHub: status.activeHub,
      })),
    services: services
      .filter(({ spec, status }) => status.site === name && spec.address === real)
      .map(({ metadata, spec }) => `${metadata.name}:${spec.port}/${spec.protocol}`),
  };
}

function notesOn(meanings: readonly Meaning[]): string[] {
  const sites = [...new Set(meanings.map(({ site }) => site))];
  if (sites.length < 2) return [];
  return [
    `${sites.join(' and ')} have the same real range. Within a site the address is its own; from elsewhere use the virtual one, or the name.`,
  ];
}

export function addressText({ address, meanings, notes }: AddressExplained): string {
  return [...meanings.flatMap((one) => meaningLines(address, one)), ...notes].join('\n');
}

function meaningLines(address: string, one: Meaning): string[] {
  const head =
    one.as === 'virtual'
      ? `${address} is ${one.real} at ${one.site}, seen from other sites`
      : `${address} at ${one.site} is ${one.virtual} from other sites`;
  const line = (label: string, text: string) => `  ${label.padEnd(12)}${text}`;
  return [
    head,
    line('prefix', `${one.realPrefix}, for life ${one.virtualPrefix}`),
    line('translated', `1:1 by the edges of both ends, source and destination`),
    ...(one.nativeTo.length === 0
      ? []
      : [line('native', `from ${one.nativeTo.join(', ')} as ${one.real}, not translated`)]),
    ...(one.edges.length === 0
      ? [line('edge', 'none: nothing leads there')]
      : one.edges.map((edge) => line('edge', edgeText(edge)))),
    ...(one.services.length === 0 ? [] : [line('services', one.services.join(', '))]),
  ];
}

function edgeText({ name, hubs, activeHub }: Meaning['edges'][number]): string {
  if (hubs.length === 0) return `${name}, which no hub hears`;
  return `${name}, by hub ${hubs.join(' or ')}${activeHub === undefined ? '' : ` (it sends by ${activeHub})`}`;
}
