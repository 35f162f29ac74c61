/** A steady load of HTTPS requests to the gateway, and what failed of it. It must not assert anything. */
import { Agent } from 'node:https';
import { ask } from './gateway-stand.ts';

export interface LoadResult {
  readonly requests: number;
  readonly failures: readonly string[];
}

/** Asks the hosts in turn at a steady rate until told to stop; every other request on a connection of its own. */
export function startLoad(
  hosts: readonly string[],
  ratePerSecond: number,
  target: { readonly port: number; readonly ca: string },
): { stop(): Promise<LoadResult> } {
  const keepAlive = new Agent({ keepAlive: true, maxSockets: 8 });
  const failures: string[] = [];
  const running = new Set<Promise<void>>();
  let count = 0;
  const began = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) * ratePerSecond) / 1_000);
    while (count < due) {
      const host = hosts[count % hosts.length] ?? '';
      const agent = Math.floor(count / hosts.length) % 2 === 0 ? keepAlive : false;
      count += 1;
      const one = ask({ ...target, host, agent })
        .then(({ status }) => {
          if (status !== 200) failures.push(`${host} ${status}`);
        })
        .catch((error: unknown) => void failures.push(`${host} ${String(error)}`))
        .finally(() => running.delete(one));
      running.add(one);
    }
  }, 5);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(running);
      keepAlive.destroy();
      return { requests: count, failures };
    },
  };
}
