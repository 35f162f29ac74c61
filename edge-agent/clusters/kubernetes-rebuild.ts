/**
 * Which pods of an app are rebuilt in place next, and how: level-based, from what is seen of them at this moment. Everything about a pod's progress stands on
 * the pod itself, so that whoever plans next goes on where the last one was killed. Values in, values out.
 *
 * A pod goes through: files (its node needs a moment to put them where a container will find them), then either its new image and variables in one
 * write, which makes its node start the container again, or, if the image is the same, its variables, then more memory by a byte, then the confirmation.
 * A container therefore never starts with variables of one release and is told as of another.
 */
import type { AppTemplate } from '../../protocol/app.ts';
import type { HeldWanted } from './kubernetes-held.ts';
import { FRAME_ANNOTATION } from './kubernetes-held.ts';
import { CONTENT_ANNOTATION } from './kubernetes-marks.ts';

/** Its files were given to its node: for what content, and when by our clock. */
export const PREPARED_ANNOTATION = 'isthmus.dev/prepared';
/** The container that is to be replaced, and since when by our clock; while it runs the pod is not what it says that it is. */
export const REPLACES_ANNOTATION = 'isthmus.dev/replaces';
/** The restart that is under way: for what content, and with how many bytes of memory asked for. */
export const RESIZED_ANNOTATION = 'isthmus.dev/resized';

/** An image that the cluster itself writes for the one that is asked for, as where a mirror of registries is forced: `ASKED GOT`. */
export const IMAGE_ANNOTATION = 'isthmus.dev/image';

/** From a pod's annotations being written until its node must have put files and maps where a container finds them; 0.2 s was seen. */
export const SETTLE_MS = 2_000;
/** From a container's time to stop being over until it must have been started again. */
const STUCK_MS = 30_000;
/** Steps of a byte, after which it begins again. */
const EXTRA_BYTES_MAX = 1_048_576;

/** A pod of the app's controller. */
export interface HeldPod {
  readonly name: string;
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly shape: string | undefined;
  readonly image: string;
  /** Names of variables that it was made with. */
  readonly variables: readonly string[];
  readonly memoryBytes: number;
  /** Its limit is what it asks for, so that both must be raised. */
  readonly isLimited: boolean;
  /** Of the container that runs or ran last; empty if none ever did. */
  readonly containerId: string;
  /** Its node has seen what it should be. */
  readonly isSeen: boolean;
  readonly isReady: boolean;
  readonly isGoing: boolean;
}

type Annotations = Readonly<Record<string, string>>;
interface OfPod {
  readonly pod: string;
  readonly uid: string;
}

export type RebuildStep = OfPod &
  (
    | {
        readonly kind: 'annotate';
        readonly why: 'files' | 'restart' | 'done';
        readonly annotations: Annotations;
      }
    | {
        readonly kind: 'switch_image';
        readonly image: string;
        readonly annotations: Annotations;
        /** Of a pod that is of the newest release but for its image: if the cluster leaves this image, that is no fault of anybody. */
        readonly unless: string | undefined;
      }
    | { readonly kind: 'resize'; readonly memoryBytes: number; readonly isLimited: boolean }
    | { readonly kind: 'reload'; readonly by: AppTemplate['onFileChange'] }
    | { readonly kind: 'replace_pod'; readonly reason: 'shape' | 'variables' }
  );

export interface Rebuild {
  readonly wanted: HeldWanted;
  readonly pods: readonly HeldPod[];
  readonly replicas: number;
  readonly template: Pick<AppTemplate, 'maxUnavailable' | 'onFileChange' | 'stopSeconds'>;
  /** A pod that is made now would be of the newest release. */
  readonly isTold: boolean;
  /** By the same clock as was written before. */
  readonly nowMs: number;
}

export function planRebuild(rebuild: Rebuild): RebuildStep[] {
  const { pods, replicas, wanted, template } = rebuild;
  const available = pods.filter(isAvailable).length;
  let budget = template.maxUnavailable - Math.max(0, replicas - available);
  const steps: RebuildStep[] = [];
  const isDue = (pod: HeldPod) => !pod.isGoing && (isBehind(pod, wanted) || isStuck(pod, rebuild));
  for (const pod of pods.filter(isDue).toSorted(byTurn(wanted))) {
    // What is not available anyway costs nobody anything; a release that repairs must not wait for what it repairs.
    const cost = isAvailable(pod) ? 1 : 0;
    if (cost > Math.max(0, budget)) continue;
    budget -= cost;
    steps.push(...stepsOf(pod, rebuild));
  }
  return steps;
}

