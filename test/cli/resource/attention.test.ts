/** What needs a person is told once, the oldest first; what is good is not told. */
import { expect, test } from 'vitest';
import { mattersOf } from '../../../cli/resource/attention.ts';
import { App, AppSpec } from '../../../protocol/app.ts';
import { Site, SiteSpec } from '../../../protocol/site.ts';

const at = (minute: number) => `2026-01-31T12:0${minute}:00.000Z`;
const metadata = { name: 'x', createdAt: at(0), updatedAt: at(0), generation: 1, version: 1 };
const said = (type: string, status: 'True' | 'False' | 'Unknown', minute: number) => ({
  ...{ type, status, reason: `${type}${status}`, message: 'Said.' },
  lastTransitionTime: at(minute),
});

test('a fault, an unknown and a rolled back release are matters; what holds is none', () => {
  const site = Site.parse({
    metadata,
    spec: SiteSpec.parse({ allotment: ['10.0.0.0/8'] }),
    status: { prefixes: [], conditions: [said('Ready', 'Unknown', 5)] },
  });
  const app = App.parse({
    metadata,
    spec: AppSpec.parse({ image: 'i', placement: { clusters: ['prod'] } }),
    status: {
      ...{ release: 1, running: 1, hostname: 'x.acme.isthmus.internal', endpoints: [], instances: [] },
      conditions: [said('Running', 'True', 1), said('RolledBack', 'True', 7), said('Enforced', 'False', 3)],
    },
  });
  const matters = mattersOf({ sites: [site], edges: [], clusters: [], apps: [app] });
  expect(matters.map(({ what, type, reason }) => `${what} ${type}: ${reason}`)).toEqual([
    'app x Enforced: EnforcedFalse',
    'site x Ready: ReadyUnknown',
    'app x RolledBack: RolledBackTrue',
  ]);
});
