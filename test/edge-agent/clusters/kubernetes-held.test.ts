/** Apps that are rebuilt in place: what of their pods can't change, what can't be had; and when an apply counts as a change. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkHeld, memoryBytes } from '../../../edge-agent/clusters/kubernetes-held.ts';
import { hasChanged } from '../../../edge-agent/clusters/kubernetes-plan.ts';
import { heldPodTemplate } from '../../../edge-agent/clusters/kubernetes-pod.ts';
import type { KubeObject } from '../../../edge-agent/kube/objects.ts';
import { AppTemplate } from '../../../protocol/app.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const file = (content: string) => ({ files: [{ path: '/etc/app/a', content }] });
const NEW_VALUE = { environment: { A: '2' } };
const RELOAD = { onFileChange: { kind: 'http', port: 80, path: '/reload' } };

const templateOf = (change: object = {}) =>
  AppTemplate.parse({
    image: 'web:1',
    onChange: 'rebuildInPlace',
    environment: { A: '1' },
    ...file('one'),
    ...change,
  });

const wantedOf = (change: object = {}) => {
  const template = templateOf(change);
  const place = { tenant: 'acme', cluster: 'prod', app: 'web', namespace: 'acme' };
  return heldPodTemplate({ kind: 'workload', ...place, release: 4, template }, hash).wanted;
};

describe('what can’t be had is refused before anything is done', () => {
  const refusal = (change: object, isIn = true) => {
    try {
      checkHeld(templateOf(change), isIn ? wantedOf(change) : undefined);
      return 'taken';
    } catch (cause) {
      return cause instanceof Error ? cause.message : cause;
    }
  };
  test.each<[string, object, string]>([
    ['files and variables of any usual size', {}, 'taken'],
    [
      'more than a pod can hold',
      {
        environment: { A: 'x'.repeat(30_000), B: 'x'.repeat(30_000) },
        files: [1, 2, 3].map((n) => ({ path: `/etc/app/${n}`, content: 'x'.repeat(60_000) })),
      },
      'has room for',
    ],
    ['a directory of the image', { ...RELOAD, files: [{ path: '/etc/a', content: '' }] }, '/etc would hide'],
    ['a directory of its own', RELOAD, 'taken'],
    ['a signal', { onFileChange: { kind: 'signal', signal: 'HUP' } }, 'taken'],
  ])('%s', (_, one, expected) => {
    expect(refusal(one)).toContain(expected);
  });

  test('files that are reloaded in an app that is not rebuilt in place', () => {
    expect(refusal(RELOAD, false)).toContain('Say onChange: rebuildInPlace');
  });
});

describe('a template', () => {
  test('is of one shape whatever image, values and files are, and of another with other paths', () => {
    const shape = (change: object) => wantedOf(change).shape;
    const shapes = [{}, { image: 'web:2' }, NEW_VALUE, { environment: { B: '' } }, file('two')].map(shape);
    expect(new Set(shapes).size).toBe(1);
    expect(shape({ files: [{ path: '/etc/app/b', content: 'one' }] })).not.toBe(shape({}));
  });

  test.each<[string, number]>([
    ['64Mi', 67_108_864],
    ['67108865', 67_108_865],
    ['1Gi', 1_073_741_824],
    ['1M', 1_000_000],
    ['', Number.NaN],
    ['1.5Gi', Number.NaN],
  ])('memory of %s is %d bytes', (text, bytes) => {
    expect(memoryBytes(text)).toBe(bytes);
  });
});

describe('an apply', () => {
  const object = (change: object = {}, metadata: object = {}): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      resourceVersion: '1',
      labels: { a: 'b' },
      annotations: { 'isthmus.dev/release': '1' },
      ...metadata,
    },
    spec: { replicas: 2 },
    ...change,
  });
  test.each<[string, KubeObject | undefined, KubeObject, boolean]>([
    ['that made something changed it', undefined, object(), true],
    [
      'that met a new status did not',
      object(),
      object({ status: { readyReplicas: 2 } }, { resourceVersion: '2' }),
      false,
    ],
    [
      'that met a note of a controller did not',
      object(),
      object(
        {},
        {
          annotations: { 'isthmus.dev/release': '1', 'deployment.kubernetes.io/revision': '2' },
          managedFields: [{}],
        },
      ),
      false,
    ],
    [
      'of an item of a list, which has no kind, did not',
      { ...object(), kind: undefined, apiVersion: undefined },
      object(),
      false,
    ],
    ['that put back a number changed it', object({ spec: { replicas: 5 } }), object(), true],
    ['that put back a label changed it', object({}, { labels: {} }), object(), true],
    [
      'of a newer release changed it',
      object(),
      object({}, { annotations: { 'isthmus.dev/release': '2' } }),
      true,
    ],
  ])('%s', (_, before, now, changed) => {
    expect(hasChanged(before, now)).toBe(changed);
  });
});