/** A pod whose container is still the one that is to be replaced is not, whatever is said of it. */
export function isAvailable(pod: HeldPod): boolean {
  return pod.isReady && !pod.isGoing && isSettled(pod);
}

export function isSettled(pod: HeldPod): boolean {
  const replaced = replacedOf(pod);
  return replaced === undefined || (pod.isSeen && pod.containerId !== replaced.containerId);
}

/**
 * An image that changed and changed back before its node looked starts nothing. Nodes of Kubernetes 1.34 say what they have seen, and nothing is changed before
 * that; of older ones it is found out by the time.
 */
function isStuck(pod: HeldPod, { template, nowMs }: Rebuild): boolean {
  const replaced = replacedOf(pod);
  if (replaced === undefined || isSettled(pod)) return false;
  return nowMs - replaced.atMs > template.stopSeconds * 1_000 + STUCK_MS;
}

function replacedOf({
  annotations,
}: HeldPod): { readonly containerId: string; readonly atMs: number } | undefined {
  const text = annotations[REPLACES_ANNOTATION];
  if (text === undefined) return undefined;
  const [containerId = '', at = ''] = text.split(' ');
  return { containerId, atMs: Number(at) };
}

function isBehind(pod: HeldPod, wanted: HeldWanted): boolean {
  return (
    pod.annotations[CONTENT_ANNOTATION] !== wanted.content ||
    pod.shape !== wanted.shape ||
    !isImageOf(pod, wanted) ||
    !has(pod, wanted.values) ||
    !has(pod, wanted.files)
  );
}

function isImageOf({ image, annotations }: HeldPod, wanted: HeldWanted): boolean {
  return image === wanted.image || annotations[IMAGE_ANNOTATION] === `${wanted.image} ${image}`;
}

function has({ annotations }: HeldPod, wanted: Annotations): boolean {
  return Object.entries(wanted).every(([name, value]) => annotations[name] === value);
}

/** What was begun is ended first, then what is broken, then from the last to the first, as a StatefulSet does. */
function byTurn({ content }: HeldWanted) {
  const turn = (pod: HeldPod) =>
    preparedOf(pod).content === content || resizedOf(pod).content === content ? 0 : isAvailable(pod) ? 2 : 1;
  return (a: HeldPod, b: HeldPod) =>
    turn(a) - turn(b) || b.name.localeCompare(a.name, 'en', { numeric: true });
}

function stepsOf(pod: HeldPod, rebuild: Rebuild): RebuildStep[] {
  const { wanted, nowMs, isTold } = rebuild;
  const of = { pod: pod.name, uid: pod.uid };
  const reason = obstacleOf(pod, wanted);
  // Until its controller knows the newest template it would make the old pod again.
  if (reason !== undefined) return isTold ? [{ kind: 'replace_pod', ...of, reason }] : [];
  const prepared = preparedOf(pod);
  const ageMs = nowMs - prepared.atMs;
  if (needsFiles(pod, wanted) || ageMs < 0) {
    const annotations = { ...wanted.files, [PREPARED_ANNOTATION]: `${wanted.content} ${nowMs}` };
    return [{ kind: 'annotate', ...of, why: 'files', annotations }];
  }
  return ageMs < SETTLE_MS || !pod.isSeen ? [] : changeOf(pod, rebuild);
}

/** Why a pod can't become what is wanted while it runs. A variable that it was made with would be empty instead of absent. */
function obstacleOf(pod: HeldPod, wanted: HeldWanted): 'shape' | 'variables' | undefined {
  if (pod.shape !== wanted.shape) return 'shape';
  return pod.variables.every((name) => wanted.variables.includes(name)) ? undefined : 'variables';
}

/** A variable that it was not made with comes from a map, which its node needs a moment for as well. */
function needsFiles(pod: HeldPod, wanted: HeldWanted): boolean {
  if (!has(pod, wanted.files)) return true;
  const fromMap = wanted.variables.some((name) => !pod.variables.includes(name));
  return fromMap && preparedOf(pod).content !== wanted.content;
}

