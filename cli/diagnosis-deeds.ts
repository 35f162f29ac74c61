/** What `doctor`, `netcheck`, `ping` and `routes explain` do: gather, and hand what was gathered to `diagnosis/`, which concludes. */
import { readAddress } from '../protocol/address.ts';
import { Deployment } from '../protocol/deployment.ts';
import { Hub } from '../protocol/hub.ts';
import { Principal } from '../protocol/key.ts';
import type { Finding } from '../protocol/report.ts';
import { Service } from '../protocol/service.ts';
import { RELEASE } from '../protocol/version.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { readClusters } from './clusters.ts';
import { addressText, explainAddress } from './diagnosis/address.ts';
import { estateFindings, findingsText, type Known, pathsText } from './diagnosis/estate.ts';
import { type Admission, admissionFindings, finding, reachFindings } from './diagnosis/here.ts';
import { pathBetween, pathText, withSize } from './diagnosis/path.ts';
import { readAttention, readEdges, readSites } from './estate.ts';
import { attempt, Fault } from './fault.ts';
import { valueText } from './resource/format.ts';
import type { World } from './world.ts';

export { bugreport } from './bugreport.ts';

export async function doctor(world: World, output: string): Promise<void> {
  const findings = await examine(world);
  world.print(output === 'table' ? findingsText(findings) : valueText({ findings }, output));
  const silent = findings.some(({ level, code }) => level === 'error' && SILENT.includes(code));
  const wrong = findings.filter(({ level }) => level === 'error').length;
  if (silent) throw new Fault('unreachable', 'The control plane does not answer.');
  if (wrong > 0) throw new Fault('failed', `${wrong} wrong.`);
}

const SILENT: readonly string[] = ['dns.resolves', 'control_plane.reachable'];

/** From the nearest to the farthest; what can't be seen because of what stands before it is not looked at. */
export async function examine(world: World): Promise<Finding[]> {
  const here = reachFindings(await world.reach());
  if (here.some(({ level }) => level === 'error')) return here;
  const api = world.open();
  const admission = await admissionOf(api);
  const who = admissionFindings(admission, RELEASE);
  if (admission.fault !== undefined) return [...here, ...who];
  const known = await attempt(() => readKnown(api, admission.version));
  return known.value === undefined
    ? [
        ...here,
        ...who,
        finding('error', 'estate.readable', { message: known.fault, fix: 'See the commands get and can-i.' }),
      ]
    : [...here, ...who, ...estateFindings(known.value, world.nowMs())];
}

export async function netcheck(world: World, output: string): Promise<void> {
  const reach = await world.reach();
  const here = reachFindings(reach);
  const wrong = here.find(({ level }) => level === 'error');
  const edges = wrong === undefined ? await readEdges(world.open()) : [];
  if (output === 'table') {
    world.print(findingsText(here));
    if (wrong === undefined) world.print(`\n${pathsText({ edges }, world.nowMs())}`);
  } else {
    const ways = edges.map(({ metadata, spec, status: { links, activeHub } }) => ({
      ...{ edge: metadata.name, site: spec.site, links, activeHub },
    }));
    world.print(valueText({ reach, findings: here, edges: ways }, output));
  }
  if (wrong !== undefined) throw new Fault('unreachable', 'The control plane does not answer.');
}

export async function ping(
  world: World,
  { from, to }: { readonly from: string; readonly to: string },
  { output, size }: { readonly output: string; readonly size?: string },
): Promise<void> {
  const sizeBytes = size === undefined ? undefined : sizeOf(size);
  const api = world.open();
  const [sites, edges, clusters] = await Promise.all([readSites(api), readEdges(api), readClusters(api)]);
  const names = sites.map(({ metadata }) => metadata.name);
  const unknown = [from, to].find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new Fault('missing', `There is no site ${unknown}. There are ${names.join(', ') || 'none'}.`);
  if (from === to)
    throw new Fault('usage', 'Within a site nothing of Isthmus sees the packets: name two sites.');
  const ends = [
    { site: from, edges, clusters },
    { site: to, edges, clusters },
  ] as const;
  const way = pathBetween(...ends);
  const path = sizeBytes === undefined ? way : withSize(way, { from: ends[0], to: ends[1], sizeBytes });
  world.print(output === 'table' ? pathText(path) : valueText(path, output));
  if (path.way === 'none') throw new Fault('failed', 'No packet passes.');
  if (path.legs.flat().some(({ fit }) => fit?.state === 'too_large'))
    throw new Fault('failed', `Packets of ${size} bytes do not fit.`);
}

/** Of an IPv4 packet. */
const SIZES_BYTES = { least: 64, most: 65_535 } as const;

function sizeOf(text: string): number {
  const size = Number(text);
  const { least, most } = SIZES_BYTES;
  if (/^\d+$/.test(text) && size >= least && size <= most) return size;
  throw new Fault('usage', `${text} is no size of a packet: give whole bytes from ${least} to ${most}.`);
}

export async function explainRoute(world: World, address: string, output: string): Promise<void> {
  if (typeof readAddress(address) === 'string')
    throw new Fault('usage', `${address} is no IPv4 address: write four numbers from 0 to 255.`);
  const api = world.open();
  const [sites, edges] = await Promise.all([readSites(api), readEdges(api)]);
  const tenant = await api.tenant();
  const services: Service[] = [];
  for (const { metadata } of sites)
    services.push(
      ...(await api.list(
        at('/v1/tenants/{tenant}/sites/{site}/services', { tenant, site: metadata.name }),
        Service,
      )),
    );
  const pools = (await attempt(() => api.get(at('/v1/deployment', {}), Deployment))).value?.pools;
  const explained = explainAddress(address, { sites, edges, services, pools });
  if (output !== 'table') world.print(valueText(explained, output));
  else if (explained.meanings.length > 0) world.print(addressText(explained));
  if (explained.meanings.length === 0) throw new Fault('missing', explained.notes.join('\n'));
}

async function admissionOf(api: Api): Promise<Admission> {
  const me = await attempt(() => api.get(at('/v1/whoami', {}), Principal));
  if (me.value === undefined) return { fault: me.fault };
  const { name, role } = me.value;
  const deployment = await attempt(() => api.get(at('/v1/deployment', {}), Deployment));
  return { name, role, version: deployment.value?.version };
}

async function readKnown(api: Api, version: string | undefined): Promise<Known> {
  const [edges, attention, hubs] = await Promise.all([
    readEdges(api),
    readAttention(api),
    attempt(() => api.list(at('/v1/hubs', {}), Hub)),
  ]);
  return { edges, attention, hubs: hubs.value, version };
}
