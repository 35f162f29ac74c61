/** A door from the test's own process to an API server in a lab, where only hosts of the lab can reach it: bytes by a unix socket and back, through the host that has both. */
import { access } from 'node:fs/promises';
import type { Host } from '../../local/lab-host.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import { openSocketDoor } from '../fixtures/socket-door.ts';
import { eventually } from './eventually.ts';

export interface KubeGate {
  /** `https://127.0.0.1:PORT`. */
  readonly server: string;
  close(): Promise<void>;
}

export async function startKubeGate(
  host: Host,
  cluster: Pick<KubeCluster, 'server' | 'directory'>,
): Promise<KubeGate> {
  const { hostname, port } = new URL(cluster.server);
  const socketPath = `${cluster.directory}/gate.sock`;
  const relay = host.spawn([
    process.execPath,
    new URL('./kube-relay.ts', import.meta.url).pathname,
    socketPath,
    hostname,
    port,
  ]);
  await eventually(() => access(socketPath), 10_000);
  const door = await openSocketDoor(socketPath);
  return {
    server: `https://127.0.0.1:${door.port}`,
    close: async () => {
      await door.close();
      await relay.stop();
    },
  };
}
