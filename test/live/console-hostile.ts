/** Answers of the API in which every name and free text is what nobody should write: markup, marks that turn the direction of text, and no place to break. */
import type { Page } from 'playwright-core';
import { App } from '../../protocol/app.ts';
import { Binding } from '../../protocol/binding.ts';
import { Event } from '../../protocol/event.ts';
import { Explanation } from '../../protocol/explanation.ts';
import { Key } from '../../protocol/key.ts';
import { Policy } from '../../protocol/policy.ts';
import { PolicyPreview } from '../../protocol/policy-preview.ts';
import { Pool } from '../../protocol/pool.ts';
import { AppReleaseList } from '../../protocol/release.ts';
import { Role } from '../../protocol/role.ts';
import { Route } from '../../protocol/route.ts';
import { Service } from '../../protocol/service.ts';

const NAME_LENGTH = 253;
const MARKUP = '<img src=x onerror=document.title="taken"><script>document.title="taken"</script>';
/** Turned round to its end, as somebody would who wants what follows to be read backwards. */
export const HOSTILE = `${MARKUP}\u202Egnorw {{7*7}}"'`.padEnd(NAME_LENGTH, 'W');

/** As much as a description may hold. */
const TEXT = HOSTILE.slice(0, 200);

const AT = '2026-01-01T00:00:00.000Z';
const metadata = { name: HOSTILE, tenant: 'acme', createdAt: AT, updatedAt: AT, generation: 1, version: 1 };
const conditions = (['True', 'False', 'Unknown'] as const).map((status) => ({
  ...{ type: `Said${status}`, status, reason: 'Hostile', message: HOSTILE },
  ...{ lastTransitionTime: AT },
}));
const port = { protocol: 'tcp', port: 65_535 };
const RTL_HOST = `${'w'.repeat(63)}.${'w'.repeat(63)}.${'w'.repeat(63)}.${'w'.repeat(57)}.ab`;

const container = {
  ...{ name: HOSTILE, node: HOSTILE, address: '10.0.0.7', state: 'exited', reason: 'crash_loop' },
  ...{ message: HOSTILE, lastLines: [HOSTILE, MARKUP], restarts: 9, release: 1 },
};
const instance = {
  ...{ cluster: HOSTILE, release: 1, wanted: 1, ready: 0, updated: 0, statements: [] },
  ...{ containers: [container], observedAt: AT },
};

export const HOSTILE_APP = App.parse({
  metadata,
  spec: { image: HOSTILE, environment: { A: HOSTILE }, command: [HOSTILE] },
  status: {
    ...{ release: 2, running: 1, hostname: HOSTILE, endpoints: [], instances: [instance], conditions },
    placed: {
      ...{ at: AT, wanted: 1, unplaced: 0, why: [HOSTILE] },
      assignments: [{ cluster: HOSTILE, replicas: 1, state: 'present', standIns: 0 }],
    },
    stage: {
      ...{ name: HOSTILE.slice(0, 64), kind: 'canary', release: 2, since: AT },
      ...{ waitsForPromotion: true, message: HOSTILE },
    },
  },
});
const { placement: _placement, namespace: _namespace, ...template } = HOSTILE_APP.spec;

/** By the end of the path; the longest that fits is taken. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  '/apps': { items: [HOSTILE_APP] },
  [`/apps/${encodeURIComponent(HOSTILE)}`]: HOSTILE_APP,
  '/releases': AppReleaseList.parse({
    items: [
      { release: 2, state: 'failed', isRunning: false, template },
      { release: 1, state: 'past', isRunning: true, until: AT, template },
    ],
  }),
  '/policies': {
    items: [
      Policy.parse({
        metadata,
        spec: {
          from: { site: 'w'.repeat(32), service: 'w'.repeat(32) },
          to: { group: 'w'.repeat(32) },
          ports: [port],
        },
        status: { conditions },
      }),
    ],
  },
  '/preview': PolicyPreview.parse({
    ...{ change: 'created', omitted: 3, notes: [HOSTILE] },
    opened: [{ from: 'app/web', to: 'service/a/b', ways: [{ from: HOSTILE, to: HOSTILE, ports: [port] }] }],
    cut: [{ from: 'app/web', to: 'group/all', ways: [{ from: HOSTILE, to: HOSTILE, ports: [] }] }],
  }),
  '/explanation': Explanation.parse({
    ...{ from: 'app/web', to: 'app/db', verdict: 'mixed', notes: [HOSTILE] },
    ways: [{ from: HOSTILE, to: HOSTILE, verdict: 'denied', ports: [port], why: HOSTILE }],
  }),
  '/services': {
    items: [
      Service.parse({
        metadata,
        spec: { address: '10.0.0.9', port: 443 },
        status: { site: HOSTILE, hostname: HOSTILE, conditions },
      }),
    ],
  },
  '/routes': {
    items: [
      Route.parse({
        metadata,
        spec: { host: RTL_HOST, path: `/${'w'.repeat(190)}`, app: { name: 'web', port: 'http' } },
        status: { conditions },
      }),
    ],
  },
  '/keys': { items: [Key.parse({ metadata, spec: { role: 'viewer', description: TEXT }, status: {} })] },
  '/roles': {
    items: [
      Role.parse({
        metadata,
        spec: { description: TEXT, rules: [{ kinds: ['*'], verbs: ['*'], names: [`${'w'.repeat(32)}*`] }] },
        status: {},
      }),
    ],
  },
  '/bindings': {
    items: [
      Binding.parse({
        metadata,
        spec: {
          ...{ role: 'viewer', description: TEXT },
          who: {
            kind: 'person',
            issuer: `https://${'w'.repeat(60)}.example/${'w'.repeat(150)}`,
            subject: HOSTILE,
          },
        },
        status: {},
      }),
    ],
  },
  '/pools': {
    items: [
      Pool.parse({
        metadata,
        spec: { ranges: [{ cluster: 'here', prefix: '10.0.0.128/29' }] },
        status: {
          ...{ size: 8, free: 7, told: [{ cluster: 'here', observedAt: AT }], conditions },
          reservations: [
            {
              address: '10.0.0.129',
              cluster: 'here',
              app: HOSTILE,
              holder: HOSTILE,
              node: HOSTILE,
              state: 'kept',
            },
          ],
        },
      }),
    ],
  },
  '/events': {
    items: [
      Event.parse({
        ...{ id: '1', time: AT, tenant: 'acme', actor: `key:${HOSTILE}`, action: 'create' },
        ...{ kind: 'app', name: HOSTILE, detail: HOSTILE, result: 'done' },
      }),
    ],
  },
};

/** What the page asks of the tenant from now on is answered so. */
export async function answerHostile(page: Page): Promise<void> {
  await page.route('**/v1/tenants/acme/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    const found = Object.entries(ANSWERS).find(([end]) => pathname.endsWith(end));
    await (found === undefined ? route.continue() : route.fulfill({ json: found[1] }));
  });
}