function changeOf(pod: HeldPod, rebuild: Rebuild): RebuildStep[] {
  const { wanted, template, nowMs } = rebuild;
  const of = { pod: pod.name, uid: pod.uid };
  const done = {
    [CONTENT_ANNOTATION]: wanted.content,
    [FRAME_ANNOTATION]: wanted.frame,
    [RESIZED_ANNOTATION]: '',
  };
  const replaces = { [REPLACES_ANNOTATION]: `${pod.containerId} ${nowMs}` };
  const confirm: RebuildStep = { kind: 'annotate', ...of, why: 'done', annotations: done };
  if (!isImageOf(pod, wanted))
    return [
      {
        kind: 'switch_image',
        ...of,
        image: wanted.image,
        annotations: { ...wanted.values, ...done, ...replaces },
        unless: pod.annotations[CONTENT_ANNOTATION] === wanted.content ? pod.image : undefined,
      },
    ];
  const resized = resizedOf(pod);
  const isNoted = resized.content === wanted.content && has(pod, wanted.values);
  if (isNoted && resized.bytes === pod.memoryBytes) return [confirm];
  const isReload = template.onFileChange.kind !== 'restart' && isOfFilesAlone(pod, wanted);
  if (isReload && !isStuck(pod, rebuild))
    return [{ kind: 'reload', ...of, by: template.onFileChange }, confirm];
  const isOnItsWay = isNoted && replacedOf(pod)?.containerId === pod.containerId;
  const memoryBytes = isOnItsWay ? resized.bytes : nextBytes(pod.memoryBytes);
  const note = {
    ...wanted.values,
    ...replaces,
    [RESIZED_ANNOTATION]: `${wanted.content} ${memoryBytes}`,
    // Until it is confirmed it is of no release.
    [CONTENT_ANNOTATION]: '',
    [FRAME_ANNOTATION]: '',
  };
  const steps: RebuildStep[] = [
    { kind: 'annotate', ...of, why: 'restart', annotations: note },
    { kind: 'resize', ...of, memoryBytes, isLimited: pod.isLimited },
    confirm,
  ];
  return isOnItsWay ? steps.slice(1) : steps;
}

function isOfFilesAlone(pod: HeldPod, wanted: HeldWanted): boolean {
  return (
    pod.annotations[FRAME_ANNOTATION] === wanted.frame && has(pod, wanted.values) && pod.containerId !== ''
  );
}

function nextBytes(bytes: number): number {
  const base = Math.floor(bytes / EXTRA_BYTES_MAX) * EXTRA_BYTES_MAX;
  return bytes + 1 < base + EXTRA_BYTES_MAX ? bytes + 1 : base + 1;
}

function preparedOf({ annotations }: HeldPod): { readonly content: string; readonly atMs: number } {
  const [content = '', at = ''] = (annotations[PREPARED_ANNOTATION] ?? '').split(' ');
  return { content, atMs: at === '' ? Number.NEGATIVE_INFINITY : Number(at) };
}

function resizedOf({ annotations }: HeldPod): { readonly content: string; readonly bytes: number } {
  const [content = '', bytes = ''] = (annotations[RESIZED_ANNOTATION] ?? '').split(' ');
  return { content, bytes: Number(bytes) };
}

export function describeRebuildStep(step: RebuildStep): string {
  switch (step.kind) {
    case 'annotate':
      return {
        files: `give new files to ${step.pod}`,
        restart: `start the container of ${step.pod} again in its place`,
        done: `${step.pod} is of the newest release`,
      }[step.why];
    case 'switch_image':
      return `rebuild ${step.pod} in its place with ${step.image}`;
    case 'resize':
      return `ask for a byte more for ${step.pod}, so that its node starts it again`;
    case 'reload':
      return `tell ${step.pod} to load its files again by ${step.by.kind}`;
    case 'replace_pod':
      return `replace ${step.pod}: ${OBSTACLES[step.reason]}`;
  }
}

const OBSTACLES = {
  shape:
    'ports, probes, volumes, resources, paths of files, secrets or the pool changed, which a running pod keeps',
  variables: 'a variable that it was made with is no longer wanted, which a running pod keeps',
} as const;
