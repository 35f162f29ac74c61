/** Last lines of a container: of the one that ended, or of the one that runs, and never what a node says instead. */
import { expect, test } from 'vitest';
import { lastLines } from '../../../edge-agent/clusters/kubernetes-log.ts';
import type { KubeRequest } from '../../../edge-agent/kube/client.ts';

const GONE = 'unable to retrieve container logs for containerd://3b23';

test.each([
  ['of the one that ended', { previous: 'one\ntwo\n', present: 'three' }, ['one', 'two']],
  ['of the one that is there, if none ended before', { previous: undefined, present: 'three' }, ['three']],
  ['of the one that is there, if the other is gone', { previous: GONE, present: 'three\n' }, ['three']],
  ['none, if both are gone', { previous: GONE, present: GONE }, []],
  ['none, if the node does not answer', { previous: undefined, present: undefined }, []],
])('%s', async (_, { previous, present }, expected) => {
  const client = {
    text: async ({ query }: KubeRequest) => {
      const text = query?.['previous'] === 'true' ? previous : present;
      if (text === undefined) throw new Error('400');
      return text;
    },
  };
  expect(await lastLines(client, { namespace: 'acme', pod: 'web-1' })).toEqual(expected);
});
