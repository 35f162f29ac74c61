/** Asks an app by its name from a container in its tenant's network at an engine. */
import type { DockerEngine } from '../fixtures/docker/engines.ts';

/** Values that a server of the tests says of the variable that it was asked for, one a request; whoever does not answer is left out. */
export async function askFrom(
  engine: DockerEngine,
  {
    url,
    times,
    network = 'isthmus_acme',
  }: { readonly url: string; readonly times: number; readonly network?: string },
): Promise<string[]> {
  const script = `i=0; while [ $i -lt ${times} ]; do get '${url}' || echo failed; i=$((i+1)); done`;
  const words = ['run', '--rm', '--network', network, 'local/tool:1', 'sh', '-c', script];
  const lines = (await engine.docker(...words)).split('\n').filter((line) => line !== '');
  return lines.map(variableIn);
}

function variableIn(line: string): string {
  return /"variable":"([^"]*)"/.exec(line)?.[1] ?? 'failed';
}
