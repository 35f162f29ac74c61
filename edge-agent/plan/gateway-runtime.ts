/**
 * HAProxy's runtime API: the lines that are said to it, and the reading of its answers.
 * Source: HAProxy 2.6 Management Guide, section 9.3. This file must not talk to the socket itself.
 */
import type { GatewayStep, GatewayTarget, MapEntry } from './gateway.ts';
import type { ClusterEntry } from './gateway-clusters.ts';
import type { GatewayPaths } from './gateway-files.ts';
import type { ObservedGroup } from './gateway-groups.ts';
import {
  isBackendName,
  isGroupName,
  NOWHERE,
  serverName,
  serverNumber,
  slotName,
  slotNumber,
} from './gateway-names.ts';
import type { ObservedSlot } from './gateway-observed.ts';

/** A line, and what its answer must look like; anything else is a refusal. */
export interface RuntimeCommand {
  readonly line: string;
  readonly expect: RegExp;
}

export type RuntimeStep = Extract<
  GatewayStep,
  {
    kind:
      | 'gateway.set-slot'
      | 'gateway.drain-slot'
      | 'gateway.release-slot'
      | 'gateway.open-server'
      | 'gateway.close-server'
      | 'gateway.add-route'
      | 'gateway.move-route'
      | 'gateway.remove-route'
      | 'gateway.add-cluster'
      | 'gateway.move-cluster'
      | 'gateway.remove-cluster';
  }
>;

const SILENCE = /^\s*$/;
const ADDRESS_SET = /changed from|no need to change/;
const COMMITTED = /Success!/;
/** A certificate has no empty line: that would end the payload. HAProxy's buffer is 16 kB. */
export const PAYLOAD_BYTES_MAX = 15_000;

export function runtimeCommands(step: RuntimeStep, paths: GatewayPaths): RuntimeCommand[] {
  switch (step.kind) {
    case 'gateway.set-slot':
      return [addressCommand(siteOf(step), step), stateCommand(siteOf(step), 'ready')];
    case 'gateway.drain-slot':
      return [stateCommand(siteOf(step), 'drain')];
    case 'gateway.release-slot':
      return [
        stateCommand(siteOf(step), 'maint'),
        { line: `shutdown sessions server ${siteOf(step)}`, expect: SILENCE },
        addressCommand(siteOf(step), NOWHERE),
      ];
    case 'gateway.open-server':
      return openCommands(serverOf(step), step);
    case 'gateway.close-server':
      // What it has begun it finishes.
      return [stateCommand(serverOf(step), 'maint')];
    case 'gateway.add-route':
      return [mapCommand('add', `${paths.routes} ${step.key} ${step.to}`)];
    case 'gateway.move-route':
      return [mapCommand('set', `${paths.routes} ${step.key} ${step.to}`)];
    case 'gateway.remove-route':
      return [mapCommand('del', `${paths.routes} ${step.key}`)];
    case 'gateway.add-cluster':
      return [mapCommand('add', `${paths.clusters} ${step.host} ${step.address}`)];
    case 'gateway.move-cluster':
      return [mapCommand('set', `${paths.clusters} ${step.host} ${step.address}`)];
    case 'gateway.remove-cluster':
      return [mapCommand('del', `${paths.clusters} ${step.host}`)];
  }
}

function siteOf({ slot }: { readonly slot: number }): string {
  return `${slotName(slot)}/site`;
}

function serverOf({ group, server }: { readonly group: string; readonly server: number }): string {
  return `${group}/${serverName(server)}`;
}

/** Whoever had the server before may have left it marked as down: the new one is believed until a check fails. */
function openCommands(server: string, target: GatewayTarget): RuntimeCommand[] {
  return [
    addressCommand(server, target),
    stateCommand(server, 'ready'),
    { line: `set server ${server} health up`, expect: SILENCE },
  ];
}

function addressCommand(server: string, { address, port }: GatewayTarget): RuntimeCommand {
  return { line: `set server ${server} addr ${address} port ${port}`, expect: ADDRESS_SET };
}

function stateCommand(server: string, state: 'ready' | 'drain' | 'maint'): RuntimeCommand {
  return { line: `set server ${server} state ${state}`, expect: SILENCE };
}

function mapCommand(verb: 'add' | 'set' | 'del', rest: string): RuntimeCommand {
  return { line: `${verb} map ${rest}`, expect: SILENCE };
}

/** Replaces a loaded certificate; both lines take effect with the second one. */
export function loadCommands(file: string, pem: string): RuntimeCommand[] {
  return [
    { line: `set ssl cert ${file} <<\n${payloadOf(pem)}\n`, expect: /Transaction (created|updated)/ },
    { line: `commit ssl cert ${file}`, expect: COMMITTED },
  ];
}

