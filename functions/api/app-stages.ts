/** The stage of an app's release: shown, promoted and aborted. What follows from either is the domain's. */
import { z } from 'zod';
import type { App, AppInstance, AppSpec, AppTemplate } from '../../protocol/app.ts';
import type { AppStage } from '../../protocol/track.ts';
import {
  abort,
  advance,
  holdOf,
  isAbortable,
  percentOf,
  type Releases,
  type Stage,
  stageName,
  waitingFor,
} from '../domain/rollout-stage.ts';
import { type Counted, totalsOf } from '../domain/shares.ts';
import type { AppKept, Item } from '../store/port.ts';
import { instancesOf } from './app-instances.ts';
import { changeItem } from './change.ts';
import { type Creatable, type Desk, findItem } from './collection.ts';
import { type Cause, nextItem, withEvent } from './item.ts';
import { NO_QUERY, type Operation, operation } from './operation.ts';
import { refuse } from './problems.ts';
import { answerItem, causeOf } from './resource.ts';

/** Absent: whatever stage there is. */
export const StageChoice = z
  .strictObject({
    stage: z
      .string()
      .max(64)
      .optional()
      .meta({ description: 'Only if this is the stage, as the status names it' }),
  })
  .meta({ id: 'StageChoice' });

const WORDS: Readonly<Record<Stage['kind'], string>> = {
  canary: 'a share of the containers is of the new release',
  promoting: 'the new release is rolled out to all containers',
  preparing: 'the new release comes up beside the last one and is not asked',
  switching: 'both releases are asked for a moment',
  holding: 'the new release is asked, and the last one stands beside it',
  replacing: 'the last release is replaced beside the new one, which is asked',
  rejoining: 'what was replaced is asked again',
  returning: 'the last release is asked again before the new one goes',
};

export function templateOf({
  placement: _placement,
  namespace: _namespace,
  ...template
}: AppSpec): AppTemplate {
  return template;
}

/** The app with what became of its releases: a stage that is over is gone. */
export function statusAfter(before: AppKept, after: Releases): AppKept {
  return { ...before, ...after, stage: after.stage };
}

/** Containers by cluster, those on their way out among them. */
export function assignedOf({ status: { placed } }: Item<'app'>): Counted[] {
  return totalsOf([...(placed?.assignments ?? []), ...(placed?.leaving ?? [])]);
}

export function stageShown(item: Item<'app'>, instances: readonly AppInstance[]): AppStage | undefined {
  const { stage } = item.status;
  if (stage === undefined) return undefined;
  const { release, kind, step, since, template } = stage;
  const steps = template.upgrade.kind === 'canary' ? template.upgrade.steps.length : 0;
  const percent = percentOf(stage);
  const where = kind === 'canary' ? `step ${step + 1} of ${steps}, ${percent ?? 0} %: ` : '';
  const why = waitingFor(item.status, { assigned: assignedOf(item), instances }) ?? 'It goes on.';
  return {
    name: stageName(stage),
    kind,
    release,
    ...(kind === 'canary' ? { step: step + 1 } : {}),
    ...(percent === undefined ? {} : { percent }),
    since,
    waitsForPromotion: holdOf(stage) === undefined && stage.isPromoted !== true,
    message: `Release ${release}, ${where}${WORDS[kind]}. ${why}`,
  };
}

export function promotionOperations(desk: Desk, kind: Creatable<'app', App>): Operation[] {
  const change = (
    name: 'promotion' | 'abort',
    summary: string,
    become: (item: Item<'app'>, cause: Cause) => Promise<Item<'app'>>,
  ) =>
    operation({
      id: name === 'promotion' ? 'promoteApp' : 'abortApp',
      tag: 'apps',
      summary,
      method: 'post',
      path: `/v1/tenants/{tenant}/apps/{app}/${name}`,
      guard: desk.guards.user('write', 'app'),
      body: StageChoice,
      query: NO_QUERY,
      answers: [{ status: 200, description: 'The app', schema: kind.schemas.one, headers: ['ETag'] }],
      problems: ['not_found', 'not_staged', 'busy'],
      async handle(call) {
        const { key } = await findItem(desk.store, kind, call.param);
        const item = await changeItem<'app'>(desk.store, key, (now) => {
          requireStage(now, call.body.stage);
          return become(now, causeOf(call));
        });
        return item === undefined
          ? refuse('not_found', `There is no app ${key.name}.`)
          : answerItem(kind, item, 200);
      },
    });
  return [
    change(
      'promotion',
      'Let a release that comes by stages go on without waiting longer',
      async (item, cause) =>
        promoted(item, { cause, instances: (await instancesOf(desk.store, [item]))[0] ?? [] }),
    ),
    change('abort', 'Take a release that comes by stages back', async (item, cause) => aborted(item, cause)),
  ];
}

function requireStage({ key, status: { stage } }: Item<'app'>, wanted: string | undefined): void {
  if (stage === undefined)
    refuse('not_staged', `No release of app ${key.name} is on its way by stages. Look at its status.`);
  if (wanted !== undefined && stageName(stage) !== wanted)
    refuse('not_staged', `The app ${key.name} is at the stage ${stageName(stage)} by now.`);
}

/** The stage still waits for its containers; it no longer waits for time or people. */
function promoted(
  item: Item<'app'>,
  { cause, instances }: { readonly cause: Cause; readonly instances: readonly AppInstance[] },
): Item<'app'> {
  const { stage } = item.status;
  if (stage === undefined || stage.isPromoted === true) return item;
  const promotedStatus = { ...item.status, stage: { ...stage, isPromoted: true } };
  const evidence = { assigned: assignedOf(item), instances, now: cause.now };
  const status = advance(promotedStatus, templateOf(item.spec), evidence);
  const detail = `Promoted release ${stage.release} of app ${item.key.name} at the stage ${stageName(stage)}.`;
  return withReleases(item, status, { cause, detail });
}

function withReleases(
  item: Item<'app'>,
  after: Releases,
  { cause, detail }: { readonly cause: Cause; readonly detail: string },
): Item<'app'> {
  const status = statusAfter(item.status, after);
  return withEvent(nextItem(item, { status }, cause), cause, { action: 'update', detail });
}

function aborted(item: Item<'app'>, cause: Cause): Item<'app'> {
  if (!isAbortable(item.status))
    return refuse(
      'not_staged',
      `The release of app ${item.key.name} is on its way back, or all there already.`,
    );
  const reason = `It was aborted by ${cause.actor}.`;
  const status = abort(item.status, templateOf(item.spec), { reason, now: cause.now });
  const detail = `Aborted release ${item.status.release} of app ${item.key.name}.`;
  return withReleases(item, status, { cause, detail });
}
