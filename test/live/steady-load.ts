/** A steady load from a container to a name in a network of a tenant, and what came of it. It runs until it is ended. */
import type { DockerEngine } from '../fixtures/docker/engines.ts';

export interface Load {
  readonly asked: number;
  readonly failed: number;
  /** First words of each kind of failure. */
  readonly why: readonly string[];
}

/** Asks again as soon as there was an answer, in so many lines at once; a request gets one try. */
export async function startLoad(
  engine: DockerEngine,
  { name, network, url, lines = 2 }: { name: string; network: string; url: string; lines?: number },
): Promise<() => Promise<Load>> {
  const script = [
    `ask() { while [ ! -e /tmp/end ]; do if get ${url} >/dev/null 2>/tmp/why$1; then echo ok; else echo "failed $(head -c 200 /tmp/why$1)"; fi; done; }`,
    ...Array.from({ length: lines }, (_, line) => `ask ${line} &`),
    'wait',
  ].join('\n');
  await engine.docker('run', '-d', '--name', name, '--network', network, 'local/tool:1', 'sh', '-c', script);
  return async () => {
    await engine.docker('exec', name, 'touch', '/tmp/end');
    await engine.docker('wait', name);
    const answers = (await engine.docker('logs', name)).split('\n').filter((line) => line !== '');
    await engine.docker('rm', '-f', name);
    const failed = answers.filter((line) => line !== 'ok');
    return { asked: answers.length, failed: failed.length, why: [...new Set(failed)].slice(0, 5) };
  };
}

/** A server that, told to end, answers for a while longer: as any must that is to lose no request. */
export function drainingServer(...more: readonly string[]): string[] {
  const serve = ['serve', ':8080', ...more].join(' ');
  return ['sh', '-c', `${serve} & server=$!; trap 'sleep 2; kill $server; exit 0' TERM; wait $server`];
}
