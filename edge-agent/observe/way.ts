/** Which way a packet to an address leaves this host, as the kernel decides. The parser is pure. */
import { z } from 'zod';
import type { Run } from '../apply/command.ts';

const Answer = z.tuple([
  z.object({
    dev: z.string(),
    prefsrc: z.string().optional(),
    from: z.string().optional(),
    metrics: z.array(z.object({ mtu: z.int().optional() })).default([]),
  }),
]);

export interface Way {
  readonly device: string;
  readonly source?: string | undefined;
  /** What the route allows, if it says so; else what the device does decides. */
  readonly mtuBytes?: number | undefined;
}

/** Undefined: no route leads there. */
export async function observeWay(run: Run, to: string, from?: string): Promise<Way | undefined> {
  const source = from === undefined ? [] : ['from', from];
  const asked = await run('ip', ['-4', '-j', 'route', 'get', to, ...source]);
  return asked.kind === 'exited' && asked.code === 0 ? parseWay(asked.stdout) : undefined;
}

/** Of `ip -j route get`. */
export function parseWay(json: string): Way {
  const [{ dev, prefsrc, from, metrics }] = Answer.parse(JSON.parse(json));
  return {
    device: dev,
    source: from ?? prefsrc,
    mtuBytes: metrics.find(({ mtu }) => mtu !== undefined)?.mtu,
  };
}
