/** A door from the test's own process to an API server in a lab, where only hosts of the lab can reach it: bytes by a unix socket and back, through the host that has both. */
import { access } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Host } from '../../local/lab-host.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
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
  const sockets = new Set<Socket>();
  const server: Server = createServer((incoming) => {
    const outgoing = connect(socketPath);
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    server: `https://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await relay.stop();
    },
  };
}
