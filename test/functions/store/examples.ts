/** Items, documents and events to put into a store. Their content matters to no test but by being told apart. */
import type { Item, ItemKey, StoredDocument } from '../../../functions/store/port.ts';
import type { Event } from '../../../protocol/event.ts';
import type { Report } from '../../../protocol/report.ts';
import { SiteSpec } from '../../../protocol/site.ts';

const TIME = '2026-01-31T12:00:00.000Z';

export function siteKey(name: string, tenant = 'acme'): ItemKey<'site'> {
  return { kind: 'site', tenant, name };
}

export function site(name: string, changes: Partial<Item<'site'>> = {}): Item<'site'> {
  return {
    key: siteKey(name),
    version: 1,
    generation: 1,
    createdAt: TIME,
    updatedAt: TIME,
    spec: SiteSpec.parse({ allotment: ['10.0.0.0/16'] }),
    status: { prefixes: [], conditions: [] },
    internal: {},
    outbox: [],
    ...changes,
  };
}

/** A tenant, whose description carries as many characters as wanted. */
export function tenant(name: string, description = ''): Item<'tenant'> {
  const { createdAt, updatedAt, generation, version, outbox, internal } = site(name);
  return {
    key: { kind: 'tenant', tenant: '*', name },
    ...{ version, generation, createdAt, updatedAt, outbox, internal },
    spec: { description, isolation: 'open', quota: {} },
    status: { conditions: [] },
  };
}

export function event(id: string, changes: Partial<Event> = {}): Event {
  return {
    id,
    time: TIME,
    tenant: 'acme',
    actor: 'system',
    action: 'create',
    kind: 'site',
    name: 'berlin',
    detail: 'Site berlin was created.',
    ...changes,
  };
}

export function document(agent: string, epoch: number, generation: number): StoredDocument {
  const manifestHash = generation.toString(16).padStart(64, '0');
  return {
    agent,
    document: {
      envelope: { alg: 'ES256', agent, epoch, generation, manifestHash },
      key: '0123456789abcdef',
      signature: 'MEUCIQ==',
      manifest: [{ name: 'self', hash: manifestHash, bytes: 100 }],
    },
  };
}

export function report(version: string): Report {
  return {
    version,
    wireguardKey: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    advertise: ['10.0.0.0/24'],
    findings: [],
  };
}
