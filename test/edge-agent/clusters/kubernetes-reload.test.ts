/** What is said where an app can't be told to load its files again. */
import { expect, test } from 'vitest';
import { explained } from '../../../edge-agent/clusters/kubernetes-reload.ts';
import { KubeError } from '../../../edge-agent/kube/errors.ts';

test.each(['pods is forbidden in the namespace "demo"', 'pods is forbidden in the namespace "demo".'])(
  'is whole sentences, whether the API server ended its own or not: %s',
  (said) => {
    expect(explained(new KubeError('kube.forbidden', said), 'signal HUP').message).toBe(
      'pods is forbidden in the namespace "demo". Reloading takes the rights of infra/kubernetes/isthmus-reload.yaml.',
    );
  },
);
