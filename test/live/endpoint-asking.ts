/**
 * Who is asked under an app's name where only Isthmus has names: the endpoints that follow from what a driver tells, of the tracks that are asked. A driver is wrapped, so
 * that it is known what it was told last.
 */
import type { Driver } from '../../edge-agent/clusters/driver.ts';
import { endpointsIn, servingOf } from '../../functions/domain/endpoint.ts';
import type { CommandResult } from '../../local/command.ts';
import type { WorkloadLeaf } from '../../protocol/cluster-leaf.ts';
import { trackName } from '../../protocol/track.ts';
import { variableIn } from './asking.ts';

export interface EndpointAsking {
  readonly driver: Driver;
  ask(url: string, times: number): Promise<readonly string[]>;
}

/** `run`: on a host that reaches the containers and their agents. */
export function askingEndpoints(
  driver: Driver,
  run: (command: readonly string[]) => Promise<CommandResult>,
): EndpointAsking {
  const told = new Map<string, WorkloadLeaf>();
  const endpointsOf = async (app: string) => {
    const leaves = [app, `${app}.next`].flatMap((name) => told.get(name) ?? []);
    const each = await Promise.all(
      leaves.map(async (leaf) => {
        const { containers } = await driver.status(leaf);
        const instance = { containers, ...(leaf.track === undefined ? {} : { track: leaf.track }) };
        const { cluster, template } = leaf;
        const portsOf = () => template.ports;
        return endpointsIn({ cluster, instance, portsOf, nodes: [], prefixes: ['0.0.0.0/0'] });
      }),
    );
    const assignments = leaves.map(({ cluster }) => ({ cluster, replicas: 1 }));
    return servingOf({ endpoints: each.flat(), assignments, stage: leaves[0]?.stage });
  };
  return {
    driver: {
      ...driver,
      apply: (workload) => {
        told.set(trackName(workload), workload);
        return driver.apply(workload);
      },
      remove: (ref) => {
        told.delete(ref.app);
        return driver.remove(ref);
      },
    },
    ask: async (url, times) => {
      const { hostname, pathname, search } = new URL(url);
      const endpoints = await endpointsOf(hostname);
      const said: string[] = [];
      for (let count = 0; count < times; count += 1) {
        const endpoint = endpoints[count % endpoints.length];
        const place = `http://${endpoint?.address}:${endpoint?.ports[0]?.port}${pathname}${search}`;
        const { code, stdout } = await run(['curl', '-s', '-m', '5', place]);
        if (code !== 0) throw new Error(`${place} did not answer`);
        said.push(variableIn(stdout));
      }
      return said;
    },
  };
}
