/** What a container of a pod wrote last, for people who ask why it ended. */
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/objects.ts';
import { POD } from './kubernetes-marks.ts';

const LINES = '10';
const BYTES = '8000';
/** What a node answers as if it were the log, once it has the container no more. */
const NO_LOG = 'unable to retrieve container logs for ';

/** Of the container that ended last; nothing if the node has them no more. */
export async function lastLines(
  client: Pick<KubeClient, 'text'>,
  { namespace, pod }: { readonly namespace: string; readonly pod: string },
): Promise<string[]> {
  const path = pathOf({ ...POD, namespace, name: pod, subresource: 'log' });
  const ask = async (previous: string) => {
    const query = { previous, tailLines: LINES, limitBytes: BYTES };
    const text = await client.text({ method: 'GET', path, query }).catch(() => undefined);
    return text?.startsWith(NO_LOG) ? undefined : text;
  };
  const text = (await ask('true')) ?? (await ask('false')) ?? '';
  return text.split('\n').filter((line) => line !== '');
}
