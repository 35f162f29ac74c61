/**
 * A site behind this agent: translation 1:1 between real and virtual prefixes, and who may begin what.
 *
 * What is allowed is asked of the ORIGINAL tuple of a connection, for every packet in either direction. So a policy that
 * closes something closes it for running connections too, at once, and none needs to be hunted in the connection table.
 */
import type { Flow } from '../../protocol/document.ts';
import type { Clamp, ProofRules, SiteRules } from './firewall.ts';
import { proofCount, proofInward, proofOutward } from './firewall-proof.ts';
import { addressSet, anyOf, type Block, rule } from './firewall-text.ts';
import { collapse } from './intervals.ts';

/** Own table first: the first translation of a connection wins, and others masquerade at the usual priority. */
const BEFORE = '- 5';

/** Sets that the other blocks name: who may be on the far side, and what is ours. */
export function siteSets(site: SiteRules, pools: readonly string[]): Block[] {
  return [
    addressSet('pools', collapse(pools)),
    addressSet('remote', collapse([...pools, ...site.native])),
    addressSet('native', collapse(site.native)),
    addressSet('own_real', collapse(site.mappings.map(({ real }) => real))),
    addressSet('own_virtual', collapse(site.mappings.map(({ virtual }) => virtual))),
  ];
}

export function translation(site: SiteRules, proof?: ProofRules): Block[] {
  const before = { in: proof ? proofInward(proof) : [], out: proof ? proofOutward(proof) : [] };
  return [
    {
      header: 'chain translate_in',
      lines: [
        `type nat hook prerouting priority dstnat ${BEFORE}; policy accept;`,
        ...before.in,
        ...inward(site),
      ],
    },
    {
      header: 'chain translate_out',
      lines: [
        `type nat hook postrouting priority srcnat ${BEFORE}; policy accept;`,
        ...before.out,
        ...outward(site),
      ],
    },
  ];
}

function inward({ mappings }: SiteRules): string[] {
  if (mappings.length === 0) return [];
  const map = anyOf(mappings.map(({ real, virtual }) => `${virtual} : ${real}`));
  return [
    rule(
      `iifname "ist*" dnat ip prefix to ip daddr map ${map}`,
      'virtual addresses of this site are its real ones',
    ),
  ];
}

function outward({ mappings, lan }: SiteRules): string[] {
  const map = anyOf(mappings.map(({ real, virtual }) => `${real} : ${virtual}`));
  const translate = rule(
    `oifname "ist*" ip daddr @pools snat ip prefix to ip saddr map ${map}`,
    'beyond the tunnel this site is known by its virtual addresses',
  );
  const masquerade = [
    rule(
      'oifname != "ist*" ct original ip daddr @own_virtual masquerade',
      'hosts of the LAN have no route back',
    ),
    rule(
      'oifname != "ist*" ip saddr @native ip daddr @own_real masquerade',
      'hosts of the LAN have no route back',
    ),
  ];
  return [...(mappings.length === 0 ? [] : [translate]), ...(lan === 'masquerade' ? masquerade : [])];
}

/** Larger segments would not fit into the tunnel; the clamp works in both directions, whatever the LAN says. */
export function clampLines(clamps: readonly Clamp[]): string[] {
  return clamps.flatMap(({ device, mss }) =>
    ['iifname', 'oifname'].map((side) =>
      rule(
        `${side} "${device}" tcp flags & (syn | rst) == syn tcp option maxseg size set ${mss}`,
        'segments must fit into the tunnel',
      ),
    ),
  );
}

/**
 * A native connection may pass two hubs, one in each direction, and neither sees both: what is not the first packet of a
 * connection is then left to the host that it is for, and to the VPC's own rules. All such packets have ACK or RST;
 * without them they are a scan.
 */
const HALF_SEEN = rule(
  'iifname "ist*" ip saddr @native ip daddr @own_real ct state invalid tcp flags & (syn | ack) != syn tcp flags & (ack | rst) != 0 accept',
  'the other direction passes another hub',
);

/** Judges every packet between the tunnel and the LAN; ends in a verdict. */
export function siteChain({ confined }: SiteRules, at: 'edge' | 'hub', proof?: ProofRules): Block {
  return {
    header: 'chain site',
    lines: [
      rule('iifname "ist*" ip saddr != @remote counter name spoofed drop', 'no site has this source address'),
      ...(confined === undefined
        ? []
        : [rule(`${endsOf(confined)} counter name policy_denied drop`, 'apps that must stay inside')]),
      rule('ct original ip saddr @own_real ct original ip daddr @remote accept', 'begun inside'),
      rule(
        'ct original ip daddr @own_virtual ct original ip saddr @pools jump inbound',
        'begun outside, by virtual addresses',
      ),
      rule(
        'ct original ip daddr @own_real ct original ip saddr @native jump inbound',
        'begun outside, on a native route',
      ),
      ...(at === 'hub' ? [HALF_SEEN] : []),
      rule('oifname "ist*" counter name not_ours drop', 'this source is not exposed'),
      ...(proof === undefined ? [] : proofCount(proof)),
      rule('counter name policy_denied drop', 'no policy allows this'),
    ],
  };
}

/** What may begin outside; the chain returns if nothing allows the packet. What is guarded takes a caller as well. */
export function inboundChains(site: SiteRules): Block[] {
  const { guarded, callers, flows } = site;
  const all = [rule('accept', 'the hubs let through the own tenant only')];
  const open = site.inbound === 'tenant' ? all : flows.flatMap((flow) => flowLines(flow, ALLOWED));
  if (guarded.length === 0) return [{ header: 'chain inbound', lines: open }];
  const denied = rule('counter name policy_denied drop', 'the app is closed to this caller');
  return [
    { header: 'chain callers', lines: [...callers.flatMap((flow) => flowLines(flow, CALLER)), denied] },
    { header: 'chain inbound', lines: [...guarded.flatMap((flow) => flowLines(flow, GUARDED)), ...open] },
  ];
}

interface Verdict {
  readonly verdict: string;
  readonly why: string;
}

const ALLOWED: Verdict = { verdict: 'accept', why: 'a policy allows' };
const CALLER: Verdict = { verdict: 'return', why: 'the app may be called at' };
const GUARDED: Verdict = { verdict: 'jump callers', why: 'an app asks who calls it at' };

/** `from` left out: whoever it is. */
function flowLines(
  { from, to, ports }: Omit<Flow, 'from'> & Partial<Flow>,
  { verdict, why }: Verdict,
): string[] {
  if (from?.length === 0 || to.length === 0) return [];
  const ends = endsOf({ from, to });
  if (ports.length === 0) return [rule(`${ends} ${verdict}`, `${why} all ports`)];
  return (['tcp', 'udp'] as const).flatMap((protocol) => {
    const numbers = ports.filter((port) => port.protocol === protocol).map(({ port }) => port);
    const sorted = [...new Set(numbers)].sort((a, b) => a - b);
    const body = `meta l4proto ${protocol} ${ends} ct original proto-dst ${anyOf(sorted)} ${verdict}`;
    return sorted.length === 0 ? [] : [rule(body, `${why} these ports`)];
  });
}

function endsOf({
  from,
  to,
}: {
  readonly from?: readonly string[] | undefined;
  readonly to: readonly string[];
}): string {
  const source = from === undefined ? [] : [`ct original ip saddr ${anyOf(collapse(from))}`];
  return [...source, `ct original ip daddr ${anyOf(collapse(to))}`].join(' ');
}
