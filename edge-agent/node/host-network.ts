/** The routes and rules of this node, brought to what is wanted: one look, one batch. What they are is decided in `routes.ts` and `firewall.ts`. */
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import type { Run } from '../apply/command.ts';
import { TABLE_NAME } from './firewall.ts';
import { readRoutes, routeSteps, TABLE } from './routes.ts';

const Rules = z.array(z.looseObject({ priority: z.int(), table: z.string().optional() }));
const Devices = z.array(
  z.looseObject({
    ifname: z.string(),
    addr_info: z
      .array(
        z.looseObject({
          family: z.string().optional(),
          local: z.string().optional(),
          prefixlen: z.int().optional(),
        }),
      )
      .default([]),
  }),
);

export interface Device {
  readonly name: string;
  readonly addresses: readonly { readonly address: string; readonly length: number }[];
}

export class HostNetwork {
  readonly #run: Run;
  #devices: readonly Device[] | undefined;
  #routes: readonly string[] | undefined;
  /** What we loaded last, and what of that is known to be there still. */
  #last: string | undefined;
  #loaded: string | undefined;

  constructor(run: Run) {
    this.#run = run;
  }

  /** All of them: the first container's bridge has no address yet when its route is due. */
  async devices(): Promise<readonly Device[]> {
    this.#devices ??= await this.#readDevices();
    return this.#devices;
  }

  async #readDevices(): Promise<readonly Device[]> {
    const parsed = Devices.parse(parseJson(await this.#ip(['-json', 'addr', 'show'])));
    return parsed.map(({ ifname, addr_info }) => ({
      name: ifname,
      addresses: addr_info.flatMap(({ family, local, prefixlen }) =>
        family !== 'inet' || local === undefined || prefixlen === undefined
          ? []
          : [{ address: local, length: prefixlen }],
      ),
    }));
  }

  /** What was seen and set before may be another by now: the next call looks at the host again. */
  forget(): void {
    this.#devices = undefined;
    this.#routes = undefined;
    this.#loaded = undefined;
  }

  /** Rejects with what could not be done; the rest is. */
  async setRoutes(wanted: readonly string[]): Promise<void> {
    this.#routes ??= await this.#readTable();
    const steps = routeSteps(wanted, this.#routes);
    if (steps.length === 0) return;
    this.#routes = undefined;
    await this.#ip(['-4', '-force', '-batch', '-'], `${steps.join('\n')}\n`);
    this.#routes = wanted;
  }

  /** Our routes as they are, and the rule that asks them. */
  async #readTable(): Promise<readonly string[]> {
    const rules = Rules.parse(parseJson(await this.#ip(['-json', '-4', 'rule', 'show'])));
    if (!rules.some(({ priority, table }) => priority === TABLE && table === String(TABLE)))
      await this.#ip(['-4', 'rule', 'add', 'pref', String(TABLE), 'lookup', String(TABLE)]);
    return readRoutes(await this.#table());
  }

  /** Loads the table if it is another one than before, or if somebody took it away. */
  async setFirewall(text: string): Promise<void> {
    if (text === this.#loaded) return;
    if (text === this.#last && (await this.#hasTable())) this.#loaded = text;
    else await this.#load(text);
  }

  async #hasTable(): Promise<boolean> {
    const there = await this.#run('nft', ['list', 'table', 'ip', TABLE_NAME]);
    return there.kind === 'exited' && there.code === 0;
  }

  async #load(text: string): Promise<void> {
    const result = await this.#run('nft', ['-f', '-'], { stdin: text });
    if (result.kind === 'not_run') throw new Error(result.message);
    if (result.code !== 0) throw new Error(`nft: ${result.stderr.trim()}`);
    this.#last = text;
    this.#loaded = text;
  }

  /** Nothing where there is no such table yet: `ip` calls that an error. */
  async #table(): Promise<string> {
    const result = await this.#run('ip', ['-json', '-4', 'route', 'show', 'table', String(TABLE)]);
    return result.kind === 'exited' && result.code === 0 ? result.stdout : '[]';
  }

  async #ip(words: readonly string[], stdin?: string): Promise<string> {
    const result = await this.#run('ip', words, stdin === undefined ? {} : { stdin });
    if (result.kind === 'not_run') throw new Error(result.message);
    if (result.code !== 0) throw new Error(`ip: ${result.stderr.trim()}`);
    return result.stdout;
  }
}
