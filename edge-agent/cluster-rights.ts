/** Rights that the agent's identity needs in a Kubernetes cluster, each with what it is for; and the question whether it has them. */
import { z } from 'zod';
import type { KubeClient } from './kube/client.ts';

export interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  readonly purpose: string;
}

/** `name` where the manifest gives the right for certain names alone. */
export const RIGHTS: readonly Right[] = [
  { verb: 'impersonate', group: '', resource: 'users', purpose: 'act as whoever asks' },
  {
    verb: 'impersonate',
    group: '',
    resource: 'groups',
    name: 'isthmus:viewers',
    purpose: 'act in the groups of whoever asks',
  },
  {
    verb: 'impersonate',
    group: 'authentication.k8s.io',
    resource: 'userextras',
    subresource: 'isthmus.dev/subject',
    purpose: "name whoever asks in the cluster's audit log",
  },
  {
    verb: 'create',
    group: 'authorization.k8s.io',
    resource: 'subjectaccessreviews',
    purpose: 'answer from memory only what whoever asks may read',
  },
  { verb: 'list', group: '', resource: 'nodes', purpose: 'show nodes and capacity' },
  { verb: 'list', group: '', resource: 'pods', purpose: 'answer lists of pods from memory' },
  { verb: 'list', group: 'apps', resource: 'daemonsets', purpose: 'find out which network plugin there is' },
  {
    verb: 'list',
    group: 'coordination.k8s.io',
    resource: 'leases',
    purpose: 'tell dead nodes from silent ones',
  },
  { verb: 'delete', group: '', resource: 'pods', purpose: 'let go of containers of dead nodes' },
  { verb: 'list', group: '', resource: 'services', purpose: 'find services that ask to be published' },
  { verb: 'patch', group: 'apps', resource: 'deployments', purpose: 'run apps' },
];

const Review = z.looseObject({ status: z.looseObject({ allowed: z.boolean().default(false) }) });

/** The rights that are missing. */
export async function missingRights(client: KubeClient): Promise<readonly Right[]> {
  const answers = await Promise.all(
    RIGHTS.map(async (right) => {
      const { verb, group, resource, subresource, name } = right;
      const review = await client.json(Review, {
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: JSON.stringify({
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: {
            resourceAttributes: {
              verb,
              group,
              resource,
              ...(name === undefined ? {} : { name }),
              ...(subresource === undefined ? {} : { subresource }),
            },
          },
        }),
      });
      return review.status.allowed;
    }),
  );
  return RIGHTS.filter((_, index) => answers[index] === false);
}
