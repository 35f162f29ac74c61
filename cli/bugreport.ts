/** `isthmus bugreport`: one file with what somebody else needs to understand a fault, and without what he must not see. Kinds that can't be read are named, with the reason. */
import { Deployment } from '../protocol/deployment.ts';
import { Principal } from '../protocol/key.ts';
import { RELEASE } from '../protocol/version.ts';
import { at } from './address.ts';
import { redacted } from './diagnosis/redaction.ts';
import { examine } from './diagnosis-deeds.ts';
import { readEvents } from './estate.ts';
import { attempt } from './fault.ts';
import { documentOf } from './resource/format.ts';
import { KINDS } from './resource/kinds.ts';
import { readAll } from './resources.ts';
import type { World } from './world.ts';

const EVENTS_MAX = 500;

export interface BugreportOptions {
  readonly output?: string;
  readonly withValues?: boolean;
}

export async function bugreport(world: World, { output, withValues }: BugreportOptions): Promise<void> {
  const madeAt = new Date(world.nowMs()).toISOString();
  const all = await gather(world, madeAt);
  const shown = withValues === true ? all : redacted(all, namesIn(all));
  const text = JSON.stringify(shown, undefined, 2);
  if (output === '-') return world.print(text);
  const path = output ?? `isthmus-bugreport-${madeAt.slice(0, 19).replaceAll(':', '')}.json`;
  world.write(path, `${text}\n`);
  world.print(path);
  world.say(
    withValues === true
      ? 'It holds values of variables and files: hand it to nobody who must not see them.'
      : 'Values that may be secrets are hidden in it. It names sites, addresses and people: read it before you hand it on.',
  );
}

type Gathered = Awaited<ReturnType<typeof gather>>;

async function gather(world: World, madeAt: string) {
  const findings = await examine(world);
  const api = world.open();
  const [who, deployment, events] = await Promise.all([
    attempt(() => api.get(at('/v1/whoami', {}), Principal)),
    attempt(() => api.get(at('/v1/deployment', {}), Deployment)),
    attempt(() => readEvents(api, String(EVENTS_MAX))),
  ]);
  const kinds = [];
  for (const kind of KINDS) {
    const { name, plural } = kind;
    const read = await attempt(() => readAll(api, kind));
    kinds.push(
      read.value === undefined
        ? { kind: name, plural, fault: read.fault }
        : { kind: name, plural, items: read.value.map(({ resource }) => documentOf(kind, resource)) },
    );
  }
  return {
    madeAt,
    command: { version: RELEASE, ...world.platform },
    deployment,
    who,
    findings,
    kinds,
    events,
  };
}

/** Of resources. */
function namesIn({ kinds }: Gathered): Set<string> {
  return new Set(kinds.flatMap(({ items = [] }) => items.map(({ metadata }) => metadata.name)));
}
