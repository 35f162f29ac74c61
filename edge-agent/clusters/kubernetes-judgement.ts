/** What is said of one container, and why, from its pod. Values in, values out. */
import type { z } from 'zod';
import type { Probe } from '../../protocol/app.ts';
import type { PodObject, StateTerminated, StateWaiting } from './kubernetes-status.ts';
import { type Judgement, say } from './statements.ts';

/** How long a container may take until its ready probe is expected to pass. */
export interface Youth {
  readonly nowMs?: number | undefined;
  readonly ready?: Probe | undefined;
}

/** A container that is being made may wait for its address. Once it has one, what was said before is history. */
export function withAddress(
  judgement: Judgement,
  { status }: PodObject,
  fault: string | undefined,
): Judgement {
  const isWaiting =
    judgement.reason === 'none' && (judgement.state === 'starting' || judgement.state === 'waiting');
  if (fault === undefined || status.podIP !== '' || !isWaiting) return judgement;
  return say('waiting', 'address_pending', `It waits for its address: ${fault}`);
}

export function judged(pod: PodObject, youth: Youth = {}): Judgement {
  const [container] = pod.status.containerStatuses;
  if (pod.status.reason === 'NodeLost') return say('waiting', 'node_lost', 'Its node has not been heard of.');
  if (pod.metadata.deletionTimestamp !== undefined) return say('stopping', 'none', 'It is being stopped.');
  if (pod.spec.nodeName === '') return unscheduled(pod);
  if (container === undefined) return say('waiting', 'none', 'Its node has it and has not begun.');
  const { waiting, running, terminated } = container.state;
  if (waiting !== undefined) return waitingFor(waiting, container.lastState.terminated);
  if (terminated !== undefined) return ended(terminated);
  if (running === undefined) return say('waiting', 'none', 'Its node has it and has not begun.');
  if (container.ready) return say('ready', 'none', 'It answers.');
  if (container.started === false) return say('starting', 'none', 'It has not answered its start probe yet.');
  if (isYoung(running.startedAt, youth))
    return say('starting', 'none', 'It has not answered its ready probe yet.');
  return say(
    'running',
    'probe_failing',
    'It runs, and its ready probe fails: nothing is sent to it. See what the probe asks for.',
  );
}

/** A probe that has not failed as often as it may is no fault yet. Clocks of nodes may be ahead. */
function isYoung(startedAt: string | null | undefined, { nowMs, ready }: Youth): boolean {
  if (nowMs === undefined || ready === undefined) return false;
  const graceMs = (ready.periodSeconds * ready.failures + ready.timeoutSeconds) * 1_000;
  return Math.abs(nowMs - Date.parse(startedAt ?? '')) < graceMs;
}

/** The old container may still answer; that it has ended is our doing, and no crash. */
export function rebuilding(pod: PodObject): Judgement {
  const judgement = judged(pod);
  const pending = pod.status.conditions.find(({ type }) => type === 'PodResizePending');
  if (pending !== undefined)
    return say('starting', 'other', `Its node does not start it again in its place: ${pending.message}`);
  const [container] = pod.status.containerStatuses;
  const hasEnded = container?.state.running === undefined;
  const isWaiting = container?.state.waiting?.reason === 'CrashLoopBackOff';
  const wanted = pod.spec.containers[0]?.image ?? '';
  if (isWaiting && !isSameImage(container?.image ?? '', wanted))
    return say(
      'waiting',
      'image_pull',
      `${wanted} does not run in its place yet: its node could not get it, or has tried it in the last minutes, and waits before the next try.`,
    );
  const isOfOld = judgement.reason === 'crash_loop' || judgement.reason === 'out_of_memory';
  return judgement.state === 'ready' || (hasEnded && isOfOld)
    ? say('starting', 'none', 'It is being rebuilt in its place.')
    : judgement;
}

/** Nodes put a registry's name before an image's, and a tag behind it. */
function isSameImage(seen: string, wanted: string): boolean {
  return seen.endsWith(wanted) || seen.endsWith(`${wanted}:latest`);
}

function unscheduled(pod: PodObject): Judgement {
  const scheduled = pod.status.conditions.find(({ type }) => type === 'PodScheduled');
  const message = scheduled?.message ?? '';
  if (scheduled?.reason !== 'Unschedulable') return say('waiting', 'none', 'No node has been chosen yet.');
  if (/unbound|persistentvolumeclaim|volume/i.test(message))
    return say('waiting', 'volume_pending', `Its volume is not there: ${message}`);
  return say('waiting', 'unschedulable', `No node takes it: ${message}`);
}

type Waiting = z.infer<typeof StateWaiting>;
type Terminated = z.infer<typeof StateTerminated>;

function waitingFor({ reason, message }: Waiting, last: Terminated | undefined): Judgement {
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'InvalidImageName':
    case 'ErrImageNeverPull':
      return say('waiting', 'image_pull', `The image can't be had: ${message}`);
    case 'CrashLoopBackOff':
      return last?.reason === 'OOMKilled'
        ? say('waiting', 'out_of_memory', OUT_OF_MEMORY)
        : say(
            'waiting',
            'crash_loop',
            `It ends again and again, last with exit code ${last?.exitCode ?? '?'}; the next try waits. See its last lines.`,
          );
    case 'CreateContainerConfigError':
      return say('waiting', 'config_missing', `Something that it needs is not in the namespace: ${message}`);
    case 'ContainerCreating':
    case 'PodInitializing':
      return say('starting', 'none', 'It is being made.');
    default:
      return say('waiting', 'other', `${reason}: ${message}`);
  }
}

const OUT_OF_MEMORY =
  'It was ended for using more memory than its limit. Raise memoryMibMax or see what it keeps.';

function ended({ reason, exitCode, message }: Terminated): Judgement {
  if (reason === 'OOMKilled') return say('exited', 'out_of_memory', OUT_OF_MEMORY);
  return say(
    'exited',
    exitCode === 0 ? 'none' : 'crash_loop',
    `It ended with exit code ${exitCode}. ${message}`.trim(),
  );
}
