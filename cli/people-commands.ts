/** `whoami`, `status`, `events`, `isolate`, `policy explain` and `completion`. */
import type { Command } from 'commander';
import { App } from '../protocol/app.ts';
import { Cluster } from '../protocol/cluster.ts';
import { Edge } from '../protocol/edge.ts';
import { type Event, EventList } from '../protocol/event.ts';
import { Principal } from '../protocol/key.ts';
import { Site } from '../protocol/site.ts';
import type { Api } from './api.ts';
import { completionScript } from './completion.ts';
import { askExplanation, explanationText } from './explanation.ts';
import { isolate } from './isolation.ts';
import { mattersOf, statusText } from './resource/attention.ts';
import { valueText } from './resource/format.ts';
import { ageSince, tableOf } from './table.ts';
import type { World } from './world.ts';

const VALUE_OUTPUT = ['-o, --output <format>', 'table, json, yaml or jsonpath=TEMPLATE'] as const;
const WATCH_MS = 2_000;
const EVENTS_MAX = 500;

export function addPeopleCommands(program: Command, world: World): void {
  program
    .command('whoami')
    .description('who the control plane takes us for')
    .option(...VALUE_OUTPUT, 'table')
    .action(async ({ output }: { output: string }) => {
      const me = await world.open().get('/v1/whoami', Principal);
      const row = [me.name, me.tenant === '*' ? '* (the whole deployment)' : me.tenant, me.role];
      world.print(output === 'table' ? tableOf(['NAME', 'TENANT', 'ROLE'], [row]) : valueText(me, output));
    });
  program
    .command('status')
    .description('how all sites are, and what needs a person, the oldest first')
    .option(...VALUE_OUTPUT, 'table')
    .action(async ({ output }: { output: string }) => {
      const estate = await readEstate(world.open());
      const nowMs = world.nowMs();
      world.print(
        output === 'table'
          ? statusText(estate, nowMs)
          : valueText({ sites: estate.sites, matters: mattersOf(estate) }, output),
      );
    });
  program
    .command('events')
    .description('what was done, by whom')
    .option('-w, --watch', 'go on with what comes')
    .option('--limit <count>', `how many, at most ${EVENTS_MAX}`, '50')
    .option(...VALUE_OUTPUT, 'table')
    .action(async (options: { watch?: boolean; limit: string; output: string }) =>
      showEvents(world, options),
    );
  program
    .command('isolate')
    .description(
      "isolate a tenant's sites from each other, but for what policies allow; waits until edges and hubs hold it",
    )
    .argument('<tenant>')
    .option('--off', 'open it again')
    .action(async (tenant: string, { off = false }: { off?: boolean }) =>
      world.print(await isolate(world.open(), world, { tenant, isolation: off ? 'open' : 'isolated' })),
    );
  addPolicyCommands(program, world);
  program
    .command('completion')
    .description('a script for your shell: bash, zsh or fish')
    .argument('<shell>')
    .action((shell: string) =>
      world.print(
        completionScript(
          shell,
          program.commands.map((one) => one.name()),
        ),
      ),
    );
}

function addPolicyCommands(program: Command, world: World): void {
  program
    .command('policy')
    .description('questions about policies')
    .command('explain')
    .description('whether one thing may speak to another, and by what')
    .argument('<from>', 'site/NAME, service/SITE/NAME, app/NAME or group/NAME')
    .argument('<to>', 'likewise')
    .option('--port <port>', 'tcp/PORT or udp/PORT')
    .option(...VALUE_OUTPUT, 'table')
    .action(async (from: string, to: string, { port, output }: { port?: string; output: string }) => {
      const explanation = await askExplanation(world.open(), { from, to, port });
      world.print(output === 'table' ? explanationText(explanation) : valueText(explanation, output));
    });
}

async function readEstate(api: Api) {
  const own = `/v1/tenants/${encodeURIComponent(await api.tenant())}`;
  const [sites, edges, clusters, apps] = await Promise.all([
    api.list(`${own}/sites`, Site),
    api.list(`${own}/edges`, Edge),
    api.list(`${own}/clusters`, Cluster),
    api.list(`${own}/apps`, App),
  ]);
  return { sites, edges, clusters, apps };
}

async function showEvents(
  world: World,
  { watch = false, limit, output }: { watch?: boolean; limit: string; output: string },
): Promise<void> {
  const api = world.open();
  const path = `/v1/tenants/${encodeURIComponent(await api.tenant())}/events`;
  const first = await readEvents(api, `${path}?limit=${encodeURIComponent(limit)}`);
  if (output !== 'table') return world.print(valueText({ items: first }, output));
  if (first.length > 0) world.print(eventsText([...first].reverse(), world.nowMs()));
  const seen = new Set(first.map(({ id }) => id));
  while (watch) {
    await world.wait(WATCH_MS);
    const fresh = (await readEvents(api, `${path}?limit=${EVENTS_MAX}`)).filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    for (const event of fresh.reverse()) world.print(eventLine(event));
  }
}

/** The newest first. */
async function readEvents(api: Api, path: string): Promise<Event[]> {
  return (await api.get(path, EventList)).items;
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
