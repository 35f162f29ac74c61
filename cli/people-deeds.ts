/** What `whoami`, `status`, `events` and `policy explain` do. Loaded with the first of them. */
import type { Event } from '../protocol/event.ts';
import { Principal } from '../protocol/key.ts';
import { at } from './address.ts';
import { readAttention, readEdges, readEvents, readSites } from './estate.ts';
import { askExplanation, type ExplanationAsked, explanationText } from './explanation.ts';
import { valueText } from './resource/format.ts';
import { statusText } from './resource/status.ts';
import { ageSince, tableOf } from './table.ts';
import type { World } from './world.ts';

const WATCH_MS = 2_000;
const EVENTS_MAX = 500;

export async function whoami(world: World, output: string): Promise<void> {
  const me = await world.open().get(at('/v1/whoami', {}), Principal);
  if (output !== 'table') return world.print(valueText(me, output));
  const rows = me.grants.map(({ tenant, role, sites }) => [
    me.name,
    tenant === '*' ? '* (the whole deployment)' : tenant,
    sites === undefined ? role : `${role} at ${sites.join(', ')}`,
  ]);
  world.print(tableOf(['NAME', 'TENANT', 'ROLE'], rows.length === 0 ? [[me.name, '-', '-']] : rows));
  if (rows.length === 0) world.say(`Nobody has given you a role yet. You are ${me.subject} of ${me.issuer}.`);
}

export async function showStatus(world: World, output: string): Promise<void> {
  const api = world.open();
  const [sites, edges, attention] = await Promise.all([readSites(api), readEdges(api), readAttention(api)]);
  world.print(
    output === 'table'
      ? statusText({ sites, edges, attention }, world.nowMs())
      : valueText({ sites, matters: attention.items, omitted: attention.omitted }, output),
  );
}

export async function explainPolicy(world: World, asked: ExplanationAsked, output: string): Promise<void> {
  const explanation = await askExplanation(world.open(), asked);
  world.print(output === 'table' ? explanationText(explanation) : valueText(explanation, output));
}

export async function showEvents(
  world: World,
  { watch = false, limit, output }: { watch?: boolean; limit: string; output: string },
): Promise<void> {
  const api = world.open();
  const first = await readEvents(api, limit);
  if (output !== 'table') return world.print(valueText({ items: first }, output));
  if (first.length > 0) world.print(eventsText([...first].reverse(), world.nowMs()));
  const seen = new Set(first.map(({ id }) => id));
  while (watch) {
    await world.wait(WATCH_MS);
    const fresh = (await readEvents(api, String(EVENTS_MAX))).filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    for (const event of fresh.reverse()) world.print(eventLine(event));
  }
}

function eventsText(events: readonly Event[], nowMs: number): string {
  const rows = events.map((one) => [
    `${ageSince(one.time, nowMs)} ago`,
    one.actor,
    one.action,
    `${one.kind} ${one.name}`,
    one.detail,
  ]);
  return tableOf(['WHEN', 'WHO', 'DID', 'WHAT', 'DETAIL'], rows);
}

function eventLine({ time, actor, action, kind, name, detail }: Event): string {
  return `${time}  ${actor}  ${action}  ${kind} ${name}  ${detail}`;
}