/** Adds a certificate that is not loaded; an empty store left by a broken attempt is used again. */
export function addCommands(paths: GatewayPaths, file: string, pem: string): RuntimeCommand[] {
  return [
    { line: `new ssl cert ${file}`, expect: /New empty certificate store|already exists/ },
    ...loadCommands(file, pem),
    { line: `add ssl crt-list ${paths.certificates} ${file}`, expect: COMMITTED },
  ];
}

export function removeCommands(paths: GatewayPaths, file: string): RuntimeCommand[] {
  return [
    { line: `del ssl crt-list ${paths.certificates} ${file}`, expect: /deleted/i },
    { line: `del ssl cert ${file}`, expect: /deleted/i },
  ];
}

/** Only the PEM blocks, without empty lines. */
function payloadOf(pem: string): string {
  const blocks = pem.match(/-----BEGIN [A-Z0-9 ]+-----[^-]+-----END [A-Z0-9 ]+-----/g) ?? [];
  return `${blocks
    .join('\n')
    .replaceAll(/\r/g, '')
    .replaceAll(/\n{2,}/g, '\n')}\n`;
}

interface ServerRow extends GatewayTarget {
  readonly backend: string;
  readonly server: string;
  readonly state: ObservedSlot['state'];
  readonly sinceSeconds: number;
  readonly sessions: number;
}

/** Answer of `show stat`: a table with a heading. Each row gives its cells by the names of the columns. */
function parseTable(answer: string): ((name: string) => string)[] {
  const [heading = '', ...lines] = answer.trim().split('\n');
  const columns = heading.replace(/^# /, '').split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return (name) => cells[columns.indexOf(name)] ?? '';
  });
}

/** Answer of `show stat -1 4 -1`, one line a server. */
function parseServers(answer: string): ServerRow[] {
  return parseTable(answer).map((cell) => {
    const [address = '', port = ''] = cell('addr').split(':');
    return {
      backend: cell('pxname'),
      server: cell('svname'),
      address,
      port: Number(port),
      state: serverState(cell('status')),
      sinceSeconds: Number(cell('lastchg')),
      sessions: Number(cell('scur')),
    };
  });
}

export function parseSlotTable(answer: string): ObservedSlot[] {
  return parseServers(answer).flatMap(({ backend, server: _site, ...rest }) => {
    const slot = slotNumber(backend);
    return slot === undefined ? [] : [{ slot, ...rest }];
  });
}

/** Of the same answer: groups by name, their servers in order. One that a check found down is still open. */
export function parseGroupTable(answer: string): ObservedGroup[] {
  const groups = new Map<string, ObservedGroup['servers'][number][]>();
  for (const { backend, server: label, address, port, state } of parseServers(answer)) {
    const server = serverNumber(label);
    if (server === undefined || !isGroupName(backend)) continue;
    const servers = groups.get(backend) ?? [];
    servers.push({ server, address, port, state: state === 'closed' ? 'closed' : 'ready' });
    groups.set(backend, servers);
  }
  return [...groups].map(([name, servers]) => ({
    name,
    servers: servers.sort((a, b) => a.server - b.server),
  }));
}

/** Answer of `show stat -1 2 -1`: requests of each group since it was made. An upstream connection is used once, so sessions are requests. */
export function parseGroupCounts(answer: string): Map<string, number> {
  return new Map(
    parseTable(answer).flatMap((cell): [string, number][] => {
      const [name, count] = [cell('pxname'), cell('stot')];
      return isGroupName(name) && /^\d+$/.test(count) ? [[name, Number(count)]] : [];
    }),
  );
}

function serverState(status: string): ObservedSlot['state'] {
  if (status.startsWith('MAINT')) return 'closed';
  return status.startsWith('DRAIN') ? 'draining' : 'ready';
}

/** Answer of `show map FILE`: an internal id, the key, the value. */
export function parseMap(answer: string): MapEntry[] {
  return answer.split('\n').flatMap((line) => {
    const [, key = '', to = ''] = line.trim().split(' ');
    return isBackendName(to) ? [{ key, to }] : [];
  });
}

/** The same for the map of clusters; undefined if the running process has none. */
export function parseClusterMap(answer: string): ClusterEntry[] | undefined {
  if (/^Unknown map/i.test(answer.trim())) return undefined;
  return answer.split('\n').flatMap((line) => {
    const [, host = '', address = ''] = line.trim().split(' ');
    return address === '' ? [] : [{ host, address }];
  });
}

/** A line `name: value` of an answer; undefined if it is not there. */
export function fieldOf(answer: string, name: string): string | undefined {
  const line = answer.split('\n').find((one) => one.startsWith(`${name}: `));
  return line?.slice(name.length + 2).trim();
}

/** Answer of `show ssl crt-list FILE`. */
export function parseCertificateList(answer: string): string[] {
  return answer.split('\n').filter((line) => line.startsWith('/'));
}
