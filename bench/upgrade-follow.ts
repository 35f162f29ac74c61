/** An HAProxy in a host whose servers are the containers that are ready: what people put before an orchestrator that has no address for an app. It tries a request once. */
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { Host } from '../local/lab-host.ts';
import type { AppInstance } from '../protocol/app.ts';

const SLOTS = 8;
const PORT = 9_080;
const APP_PORT = 8_080;

export interface Balancer {
  readonly url: string;
  follow(told: AppInstance): Promise<void>;
}

/** `directory` is one that the host and this process see. */
export async function startBalancer(host: Host, directory: string): Promise<Balancer> {
  const socket = join(directory, 'balancer.sock');
  const file = join(directory, 'balancer.cfg');
  await host.write(file, configuration(socket));
  host.spawn(['haproxy', '-db', '-f', file]);
  const slots = new Map<string, number>();
  return {
    url: `http://127.0.0.1:${PORT}/`,
    follow: async ({ containers }) => {
      const ready = containers.filter(({ state }) => state === 'ready').map(({ address }) => address);
      const gone = [...slots.keys()].filter((address) => !ready.includes(address));
      const lines: string[] = [];
      // Those that come, before those that go.
      for (const address of ready.filter((one) => !slots.has(one))) {
        const slot = freeSlot(slots);
        slots.set(address, slot);
        lines.push(`set server app/s${slot} addr ${address} port ${APP_PORT}`);
        lines.push(`set server app/s${slot} state ready`);
      }
      for (const address of gone) {
        lines.push(`set server app/s${slots.get(address)} state maint`);
        slots.delete(address);
      }
      for (const line of lines) await say(socket, line);
    },
  };
}

function freeSlot(slots: ReadonlyMap<string, number>): number {
  const taken = new Set(slots.values());
  const free = Array.from({ length: SLOTS }, (_, index) => index + 1).find((slot) => !taken.has(slot));
  if (free === undefined) throw new Error('more containers are ready than the balancer has places for');
  return free;
}

function configuration(socket: string): string {
  return `global
  stats socket ${socket} level admin
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  retries 0
frontend clients
  bind 127.0.0.1:${PORT}
  default_backend app
backend app
  balance roundrobin
  server-template s 1-${SLOTS} 127.0.0.1:1 disabled
`;
}

function say(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    createConnection(path)
      .on('error', reject)
      .on('data', (piece) => {
        text += piece.toString();
      })
      .on('close', () => resolve(text))
      .end(`${line}\n`);
  });
}
